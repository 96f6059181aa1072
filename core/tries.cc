// SPDX-License-Identifier: Apache-2.0
// Partners before the decision: each is in a durable record before its first try, and its try is
// repeated until it is answered.
#include "base/check.h"
#include "core/machine.h"

namespace assent::core {

void AtomicMachine::AppendOpen(RecordKind record, uint32_t branch, uint64_t* ticket) {
  *ticket = t_.next_ticket++;
  t_.open_logged = true;
  ++t_.opens_under_way;
  Emit(Append{record, Force::kNow, *ticket, branch});
}

void AtomicMachine::SendTry(uint32_t index) {
  ++t_.branches[index].tries;
  Emit(Call{index, Operation::kPrepare, {}});
}

void AtomicMachine::TryVoted(uint32_t index, const Voted& event) {
  AtomicBranch& branch = t_.branches[index];
  const bool cut_off = branch.phase == Phase::kCutOff;
  branch.Take(ToBranchEvent(event));
  if (cut_off) {
    CutOffEnded(index);
    return;
  }
  switch (event.vote) {
    case Vote::kPrepared:
      branch.state = BranchState::kPrepared;
      branch.retries = 0;
      branch.detail.clear();
      NoteExpiry(event.expires);
      if (branch.enlist_ticket != 0) EmitReply(ReplyTo::kOpen, index);
      if (t_.settings.one_call && !t_.AwaitsTries()) OpenNext();
      return;
    case Vote::kUnknown:  // until the deadline
      branch.detail = event.cause.detail;
      ArmRetry(index, event.not_before);
      return;
    case Vote::kRefused:
      branch.state = BranchState::kRefused;
      RollBack(event.cause);
      return;
    case Vote::kReadOnly: CHECK(false) << "a try is never read-only";
  }
}

// The last try has been answered, so the cancel cannot overtake it.
void AtomicMachine::CutOffEnded(uint32_t index) {
  if (!t_.branches[index].Ended()) {
    SendPhaseTwo(index);
    return;
  }
  EndAs(index, BranchState::kRolledBack);
  MaybeFinish();
}

// Moves the deadline forward, so that the transaction ends before a yes vote expires.
void AtomicMachine::NoteExpiry(Monotonic expires) {
  if (expires == kNever) return;
  const Monotonic before = expires + -t_.settings.expiry_margin;
  if (before >= t_.decide_before) return;
  t_.decide_before = before;
  if (before < t_.settings.deadline) Emit(Arm{Timer::kDeadline, 0, before, {}});
}

bool AtomicMachine::OpenIsDurable(uint64_t ticket) {
  bool ours = ticket == t_.open_ticket;
  const bool active = t_.state == State::kActive;
  for (uint32_t i = 0; i < t_.branches.size(); ++i) {
    AtomicBranch& branch = t_.branches[i];
    // A partner that was enlisted later waits for its own record, not for the open record.
    const uint64_t record = branch.enlist_ticket != 0 ? branch.enlist_ticket : t_.open_ticket;
    if (!branch.IsTcc() || ticket != record) continue;
    ours = true;
    if (!active) continue;
    if (branch.spec.called_by_client) {  // the coordinator calls it only in phase two
      branch.Take(BranchEvent::kAwaitVote);
      EmitReply(ReplyTo::kOpen, i);
    } else {
      branch.Take(BranchEvent::kTry);
      SendTry(i);
    }
  }
  if (!ours) return false;
  --t_.opens_under_way;
  if (!active) MaybeFinish();
  return true;
}

}  // namespace assent::core
