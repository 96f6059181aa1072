// SPDX-License-Identifier: Apache-2.0
// Phase two of the atomic transaction: acknowledgements, retries, heuristic outcomes, the end.
#include <algorithm>

#include "base/backoff.h"
#include "base/check.h"
#include "core/atomic.h"

namespace assent::core {

void AtomicMachine::SendPhaseTwo(uint32_t index) {
  AtomicBranch& branch = t_.branches[index];
  CHECK(!branch.ended && !branch.held);
  branch.waiting = false;
  ++branch.sends;
  if (t_.decision == Decision::kCommit) {
    CHECK(t_.decided) << "a commit without its durable decision";
    Emit(Call{index, Operation::kCommit, t_.decided});
  } else {
    Emit(Call{index, Operation::kRollBack, {}});
  }
}

void AtomicMachine::Resend(uint32_t index) {
  AtomicBranch& branch = t_.branches.at(index);
  if (!branch.waiting || branch.ended) return;
  branch.waiting = false;
  if (branch.forgetting) {
    Emit(Call{index, Operation::kForget, {}});
  } else if (t_.state == State::kActive) {
    SendTry(index);
  } else if (t_.state == State::kDeciding) {
    Emit(Call{index, Operation::kFind, {}});  // a one-phase commit is never sent twice
  } else {
    SendPhaseTwo(index);
  }
}

void AtomicMachine::Retry(uint32_t index, Duration least) {
  AtomicBranch& branch = t_.branches[index];
  branch.waiting = true;
  Duration cap = t_.settings.retry_cap;
  if (branch.IsTcc()) cap = std::min(cap, t_.settings.partner_cap);
  const Duration delay = BackoffDelay(t_.settings.retry_first, cap, branch.retries++);
  Emit(Arm{Timer::kRetry, index, now_ + least + delay, delay});
}

void AtomicMachine::On(const Acked& event) {
  AtomicBranch& branch = t_.branches.at(event.branch);
  if (branch.ended || branch.held)
    return;  // the connection of a branch without work was given back
  if (!event.detail.empty()) branch.detail = event.detail;
  if (event.needs_operator) {
    branch.state = BranchState::kNeedsOperator;
    t_.needs_operator = true;
  }
  if (branch.forgetting) {
    if (event.ack == Ack::kUnknown) {
      Retry(event.branch);
    } else {
      branch.ended = true;
      MaybeFinish();
    }
    return;
  }
  if (branch.heuristic_ticket != 0) return;  // its record is on the way to the disk
  switch (t_.state) {
    case State::kDeciding: AckOnePhase(event.branch, event); return;
    case State::kCommitting: AckCommit(event.branch, event); return;
    case State::kRollingBack: AckRollBack(event.branch, event); return;
    default: CHECK(false) << "an acknowledgement in state " << Name(t_.state);
  }
}

void AtomicMachine::AckCommit(uint32_t index, const Acked& event) {
  if (event.lost) t_.branches[index].commit_lost = true;
  switch (event.ack) {
    case Ack::kDone:
      if (AnotherIsLate(index)) {
        Emit(Append{RecordKind::kBranchEnd, Force::kLazy, 0, index});
      }
      EndBranch(index, BranchState::kCommitted);
      MaybeFinish();
      return;
    case Ack::kNotFound:
      ++t_.branches[index].finds;
      Emit(Call{index, Operation::kFind, {}});
      return;
    case Ack::kUnknown: Retry(index, event.not_before); return;
    case Ack::kRolledBack: Heuristic(index, Ack::kHeuristicRollBack); return;
    default: Heuristic(index, event.ack); return;
  }
}

void AtomicMachine::AckRollBack(uint32_t index, const Acked& event) {
  switch (event.ack) {
    case Ack::kDone:
    case Ack::kRolledBack:
      EndBranch(index, BranchState::kRolledBack);
      MaybeFinish();
      return;
    case Ack::kNotFound:
      ++t_.branches[index].finds;
      Emit(Call{index, Operation::kFind, {}});
      return;
    case Ack::kUnknown: Retry(index, event.not_before); return;
    default: Heuristic(index, event.ack); return;
  }
}

void AtomicMachine::AckOnePhase(uint32_t index, const Acked& event) {
  if (!event.identity.empty()) {
    AtomicBranch& branch = t_.branches[index];
    branch.identity = event.identity;
    branch.started_at = event.started_at;
    branch.position = event.position;
  }
  switch (event.ack) {
    case Ack::kDone:
    case Ack::kHeuristicCommit:
      t_.decision = Decision::kCommit;
      t_.state = State::kCommitting;
      t_.outcome = Outcome::kCommitted;
      EndBranch(index, BranchState::kCommitted);
      Emit(Disarm{Timer::kDeadline});
      Report();
      MaybeFinish();
      return;
    case Ack::kRolledBack:
    case Ack::kHeuristicRollBack: {
      EndBranch(index, BranchState::kRolledBack);
      Cause cause = event.cause;
      if (cause.reason == Reason::kNone) cause.reason = Reason::kPrepareRefused;
      cause.decided_by = DecidedBy::kResource;
      cause.branch = static_cast<int32_t>(index);
      if (cause.detail.empty()) cause.detail = event.detail;
      if (cause.detail.empty()) cause.detail = "the resource rolled back instead of committing";
      RollBack(std::move(cause));
      return;
    }
    case Ack::kNotFound:
      ++t_.branches[index].finds;
      Emit(Call{index, Operation::kFind, {}});
      return;
    case Ack::kUnknown: Retry(index, event.not_before); return;
    default: Heuristic(index, event.ack); return;
  }
}

// Recorded first. What agrees with the decision is then forgotten, what conflicts is held for the
// operator.
void AtomicMachine::Heuristic(uint32_t index, Ack ack) {
  AtomicBranch& branch = t_.branches[index];
  branch.state = BranchState::kHeuristic;
  branch.heuristic = ack;
  branch.waiting = false;
  branch.heuristic_ticket = t_.next_ticket++;
  Emit(Append{RecordKind::kHeuristic, Force::kNow, branch.heuristic_ticket, index});
}

void AtomicMachine::HeuristicIsDurable(uint32_t index) {
  SettleHeuristic(index);
  if (t_.state == State::kDeciding && !t_.outcome_reportable) {
    Emit(Disarm{Timer::kDeadline});
    Report();
  }
  MaybeFinish();
}

void AtomicMachine::SettleHeuristic(uint32_t index) {
  AtomicBranch& branch = t_.branches[index];
  const bool agrees =
      (t_.decision == Decision::kCommit && branch.heuristic == Ack::kHeuristicCommit) ||
      (t_.decision == Decision::kRollBack && branch.heuristic == Ack::kHeuristicRollBack);
  if (agrees) {
    branch.forgetting = true;
    Emit(Call{index, Operation::kForget, {}});
    return;
  }
  branch.held = true;
  // A branch rolled back against "committed" is as bad as a mix, even where it is the only one.
  Worsen(branch.heuristic == Ack::kHeuristicHazard ? Outcome::kHazard : Outcome::kMixed);
}

// A hazard may turn out to be a mix; a mix stays one.
void AtomicMachine::Worsen(Outcome outcome) {
  if (t_.outcome != Outcome::kMixed) t_.outcome = outcome;
}

void AtomicMachine::EndBranch(uint32_t index, BranchState state) {
  AtomicBranch& branch = t_.branches[index];
  CHECK(!branch.ended);
  branch.state = state;
  branch.ended = true;
  branch.waiting = false;
  branch.detail.clear();
}

bool AtomicMachine::AnotherIsLate(uint32_t index) const {
  for (uint32_t i = 0; i < t_.branches.size(); ++i) {
    const AtomicBranch& branch = t_.branches[i];
    if (i != index && !branch.ended && (branch.sends > 1 || branch.recovered || branch.waiting)) {
      return true;
    }
  }
  return false;
}

void AtomicMachine::Report() {
  t_.outcome_reportable = true;
  Emit(Reply{ReplyTo::kDecided, 0});
}

void AtomicMachine::MaybeFinish() {
  if (t_.finished || !t_.outcome_reportable || t_.opens_under_way > 0) return;
  bool held = false;
  bool recorded = t_.commit_logged || t_.open_logged;
  for (const AtomicBranch& branch : t_.branches) {
    if (!branch.ended && !branch.held) return;
    held |= branch.held;
    recorded |= branch.heuristic_ticket != 0;
  }
  t_.finished = true;
  t_.needs_operator = held;
  Emit(Disarm{Timer::kOperator});
  if (t_.decision == Decision::kCommit) t_.state = State::kCommitted;
  if (t_.decision == Decision::kRollBack) t_.state = State::kRolledBack;
  Emit(Reply{ReplyTo::kEnded, 0});
  if (held) return;  // kept, and shown, until an operator has acknowledged it
  if (recorded) Emit(Append{RecordKind::kEnd, Force::kLazy, 0, 0});
  Emit(Disarm{Timer::kDeadline});
  Emit(Forget{});
}

}  // namespace assent::core
