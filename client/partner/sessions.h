// SPDX-License-Identifier: Apache-2.0
// A bounded pool of connections to the partner's database.
//
// Contract: a Lease holds a session with a local transaction that has begun, and gives it back when
// it ends; what is still open then is rolled back. A connection that has died in the pool is found
// at its begin and replaced, so that a restart of the database costs no call.
// Errors: kUnavailable: none could be had in time, or the database is not there.
// Threads: any; a Lease belongs to one. All leases end before the pool.
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
  void GiveBack(std::unique_ptr<Session> session);  // null: it is gone

  const Opener open_;
  const size_t most_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::unique_ptr<Session>> idle_;
  size_t taken_ = 0;
};

}  // namespace assent::partner
