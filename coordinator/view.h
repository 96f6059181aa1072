// SPDX-License-Identifier: Apache-2.0
// The views of transactions that clients see, and the answers that follow from outcomes.
//
// Contract: a view shows an outcome only when it is reportable (core::Atomic::Reportable). The HTTP
// statuses are those of docs/api.md.
#pragma once

#include <string>

#include "coordinator/outcomes.h"
#include "coordinator/requests.h"
#include "coordinator/transaction.h"

namespace assent::coordinator {

enum class Results { kShown, kLeftOut };

v1::Transaction View(const Entry& entry, Results results = Results::kShown);
v1::Transaction View(const Ended& ended);
v1::Transaction::State StateOf(const Entry& entry);  // as the view shows it
v1::Transaction::State StateOf(const Ended& ended);
// The approximate memory that an ended transaction occupies.
size_t HeldBytes(const Entry& entry);

// The kind of request that an outcome answers: a wait for the outcome, a roll-back, or work that
// came too late.
enum class Asked : uint8_t { kOutcome, kRollBack, kWork };
// 200, 202, 409 or 500 by the outcome of the view; kWork: a problem whatever the outcome is.
Answer AnswerOutcome(v1::Transaction view, Asked asked);
Answer AnswerView(v1::Transaction view);  // 200, whatever the outcome
// The answer for the outcome if it is reportable; otherwise 200 and the view.
Answer AnswerOutcomeOrView(const Entry& entry);
Answer AnswerResults(const Entry& entry, uint32_t branch);  // of the branch's last run
Answer AnswerProblem(int status, const std::string& type, const std::string& title,
                     const std::string& detail, const std::string& field = {});
Answer AnswerInvalid(const std::string& field, const std::string& detail);
Answer AnswerUnknown(const std::string& gid);
Answer AnswerFindings(const std::string& resource, const std::vector<xa::Finding>& findings);

void ToProto(const xa::StatementResult& from, v1::StatementResult* to);

}  // namespace assent::coordinator
