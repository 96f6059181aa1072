// SPDX-License-Identifier: Apache-2.0
// Those who wait for an answer about a transaction: who is told what, and when.
//
// Contract: each reply that is given to Add is called exactly once. Who waits for statements
// (kOpen, kRun) is answered when they are done, or when the decision may be told. Who waits for the
// outcome is answered at the end of phase two, at the latest `past_decision` after the decision may
// be told. A kView is answered when its wait is over, or at the end. Threads: the shard's only.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"
#include "coordinator/timers.h"
#include "coordinator/transaction.h"

namespace assent::coordinator {

class Waiters {
 public:
  // `timers` gets those of the waits, as kWaiter with the waiter's id. Both outlive it.
  Waiters(TimerQueue& timers, const Clock& clock, Duration phase_two_wait)
      : timers_(timers), clock_(clock), phase_two_wait_(phase_two_wait) {}

  // Waits for `kind`, of `branch` where that is kOpen or kRun. `wait`: what the client asked for;
  // zero is answered at once. `ticket`: what EndWait names.
  void Add(Entry& entry, Waiter::For kind, uint32_t branch, std::optional<Duration> wait,
           Reply reply, uint64_t ticket = 0);
  // Answers those who wait for `branch` to open, or for its statements.
  void AnswerOpen(Entry& entry, uint32_t branch);
  void AnswerRun(Entry& entry, uint32_t branch);
  // The decision may be told: the waits of those who go on waiting for phase two begin.
  void AnswerDecided(Entry& entry);
  // Every branch has ended, or is held: answers all.
  void AnswerEnded(Entry& entry);
  // The wait of this waiter is over; one that is not there any more is ignored.
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
