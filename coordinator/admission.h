// SPDX-License-Identifier: Apache-2.0
// Who may begin: the bound of transactions in flight, and free space in the log for the decision
// and end records of all that has begun.
//
// Contract: what has begun always finds its space: new work waits for a segment that is being
// prepared, in the order in which it came, or is refused with the reason where none will come.
// A request that waits is handled anew by Retry, from its beginning, and so may wait again.
// Threads: the shard's only.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>

#include "coordinator/log_book.h"
#include "coordinator/options.h"
#include "coordinator/requests.h"
#include "coordinator/timers.h"

namespace assent::coordinator {

class Admission {
 public:
  // `timers` gets a kSpaceTimer for each request that waits: call Expire then. All outlive it.
  Admission(const EngineOptions& options, const Clock& clock, LogBook& log_book, TimerQueue& timers)
      : options_(options), clock_(clock), log_book_(log_book), timers_(timers) {}

  // May a transaction begin, beside `open` others, whose partners take so much? False: it was
  // refused or waits, and `request` and `reply` have been moved away.
  bool Admit(uint64_t open, uint64_t partner_bytes, Request& request, Reply& reply);
  // The same for a further branch of what has begun; it waits before those that are to begin, for
  // they may wait for it.
  bool AdmitBranch(uint64_t bytes, Request& request, Reply& reply);

  // There may be free space now, or an obstacle.
  void NoteSpace() { space_freed_ = true; }
  bool WantsRetry() const { return space_freed_ && !waiting_.empty(); }
  // If there was a NoteSpace, has those that wait handled, until one has to go on waiting.
  void Retry(const std::function<void(Request&, Reply)>& handle);
  // Refuses those that have waited for too long.
  void Expire();
  uint64_t refused() const { return refused_; }

 private:
  bool HasSpace(uint64_t bytes, bool begins, Request& request, Reply& reply);
  void Refuse(const Reply& reply, const std::string& why);

  const EngineOptions& options_;
  const Clock& clock_;
  LogBook& log_book_;
  TimerQueue& timers_;
  struct Waiting {
    Request request;
    Reply reply;
    Monotonic until;
  };
  std::deque<Waiting> waiting_;
  std::optional<Monotonic> retried_until_;  // of the one that is handled again now
  bool space_freed_ = false;                // since they were handled last
  uint64_t refused_ = 0;
};

}  // namespace assent::coordinator
