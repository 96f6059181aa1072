// SPDX-License-Identifier: Apache-2.0
// Admission control: limits the transactions in flight, and admits new work only if the log has
// free space for the decision and end records of every transaction in flight.
//
// Contract: a transaction that has begun always finds space for its records. New work waits, first
// come first served, for a segment that is being prepared; if no segment will come, it is refused
// with the reason. Retry handles a waiting request again from its beginning, so it may wait again.
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
  // Pushes a kSpaceTimer to `timers` for each waiting request; call Expire when it fires. All
  // arguments outlive this object.
  Admission(const EngineOptions& options, const Clock& clock, LogBook& log_book, TimerQueue& timers)
      : options_(options), clock_(clock), log_book_(log_book), timers_(timers) {}

  // Whether a transaction whose partners need `partner_bytes` may begin while `open` others are in
  // flight. False: the request was refused or waits, and `request` and `reply` are moved from.
  bool Admit(uint64_t open, uint64_t partner_bytes, Request& request, Reply& reply);
  // The same for another branch of a transaction in flight. It waits ahead of new transactions,
  // because they may be waiting for this one to end.
  bool AdmitBranch(uint64_t bytes, Request& request, Reply& reply);

  // The log may have free space now, or an obstacle.
  void NoteSpace() { space_freed_ = true; }
  bool WantsRetry() const { return space_freed_ && !waiting_.empty(); }
  // After a NoteSpace, handles the waiting requests in order until one has to wait again.
  void Retry(const std::function<void(Request&, Reply)>& handle);
  // Refuses the requests that have waited too long.
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
  std::optional<Monotonic> retried_until_;  // the time limit of the request that Retry handles now
  bool space_freed_ = false;                // since the last Retry
  uint64_t refused_ = 0;
};

}  // namespace assent::coordinator
