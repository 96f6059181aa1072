// SPDX-License-Identifier: Apache-2.0
// What a client is shown of a transaction: the view, and the answer that its outcome makes.
//
// Contract: an outcome is shown only once it may be told (core::Atomic::Reportable). Statuses:
// docs/api.md.
#pragma once

#include <string>

#include "coordinator/outcomes.h"
#include "coordinator/requests.h"
#include "coordinator/transaction.h"

namespace assent::coordinator {

enum class Results { kShown, kLeftOut };

v1::Transaction View(const Entry& entry, Results results = Results::kShown);
v1::Transaction View(const Ended& ended);
v1::Transaction::State StateOf(const Entry& entry);  // what the view shows
v1::Transaction::State StateOf(const Ended& ended);
// What an ended transaction takes in memory, about.
size_t HeldBytes(const Entry& entry);

// What the outcome answers: who asks for the outcome, who wants a roll-back, who brings work that
// comes too late.
enum class Asked : uint8_t { kOutcome, kRollBack, kWork };
// 200, 202, 409 or 500 by the outcome of the view; kWork: a problem whatever the outcome is.
Answer AnswerOutcome(v1::Transaction view, Asked asked);
Answer AnswerView(v1::Transaction view);  // 200, whatever the outcome
// What the outcome answers once it may be told; until then 200 and the view.
Answer AnswerOutcomeOrView(const Entry& entry);
Answer AnswerResults(const Entry& entry, uint32_t branch);  // of the branch's last run
Answer AnswerProblem(int status, const std::string& type, const std::string& title,
                     const std::string& detail, const std::string& field = {});
Answer AnswerInvalid(const std::string& field, const std::string& detail);
Answer AnswerUnknown(const std::string& gid);

void ToProto(const xa::StatementResult& from, v1::StatementResult* to);

}  // namespace assent::coordinator
