// SPDX-License-Identifier: Apache-2.0
// The timers of an atomic transaction: the deadline, the idle limit, the retries of each branch,
// and the time after which it needs an operator.
#include <algorithm>

#include "base/backoff.h"
#include "core/machine.h"

namespace assent::core {

void AtomicMachine::On(const Touched&) {
  if (t_.settings.one_call || t_.state != State::kActive) return;
  if (t_.settings.idle_limit <= Duration::zero()) return;
  Emit(Arm{Timer::kIdle, 0, now_ + t_.settings.idle_limit, {}});
}

// A client is not idle while it waits for the coordinator.
bool AtomicMachine::ClientWaits() const {
  return std::any_of(t_.branches.begin(), t_.branches.end(),
                     [](const AtomicBranch& branch) { return branch.Busy(); });
}

Cause AtomicMachine::Expired() {
  Cause cause;
  cause.reason = Reason::kExpired;
  cause.may_retry = true;
  cause.detail = "a partner's reservation would have ended before the decision";
  return cause;
}

// The likely reason for missing the deadline: a reservation that expires, a branch that waits for a
// connection, or the first partner that has not voted.
Cause AtomicMachine::Late(const TimerFired& event) const {
  if (now_ >= t_.decide_before && now_ < t_.settings.deadline) return Expired();
  Cause cause;
  cause.reason = Reason::kDeadline;
  cause.detail = "the deadline passed before the decision";
  if (!event.waiting.empty()) {
    cause.branch = static_cast<int32_t>(event.branch);
    cause.detail += ": " + event.waiting;
    cause.may_retry = true;
    return cause;
  }
  for (size_t i = 0; i < t_.branches.size(); ++i) {
    const AtomicBranch& branch = t_.branches[i];
    if (!branch.IsTcc() || branch.Voted()) continue;
    cause.branch = static_cast<int32_t>(i);
    cause.detail += branch.spec.called_by_client ? ": its client has not voted"
                                                 : ": its try was never answered conclusively";
    cause.may_retry = !branch.spec.called_by_client;  // the partner may answer next time
    if (!branch.detail.empty()) cause.detail += " (" + branch.detail + ")";
    break;
  }
  return cause;
}

void AtomicMachine::On(const TimerFired& event) {
  Cause cause;
  switch (event.timer) {
    case Timer::kDeadline:
      if (t_.Undecided()) RollBack(Late(event));
      return;
    case Timer::kIdle:
      if (t_.state != State::kActive) return;
      if (ClientWaits()) {
        On(Touched{});
        return;
      }
      cause.reason = Reason::kIdle;
      cause.detail = "the client was idle for longer than the limit";
      RollBack(std::move(cause));
      return;
    case Timer::kRetry: Resend(event.branch); return;
    case Timer::kOperator:
      if (t_.finished) return;
      t_.needs_operator = true;
      for (AtomicBranch& branch : t_.branches) {
        if (!branch.Over()) branch.state = BranchState::kNeedsOperator;
      }
      return;
  }
}

void AtomicMachine::On(const ResourceUp& event) {
  for (uint32_t i = 0; i < t_.branches.size(); ++i) {
    if (t_.branches[i].spec.resource != event.resource) continue;
    t_.branches[i].retries = 0;  // the back-off of the outage does not apply any more
    Resend(i);
  }
}

// ---- Retries ----

// Waits at least `least`, whatever the back-off is.
void AtomicMachine::ArmRetry(uint32_t index, Duration least) {
  AtomicBranch& branch = t_.branches[index];
  Duration cap = t_.settings.retry_cap;
  if (branch.IsTcc()) cap = std::min(cap, t_.settings.partner_cap);
  const Duration delay = BackoffDelay(t_.settings.retry_first, cap, branch.retries++);
  Emit(Arm{Timer::kRetry, index, now_ + least + delay, delay});
}

void AtomicMachine::Resend(uint32_t index) {
  AtomicBranch& branch = t_.branches.at(index);
  if (!branch.Take(BranchEvent::kRetry)) return;
  switch (branch.phase) {
    case Phase::kTrying: SendTry(index); return;
    case Phase::kForgetting: Emit(Call{index, Operation::kForget, {}}); return;
    case Phase::kDeciding:  // a one-phase commit is never sent twice
      Emit(Call{index, Operation::kFind, {}});
      return;
    default: SendPhaseTwo(index); return;
  }
}

}  // namespace assent::core
