// SPDX-License-Identifier: Apache-2.0
// A bounded pool of connections to the partner's database.
//
// Contract: a Lease owns a session with an open local transaction. Its destructor rolls back the
// transaction if it is still open, and returns the session to the pool. A connection that was lost
// in the pool is detected at Begin and replaced, so that no call fails after a database restart.
// All leases must be destroyed before the pool.
// Errors: kUnavailable if no connection was free in time, or the database is not reachable.
// Threads: any; each Lease is used on one thread.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "client/partner/session.h"

namespace assent::partner {

class Sessions {
 public:
  class Lease {
   public:
    Lease(Lease&& other) noexcept = default;
    ~Lease();
    Session& operator*() const { return *session_; }
    Session* operator->() const { return session_.get(); }

   private:
    friend class Sessions;
    Lease(Sessions& pool, std::unique_ptr<Session> session)
        : pool_(&pool), session_(std::move(session)) {}

    Sessions* pool_;
    std::unique_ptr<Session> session_;
  };

  Sessions(Opener open, size_t most) : open_(std::move(open)), most_(most) {}

  Result<Lease> Begin(Duration patience);

 private:
  Result<std::unique_ptr<Session>> Take(Duration patience);
  void GiveBack(std::unique_ptr<Session> session);  // null: the connection was closed

  const Opener open_;
  const size_t most_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::unique_ptr<Session>> idle_;
  size_t taken_ = 0;
};

}  // namespace assent::partner
