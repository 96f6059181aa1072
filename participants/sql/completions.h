// SPDX-License-Identifier: Apache-2.0
// Makes completions for calls, and the failures that no server reports.
#pragma once

#include <string>
#include <utility>

#include "participants/sql/session.h"
#include "xa/port.h"

namespace assent::sql {

inline xa::Completion CompletionOf(const xa::Call& call, xa::Code code, xa::Failure failure = {}) {
  xa::Completion completion;
  completion.call = call.call;
  completion.operation = call.operation;
  completion.xid = call.xid;
  completion.code = code;
  completion.failure = std::move(failure);
  return completion;
}

inline xa::Completion CompletionOf(const xa::Call& call, VerbResult result) {
  xa::Completion completion = CompletionOf(call, result.code, std::move(result.failure));
  completion.lost = result.lost;
  return completion;
}

inline xa::Failure MakeFailure(core::Reason reason, std::string detail, bool may_retry = false) {
  xa::Failure failure;
  failure.reason = reason;
  failure.detail = std::move(detail);
  failure.may_retry = may_retry;
  return failure;
}

inline xa::Failure Unavailable(std::string detail) {
  return MakeFailure(core::Reason::kUnavailable, std::move(detail), true);
}
inline xa::Failure ConnectionLost() {
  return MakeFailure(core::Reason::kConnectionLost, "the connection to the database was lost",
                     true);
}
inline xa::Failure Cancelled() {
  return MakeFailure(core::Reason::kDeadline, "cancelled before the statement ended");
}
inline xa::Failure ShuttingDown() {
  return MakeFailure(core::Reason::kShutdown, "the coordinator is stopping", true);
}

}  // namespace assent::sql
