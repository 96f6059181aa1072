// SPDX-License-Identifier: Apache-2.0
#include "barrier/barrier.h"

#include <utility>

#include "base/check.h"
#include "base/name.h"

namespace assent::barrier {
namespace {

constexpr size_t kTransactionDigits = 40;
// Causes, in addition to the names of try and action.
constexpr std::string_view kStarted = "started";
constexpr std::string_view kRefused = "refused";
constexpr std::string_view kCancel = "cancel";  // also of a compensation

bool Begins(Operation operation) {
  return operation == Operation::kTry || operation == Operation::kAction;
}

// The operation whose effects this one confirms or undoes.
Operation OriginalOf(Operation operation) {
  return operation == Operation::kCompensate ? Operation::kAction : Operation::kTry;
}

// The opposite end of a branch. An action has only one end.
std::optional<Operation> OtherEndOf(Operation operation) {
  if (operation == Operation::kConfirm) return Operation::kCancel;
  if (operation == Operation::kCancel) return Operation::kConfirm;
  return std::nullopt;
}

// The operation that undoes the effects of a try or action.
Operation UndoOf(Operation operation) {
  return operation == Operation::kAction ? Operation::kCompensate : Operation::kCancel;
}

}  // namespace

const char* Name(Operation operation) {
  switch (operation) {
    case Operation::kTry: return "try";
    case Operation::kConfirm: return "confirm";
    case Operation::kCancel: return "cancel";
    case Operation::kAction: return "action";
    case Operation::kCompensate: return "compensate";
  }
  return "?";
}

std::optional<Operation> ParseOperation(std::string_view name) {
  for (const Operation one : {Operation::kTry, Operation::kConfirm, Operation::kCancel,
                              Operation::kAction, Operation::kCompensate}) {
    if (name == Name(one)) return one;
  }
  return std::nullopt;
}

Result<void> Validate(const Call& call) {
  if (call.transaction.size() != kTransactionDigits ||
      call.transaction.find_first_not_of("0123456789abcdef") != std::string::npos) {
    return Error{ErrorCode::kInvalid, "not 40 lower-case hexadecimal digits", "transaction"};
  }
  if (!IsName(call.branch)) return Error{ErrorCode::kInvalid, kNameRule, "branch"};
  if (!call.name.empty() && !IsName(call.name))
    return Error{ErrorCode::kInvalid, kNameRule, "name"};
  return {};
}

int HttpStatus(Verdict verdict) {
  switch (verdict) {
    case Verdict::kRun:
    case Verdict::kDone: return 200;
    case Verdict::kRefused:
    case Verdict::kConflict:
    case Verdict::kUndo: return 409;
    case Verdict::kStillRunning: return 425;
  }
  return 500;
}

bool Commits(Verdict verdict) {
  return verdict == Verdict::kRun || verdict == Verdict::kDone || verdict == Verdict::kRefused;
}

bool Alarms(Verdict verdict) { return verdict == Verdict::kConflict; }

const char* Name(Reason reason) {
  switch (reason) {
    case Reason::kNone: return "none";
    case Reason::kFirst: return "first";
    case Reason::kDuplicate: return "duplicate";
    case Reason::kNothingToUndo: return "nothing to undo";
    case Reason::kSuspended: return "suspended";
    case Reason::kRefusedBefore: return "refused before";
    case Reason::kDeadline: return "deadline";
    case Reason::kJustRefused: return "just refused";
    case Reason::kInProgress: return "in progress";
    case Reason::kNoTry: return "no try";
    case Reason::kOtherEnd: return "other end";
    case Reason::kCancelled: return "cancelled";
    case Reason::kNotOurs: return "not ours";
  }
  return "?";
}

Barrier::Barrier(Vendor vendor, Call call, Stage stage, Step first)
    : vendor_(vendor), call_(std::move(call)), stage_(stage), step_(first) {
  const auto valid = Validate(call_);
  CHECK(valid.has_value()) << "the " << valid.error().field << " is " << valid.error().message;
  // No name contains a slash, so two barriers never share a row.
  branch_ = call_.name.empty() ? call_.branch : call_.branch + "/" + call_.name;
}

Barrier Barrier::Enter(Vendor vendor, Call call) {
  Step first = Step::kInsertOwn;
  if (call.operation == Operation::kConfirm) first = Step::kReadOriginal;
  if (call.operation == Operation::kCancel || call.operation == Operation::kCompensate) {
    first = Step::kInsertOriginal;
  }
  return Barrier(vendor, std::move(call), Stage::kEntering, first);
}

Barrier Barrier::Refuse(Vendor vendor, Call call, Where where) {
  CHECK(Begins(call.operation)) << "only a try or an action may be refused";
  const bool row_is_there = call.effects_outside || where == Where::kSameTransaction;
  return Barrier(vendor, std::move(call), Stage::kRefusing,
                 row_is_there ? Step::kChangeOwn : Step::kInsertOwn);
}

Barrier Barrier::Succeed(Vendor vendor, Call call) {
  CHECK(Begins(call.operation) && call.effects_outside)
      << "without outside effects the commit alone records the success";
  return Barrier(vendor, std::move(call), Stage::kSucceeding, Step::kChangeOwn);
}

Statement Barrier::next() const {
  const Row row{call_.transaction, branch_};
  const Operation own = call_.operation;
  switch (step_) {
    case Step::kInsertOwn: return Insert(vendor_, row, Name(own), CauseToInsert());
    case Step::kReadOwn: return Read(vendor_, Kind::kReadAndHold, row, Name(own));
    case Step::kInsertOriginal: return Insert(vendor_, row, Name(OriginalOf(own)), kCancel);
    case Step::kReadOriginal:
      // A cancel whose own insert found the row already holds it; locking it now would deadlock
      // with its duplicate. Holding excludes a confirm, which locks, and an attempt that is about
      // to record its success.
      return Read(vendor_, own == Operation::kConfirm ? Kind::kReadAndLock : Kind::kReadAndHold,
                  row, Name(OriginalOf(own)));
    case Step::kReadOtherEnd: {
      const auto end = Begins(own) ? UndoOf(own) : OtherEndOf(own);
      CHECK(end.has_value()) << Name(own) << " has no other end";
      return Read(vendor_, Kind::kRead, row, Name(*end));
    }
    case Step::kChangeOwn:
      return Change(vendor_, row, Name(own),
                    call_.effects_outside ? kStarted : std::string_view(Name(own)),
                    stage_ == Stage::kRefusing ? kRefused : std::string_view(Name(own)));
    case Step::kSettled: break;
  }
  CHECK(false) << "the barrier is settled";
  return {};
}

std::string_view Barrier::CauseToInsert() const {
  if (!Begins(call_.operation)) return Name(call_.operation);
  // The refusal is recorded, so that a duplicate whose clock is behind does not run.
  if (stage_ == Stage::kRefusing || call_.deadline_passed) return kRefused;
  return call_.effects_outside ? kStarted : std::string_view(Name(call_.operation));
}

void Barrier::Take(const Given& given) {
  switch (step_) {
    case Step::kInsertOwn: return TakeInsertOwn(given.affected > 0);
    case Step::kReadOwn: return TakeOwn(given.cause);
    case Step::kInsertOriginal: return TakeInsertOriginal(given.affected > 0);
    case Step::kReadOriginal: return TakeOriginal(given.cause);
    case Step::kReadOtherEnd: return TakeOtherEnd(given.cause.has_value());
    case Step::kChangeOwn: return TakeChange(given.affected > 0);
    case Step::kSettled: break;
  }
  CHECK(false) << "the barrier is settled";
}

void Barrier::TakeInsertOwn(bool was_new) {
  if (!Begins(call_.operation)) {
    if (!was_new) return Settle(Verdict::kDone, Reason::kDuplicate);
    if (empty_) return Settle(Verdict::kDone, Reason::kNothingToUndo);
    return Settle(Verdict::kRun, Reason::kFirst);
  }
  if (!was_new) {
    step_ = Step::kReadOwn;
  } else if (stage_ == Stage::kRefusing) {
    Settle(Verdict::kRefused, Reason::kJustRefused);
  } else if (call_.deadline_passed) {
    Settle(Verdict::kRefused, Reason::kDeadline);
  } else {
    Settle(Verdict::kRun, Reason::kFirst);
  }
}

// A try or action whose row exists, or whose change found another cause than expected.
void Barrier::TakeOwn(const std::optional<std::string>& cause) {
  if (cause == Name(call_.operation)) {
    if (stage_ == Stage::kSucceeding) {
      step_ = Step::kReadOtherEnd;  // our own earlier record, whose commit went unanswered
      return;
    }
    return Settle(Verdict::kDone, Reason::kDuplicate);
  }
  // Another call has given this attempt up: its outside effects must be undone.
  if (cause == kRefused && stage_ == Stage::kSucceeding) {
    return Settle(Verdict::kUndo, Reason::kRefusedBefore);
  }
  if (cause == kRefused) return Settle(Verdict::kRefused, Reason::kRefusedBefore);
  if (cause == kCancel) return Settle(Verdict::kRefused, Reason::kSuspended);
  if (cause == kStarted) return Settle(Verdict::kStillRunning, Reason::kInProgress);
  // Deleted meanwhile (purged?) or unknown: no business code may run.
  if (!cause) return Settle(Verdict::kStillRunning, Reason::kNotOurs);
  Settle(Verdict::kConflict, Reason::kNotOurs);
}

void Barrier::TakeInsertOriginal(bool was_new) {
  empty_ = was_new;
  step_ = was_new ? Step::kInsertOwn : Step::kReadOriginal;
}

void Barrier::TakeOriginal(const std::optional<std::string>& cause) {
  const char* const effective = Name(OriginalOf(call_.operation));
  if (call_.operation == Operation::kConfirm) {
    if (cause != effective) return Settle(Verdict::kConflict, Reason::kNoTry);
    step_ = Step::kReadOtherEnd;
    return;
  }
  if (!cause) return Settle(Verdict::kStillRunning, Reason::kNotOurs);
  empty_ = cause == kCancel || cause == kRefused;
  if (!empty_ && cause != effective && cause != kStarted) {
    return Settle(Verdict::kConflict, Reason::kNotOurs);
  }
  step_ = !empty_ && OtherEndOf(call_.operation) ? Step::kReadOtherEnd : Step::kInsertOwn;
}

void Barrier::TakeOtherEnd(bool is_there) {
  if (Begins(call_.operation)) {
    if (is_there) return Settle(Verdict::kUndo, Reason::kCancelled);
    return Settle(Verdict::kDone, Reason::kFirst);
  }
  if (is_there) return Settle(Verdict::kConflict, Reason::kOtherEnd);
  step_ = Step::kInsertOwn;
}

void Barrier::TakeChange(bool done) {
  if (!done) {
    step_ = Step::kReadOwn;
  } else if (stage_ == Stage::kRefusing) {
    Settle(Verdict::kRefused, Reason::kJustRefused);
  } else {
    step_ = Step::kReadOtherEnd;
  }
}

void Barrier::Settle(Verdict verdict, Reason reason) {
  verdict_ = verdict;
  reason_ = reason;
  step_ = Step::kSettled;
}

Verdict Barrier::verdict() const {
  CHECK(settled()) << "the barrier is not settled";
  return verdict_;
}

}  // namespace assent::barrier
