// SPDX-License-Identifier: Apache-2.0
// Phase two of the atomic transaction: acknowledgements, heuristic outcomes, the end.
#include <algorithm>

#include "base/check.h"
#include "core/machine.h"

namespace assent::core {

BranchEvent ToBranchEvent(Ack ack) {
  switch (ack) {
    case Ack::kDone: return BranchEvent::kAckDone;
    case Ack::kRolledBack: return BranchEvent::kAckRolledBack;
    case Ack::kNotFound: return BranchEvent::kAckNotFound;
    case Ack::kHeuristicCommit: return BranchEvent::kAckHeuristicCommit;
    case Ack::kHeuristicRollBack: return BranchEvent::kAckHeuristicRollBack;
    case Ack::kHeuristicMixed: return BranchEvent::kAckHeuristicMixed;
    case Ack::kHeuristicHazard: return BranchEvent::kAckHeuristicHazard;
    case Ack::kUnknown: break;
  }
  return BranchEvent::kAckUnknown;
}

void AtomicMachine::SendPhaseTwo(uint32_t index) {
  AtomicBranch& branch = t_.branches[index];
  CHECK(IsPhaseTwo(branch.phase) && !branch.Over());
  ++branch.sends;
  if (t_.decision == Decision::kCommit) {
    CHECK(t_.decided) << "a commit without its durable decision";
    Emit(Call{index, Operation::kCommit, t_.decided});
  } else {
    Emit(Call{index, Operation::kRollBack, {}});
  }
}

void AtomicMachine::Find(uint32_t index) {
  ++t_.branches[index].finds;
  Emit(Call{index, Operation::kFind, {}});
}

// The phase table decides the next phase; this function does what the phase needs.
void AtomicMachine::On(const Acked& event) {
  AtomicBranch& branch = t_.branches.at(event.branch);
  const Phase before = branch.phase;
  const bool over = branch.Over();
  const bool counts = branch.Take(ToBranchEvent(event.ack));
  if (over) return;  // for example, a branch without work has returned its connection
  if (!event.detail.empty()) branch.detail = event.detail;
  if (event.needs_operator) {
    branch.state = BranchState::kNeedsOperator;
    t_.needs_operator = true;
  }
  if (!counts) return;  // the record of its heuristic outcome is being written
  if (before == Phase::kCommitting) branch.commit_lost |= event.lost;
  if (before == Phase::kDeciding && !event.identity.empty()) {
    branch.identity = event.identity;
    branch.started_at = event.started_at;
    branch.position = event.position;
  }
  switch (branch.phase) {
    case Phase::kEnded: AckedEnd(event.branch, before, event); return;
    case Phase::kRecording:
      NoteHeuristic(event.branch,
                    event.ack == Ack::kRolledBack ? Ack::kHeuristicRollBack : event.ack);
      return;
    case Phase::kDecidingRetry:
    case Phase::kCommitRetry:
    case Phase::kRollBackRetry:
    case Phase::kForgetRetry: ArmRetry(event.branch, event.not_before); return;
    default: Find(event.branch); return;  // an unknown XID
  }
}

void AtomicMachine::AckedEnd(uint32_t index, Phase before, const Acked& event) {
  if (before == Phase::kDeciding) {
    OnePhaseEnded(index, event);
    return;
  }
  if (before == Phase::kCommitting) {
    if (AnotherIsLate(index)) {
      Emit(Append{RecordKind::kBranchEnd, Force::kLazy, 0, index});
    }
    EndAs(index, BranchState::kCommitted);
  }
  if (before == Phase::kRollingBack) EndAs(index, BranchState::kRolledBack);
  MaybeFinish();  // a branch whose heuristic outcome was forgotten keeps the state HEURISTIC
}

// A heuristic outcome is recorded first. Then it is forgotten if it agrees with the decision, and
// held for the operator if it conflicts.
void AtomicMachine::NoteHeuristic(uint32_t index, Ack ack) {
  AtomicBranch& branch = t_.branches[index];
  branch.state = BranchState::kHeuristic;
  branch.heuristic = ack;
  branch.heuristic_ticket = t_.next_ticket++;
  Emit(Append{RecordKind::kHeuristic, Force::kNow, branch.heuristic_ticket, index});
}

void AtomicMachine::HeuristicIsDurable(uint32_t index) {
  SettleHeuristic(index);
  if (t_.state == State::kDeciding && !t_.outcome_reportable) {
    Emit(Disarm{Timer::kDeadline});
    Report();
  }
  if (t_.decision == Decision::kRollBack && t_.outcome_ticket == 0 && !t_.outcome_reportable) {
    Report();
  }
  MaybeFinish();
}

void AtomicMachine::SettleHeuristic(uint32_t index) {
  AtomicBranch& branch = t_.branches[index];
  const bool agrees =
      (t_.decision == Decision::kCommit && branch.heuristic == Ack::kHeuristicCommit) ||
      (t_.decision == Decision::kRollBack && branch.heuristic == Ack::kHeuristicRollBack);
  branch.Take(agrees ? BranchEvent::kAgrees : BranchEvent::kConflicts);
  if (agrees) {
    Emit(Call{index, Operation::kForget, {}});
    return;
  }
  // A single branch that conflicts with the decision makes the outcome mixed, even if it is the
  // only branch.
  Worsen(branch.heuristic == Ack::kHeuristicHazard ? Outcome::kHazard : Outcome::kMixed);
}

// A hazard may become mixed; mixed stays mixed.
void AtomicMachine::Worsen(Outcome outcome) {
  if (t_.outcome != Outcome::kMixed) t_.outcome = outcome;
}

void AtomicMachine::EndAs(uint32_t index, BranchState state) {
  AtomicBranch& branch = t_.branches[index];
  CHECK(branch.Ended());
  branch.state = state;
  branch.detail.clear();
}

bool AtomicMachine::AnotherIsLate(uint32_t index) const {
  for (uint32_t i = 0; i < t_.branches.size(); ++i) {
    const AtomicBranch& branch = t_.branches[i];
    if (i != index && !branch.Ended() && (branch.sends > 1 || branch.recovered || branch.Waits())) {
      return true;
    }
  }
  return false;
}

void AtomicMachine::MaybeFinish() {
  if (t_.finished || !t_.outcome_reportable || t_.opens_under_way > 0) return;
  bool held = false;
  bool recorded = t_.commit_logged || t_.open_logged;
  for (const AtomicBranch& branch : t_.branches) {
    if (!branch.Over()) return;
    held |= branch.phase == Phase::kHeld;
    recorded |= branch.heuristic_ticket != 0;
  }
  t_.finished = true;
  t_.needs_operator = held;
  Emit(Disarm{Timer::kOperator});
  if (t_.decision == Decision::kCommit) t_.state = State::kCommitted;
  if (t_.decision == Decision::kRollBack) t_.state = State::kRolledBack;
  Emit(Reply{ReplyTo::kEnded, 0});
  if (held) return;  // stays in the table, and is shown, until an operator acknowledges it
  if (recorded) Emit(Append{RecordKind::kEnd, Force::kLazy, 0, 0});
  Emit(Disarm{Timer::kDeadline});
  Emit(Forget{});
}

}  // namespace assent::core
