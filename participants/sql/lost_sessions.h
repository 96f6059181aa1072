// SPDX-License-Identifier: Apache-2.0
// Sessions whose connection was lost while they held a branch. Each must be confirmed gone before
// its branch is touched from another session.
//
// MariaDB answers "unknown XID" for a branch that another session still holds, and a prepare that
// was in flight may still arrive. An entry stays until its session is gone or its branch has ended.
// Threads: any.
#pragma once

#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

#include "participants/sql/session.h"

namespace assent::sql {

class LostSessions {
 public:
  void Add(const xa::Xid& xid, SessionId id) {
    const std::lock_guard lock(mutex_);
    sessions_[xid] = std::move(id);
  }
  std::optional<SessionId> Find(const xa::Xid& xid) const {
    const std::lock_guard lock(mutex_);
    const auto found = sessions_.find(xid);
    if (found == sessions_.end()) return std::nullopt;
    return found->second;
  }
  void Remove(const xa::Xid& xid) {
    const std::lock_guard lock(mutex_);
    sessions_.erase(xid);
  }

 private:
  mutable std::mutex mutex_;
  std::unordered_map<xa::Xid, SessionId, xa::XidHash> sessions_;
};

}  // namespace assent::sql
