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

// 200, 202, 409 or 500 by the outcome of the view; `asked_to_roll_back`: rolled back is what was
// wanted.
Answer AnswerOutcome(v1::Transaction view, bool asked_to_roll_back);
Answer AnswerView(v1::Transaction view);  // 200, whatever the outcome
Answer AnswerProblem(int status, const std::string& type, const std::string& title,
                     const std::string& detail, const std::string& field = {});
Answer AnswerInvalid(const std::string& field, const std::string& detail);
Answer AnswerUnknown(const std::string& gid);

void ToProto(const xa::StatementResult& from, v1::StatementResult* to);

}  // namespace assent::coordinator
