// SPDX-License-Identifier: Apache-2.0
// The last resource, and the sole branch of a one-phase commit: its commit is the decision.
#include <algorithm>

#include "core/machine.h"

namespace assent::core {

std::optional<uint32_t> Atomic::LastResource() const {
  for (uint32_t i = 0; i < branches.size(); ++i) {
    if (branches[i].IsLast()) return i;
  }
  return std::nullopt;
}

// The commit of this branch decides: it is the only one, or the last resource.
void AtomicMachine::DecideBy(uint32_t index) {
  AtomicBranch& branch = t_.branches[index];
  t_.state = State::kDeciding;
  branch.Take(BranchEvent::kDecide);
  branch.state = BranchState::kUnknown;
  branch.sends = 1;
  Emit(Arm{Timer::kOperator, 0, now_ + t_.settings.operator_after, {}});
  Emit(Call{index, Operation::kCommitOnePhase, {}});
}

// The record that names the last resource is durable, so its commit may be sent.
void AtomicMachine::LastIsNamed() {
  t_.last_is_named = true;
  --t_.opens_under_way;
  if (t_.state == State::kPreparing) {
    CollectVotes();
  } else {
    MaybeFinish();
  }
}

bool AtomicMachine::AwaitsLastResource() const {
  return std::any_of(t_.branches.begin(), t_.branches.end(), [](const AtomicBranch& branch) {
    return branch.IsLast() &&
           (branch.phase == Phase::kDeciding || branch.phase == Phase::kDecidingRetry);
  });
}

// The answer to the one-phase commit is the decision. It is durable: in the resource.
void AtomicMachine::OnePhaseEnded(uint32_t index, const Acked& event) {
  if (event.ack == Ack::kDone || event.ack == Ack::kHeuristicCommit) {
    t_.decision = Decision::kCommit;
    EndAs(index, BranchState::kCommitted);
    if (t_.LastMayHaveCommitted()) {  // from now on the decision row is not needed
      t_.decided = Decided(t_.gtrid);
      t_.commit_logged = true;
      Emit(Append{RecordKind::kCommit, Force::kLazy, 0, 0});
    }
    CommitAll();
    MaybeFinish();
    return;
  }
  const bool looked_up = t_.branches[index].finds > 0 && t_.branches[index].IsLast();
  EndAs(index, BranchState::kRolledBack);
  Cause cause = event.cause;
  if (looked_up && cause.reason == Reason::kNone) {
    cause.reason = t_.branches[index].recovered ? Reason::kCrash : Reason::kConnectionLost;
    cause.may_retry = true;
    cause.detail = "the commit of the last resource was not answered, and had no effect";
  }
  if (cause.reason == Reason::kNone) cause.reason = Reason::kPrepareRefused;
  cause.decided_by = DecidedBy::kResource;
  cause.branch = static_cast<int32_t>(index);
  if (cause.detail.empty()) cause.detail = event.detail;
  if (cause.detail.empty()) cause.detail = "the resource rolled back instead of committing";
  RollBack(std::move(cause));
}

}  // namespace assent::core
