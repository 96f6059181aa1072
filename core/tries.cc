// SPDX-License-Identifier: Apache-2.0
// Branches with try, confirm and cancel before the decision: known before they are asked, and asked
// again while they are silent.
#include "base/check.h"
#include "core/atomic.h"

namespace assent::core {

void AtomicMachine::AppendOpen(RecordKind record, uint32_t branch, uint64_t* ticket) {
  *ticket = t_.next_ticket++;
  t_.open_logged = true;
  ++t_.opens_under_way;
  Emit(Append{record, Force::kNow, *ticket, branch});
}

void AtomicMachine::SendTry(uint32_t index) {
  AtomicBranch& branch = t_.branches[index];
  branch.open_sent = branch.opened = branch.begun = branch.prepare_sent = true;
  branch.running = true;
  branch.waiting = branch.gone = false;
  ++branch.tries;
  Emit(Call{index, Operation::kPrepare, {}});
}

void AtomicMachine::TryVoted(uint32_t index, const Voted& event) {
  AtomicBranch& branch = t_.branches[index];
  branch.running = false;
  if (t_.state != State::kActive) {  // its roll-back has waited for this answer
    if (branch.ended) return;
    if (event.gone && event.vote != Vote::kPrepared) {
      EndBranch(index, BranchState::kRolledBack);
      MaybeFinish();
    } else {
      SendPhaseTwo(index);
    }
    return;
  }
  switch (event.vote) {
    case Vote::kPrepared:
      branch.voted = true;
      branch.state = BranchState::kPrepared;
      branch.retries = 0;
      branch.detail.clear();
      NoteExpiry(event.expires);
      if (branch.enlist_ticket != 0) Tell(ReplyTo::kOpen, index);
      if (t_.settings.one_call) TriesAreDone();
      return;
    case Vote::kUnknown:  // until the deadline
      branch.detail = event.cause.detail;
      branch.gone = event.gone;
      Retry(index, event.not_before);
      return;
    case Vote::kRefused:
      branch.voted = true;
      branch.state = BranchState::kRefused;
      branch.ended = event.gone;
      RollBack(event.cause);
      return;
    case Vote::kReadOnly: CHECK(false) << "a try is never read-only";
  }
}

// The deadline comes forward, so that a yes is not left to end by itself.
void AtomicMachine::NoteExpiry(Monotonic expires) {
  if (expires == kNever) return;
  const Monotonic before = expires + -t_.settings.expiry_margin;
  if (before >= t_.decide_before) return;
  t_.decide_before = before;
  if (before < t_.settings.deadline) Emit(Arm{Timer::kDeadline, 0, before, {}});
}

void AtomicMachine::TriesAreDone() {
  if (!t_.AwaitsTries()) OpenNext();
}

// It tries without us: there is nothing to call before phase two.
void AtomicMachine::AwaitVote(uint32_t index) {
  AtomicBranch& branch = t_.branches[index];
  branch.open_sent = branch.opened = branch.begun = branch.prepare_sent = true;
  Tell(ReplyTo::kOpen, index);
}

bool AtomicMachine::OpenIsDurable(uint64_t ticket) {
  bool ours = ticket == t_.open_ticket;
  const bool active = t_.state == State::kActive;
  for (uint32_t i = 0; i < t_.branches.size(); ++i) {
    AtomicBranch& branch = t_.branches[i];
    // One that joined waits for its own record, though that of the others comes first.
    const uint64_t record = branch.enlist_ticket != 0 ? branch.enlist_ticket : t_.open_ticket;
    if (!branch.IsTcc() || ticket != record) continue;
    ours = true;
    if (!active) continue;
    branch.spec.called_by_client ? AwaitVote(i) : SendTry(i);
  }
  if (!ours) return false;
  --t_.opens_under_way;
  if (!active) MaybeFinish();
  return true;
}

}  // namespace assent::core
