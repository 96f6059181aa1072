// SPDX-License-Identifier: Apache-2.0
#include "client/partner/serve.h"

#include <algorithm>
#include <exception>

#include "barrier/barrier.h"
#include "base/check.h"
#include "base/event_log.h"

namespace assent::partner {
namespace {

using barrier::Barrier;
using barrier::Operation;
using barrier::Verdict;

// The savepoint before the business code, to which a refusal rolls back.
constexpr const char* kBeforeTry = "assent_try";

Result<barrier::Given> Ask(Session& session, const barrier::Statement& statement) {
  const std::vector<Value> parameters(statement.parameters.begin(), statement.parameters.end());
  barrier::Given given;
  if (statement.kind == barrier::Kind::kInsert || statement.kind == barrier::Kind::kChange) {
    const auto matched = session.Execute(statement.sql, parameters);
    if (!matched) return matched.error();
    given.affected = *matched;
  } else {
    const auto rows = session.Query(statement.sql, parameters);
    if (!rows) return rows.error();
    if (!rows->empty()) given.cause = rows->front().at(0);
  }
  return given;
}

// Turns an exception of the business code into an error, like that of an invalid statement.
template <typename F>
Result<void> Caught(F work) {
  try {
    work();
    return {};
  } catch (const std::exception& thrown) {
    return Error{ErrorCode::kInvalid, std::string("an exception: ") + thrown.what()};
  } catch (...) {
    return Error{ErrorCode::kInvalid, "an exception that is not a std::exception"};
  }
}

class Handling {
 public:
  Handling(Session& session, const Call& call, bool too_late, const Partner& partner)
      : session_(session), call_(call), partner_(partner) {
    in_barrier_ = {call.operation, call.transaction, call.branch, "",
                   too_late && call.operation == Operation::kTry};
  }
  Answer Run();

 private:
  Answer RunWork();
  Outcome Work();
  Answer RecordRefusal(const std::string& why);
  Answer Commit(int status, std::string text);
  Answer GiveUp(Error error, uint32_t retry_after_s = 0);
  Result<void> Settle(Barrier& barrier);
  void Warn(LogEvent event, const std::string& detail) const;

  Session& session_;
  const Call& call_;
  const Partner& partner_;
  barrier::Call in_barrier_;
};

Result<void> Handling::Settle(Barrier& barrier) {
  while (!barrier.settled()) {
    auto given = Ask(session_, barrier.next());
    if (!given) return given.error();
    barrier.Take(*given);
  }
  return {};
}

Answer Handling::Run() {
  Barrier barrier = Barrier::Enter(session_.vendor(), in_barrier_);
  if (auto settled = Settle(barrier); !settled) return GiveUp(settled.error());
  const std::string reason = barrier::Name(barrier.reason());
  switch (barrier.verdict()) {
    case Verdict::kRun: return RunWork();
    case Verdict::kDone: return Commit(200, reason);
    case Verdict::kRefused: return Commit(409, "refused: " + reason);
    case Verdict::kStillRunning:
      session_.RollBack();
      return {425, "another attempt is in progress"};
    case Verdict::kConflict: break;
    case Verdict::kUndo: CHECK(false) << "undo without effects outside of the database";
  }
  session_.RollBack();
  Warn(LogEvent::kAlarm, "confirm and cancel contradict each other: " + reason);
  return {409, "a person must look: " + reason};
}

Outcome Handling::Work() {
  const auto& work = call_.operation == Operation::kTry       ? partner_.on_try
                     : call_.operation == Operation::kConfirm ? partner_.on_confirm
                                                              : partner_.on_cancel;
  return work(session_, call_);
}

Answer Handling::RunWork() {
  const bool is_try = call_.operation == Operation::kTry;
  if (is_try) {
    if (auto set = session_.SetSavepoint(kBeforeTry); !set) return GiveUp(set.error());
  }
  Outcome outcome;
  if (auto ran = Caught([&] { outcome = Work(); }); !ran) return GiveUp(ran.error());
  const auto& failure = session_.failure();
  const bool refused = outcome.kind == Outcome::Kind::kRefused;
  // A violated constraint may be how the business code detects that it must refuse. A deadlock or
  // another failure is not a reason to refuse.
  if (failure && !(is_try && refused && IsConstraint(*failure))) {
    return GiveUp(*failure);
  }
  if (refused && is_try) return RecordRefusal(outcome.why);
  if (refused) {
    session_.RollBack();
    Warn(LogEvent::kAlarm, std::string(barrier::Name(call_.operation)) + " is refused");
    return {409, outcome.why};
  }
  if (outcome.kind == Outcome::Kind::kUnavailable) {
    return GiveUp({ErrorCode::kUnavailable, outcome.why}, outcome.retry_after_s);
  }
  return Commit(200, "done");
}

// Records the refusal in the same local transaction, so that no other call runs between the
// roll-back and the refusal.
Answer Handling::RecordRefusal(const std::string& why) {
  if (auto returned = session_.ReturnToSavepoint(kBeforeTry); !returned)
    return GiveUp(returned.error());
  Barrier barrier =
      Barrier::Refuse(session_.vendor(), in_barrier_, Barrier::Where::kSameTransaction);
  if (auto settled = Settle(barrier); !settled) return GiveUp(settled.error());
  return Commit(409, why);
}

Answer Handling::Commit(int status, std::string text) {
  Answer answer{status, std::move(text)};
  if (call_.operation == Operation::kTry && status == 200 && partner_.expiry) {
    Result<std::optional<WallTime>> expires = std::optional<WallTime>();
    const auto ran = Caught([&] { expires = partner_.expiry(session_, call_); });
    if (!ran) return GiveUp(ran.error());
    if (!expires) return GiveUp(expires.error());
    answer.expires = *expires;
  }
  if (auto committed = session_.Commit(); !committed) return GiveUp(committed.error());
  return answer;
}

// `error` is passed by value, because the roll-back resets the session's failure.
Answer Handling::GiveUp(Error error, uint32_t retry_after_s) {
  session_.RollBack();
  if (error.code == ErrorCode::kInvalid) {
    Warn(LogEvent::kCallFailed, error.message);
    return {500, "the business code or its SQL failed; see the partner's log"};
  }
  if (!session_.usable()) retry_after_s = std::max(retry_after_s, kRetryAfterS);
  const char* const what = error.code == ErrorCode::kTimeout ? "not known: " : "not now: ";
  return {503, what + error.message, retry_after_s};
}

void Handling::Warn(LogEvent event, const std::string& detail) const {
  Event(event, {{"transaction", call_.transaction},
                {"gid", call_.gid},
                {"branch", call_.branch},
                {"operation", barrier::Name(call_.operation)},
                {"detail", detail}});
}

}  // namespace

Answer Serve(Session& session, const Call& call, bool too_late, const Partner& partner) {
  return Handling(session, call, too_late, partner).Run();
}

}  // namespace assent::partner
