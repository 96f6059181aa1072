// SPDX-License-Identifier: Apache-2.0
// The clients that wait for an answer about a transaction.
//
// Contract: each reply given to Add is called exactly once. A wait for statements (kOpen, kRun) is
// answered when they are done, or when the outcome becomes reportable. A kView is answered when its
// wait ends or the outcome becomes reportable. A wait for the outcome (kOutcome, kRollBack) is
// answered at the end of phase two, but at most `past_decision` after the outcome becomes
// reportable. Threads: the shard's only.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"
#include "coordinator/timers.h"
#include "coordinator/transaction.h"

namespace assent::coordinator {

class Waiters {
 public:
  // Pushes a kWaiterTimer with the waiter's id to `timers` for each wait with a limit. Both
  // references outlive this object.
  Waiters(TimerQueue& timers, const Clock& clock, Duration phase_two_wait)
      : timers_(timers), clock_(clock), phase_two_wait_(phase_two_wait) {}

  // Adds a waiter of this kind; `branch` matters for kOpen and kRun. `wait` is the client's limit;
  // zero is answered immediately. `ticket` identifies the waiter for EndWait.
  void Add(Entry& entry, Waiter::For kind, uint32_t branch, std::optional<Duration> wait,
           Reply reply, uint64_t ticket = 0);
  // Answer the waiters for `branch` to open, and for its statements.
  void AnswerOpen(Entry& entry, uint32_t branch);
  void AnswerRun(Entry& entry, uint32_t branch);
  // The outcome is reportable: answers the waits for statements and views, and starts the time
  // limits of the waits for phase two.
  void AnswerDecided(Entry& entry);
  // Every branch has ended or is held: answers all waiters.
  void AnswerEnded(Entry& entry);
  // Answers the waiter whose time limit has passed; ignores an id that no longer waits.
  void AnswerDue(Entry& entry, uint64_t id);
  void EndWait(Entry& entry, uint64_t ticket);
  static bool IsWaiting(const Entry& entry, uint64_t id);

 private:
  void StartWait(const Entry& entry, const Waiter& waiter);

  TimerQueue& timers_;
  const Clock& clock_;
  const Duration phase_two_wait_;
  uint64_t next_id_ = 1;
};

}  // namespace assent::coordinator
