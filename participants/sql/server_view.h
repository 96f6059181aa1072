// SPDX-License-Identifier: Apache-2.0
// What a resource knows of its server at this moment: health, the last probe, early sessions.
//
// Threads: any; nothing blocks longer than a copy takes.
#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "participants/sql/session.h"
#include "xa/port.h"

namespace assent::sql {

class ServerView {
 public:
  xa::Health health() const { return health_.load(std::memory_order_acquire); }
  bool up() const { return health() == xa::Health::kUp; }
  bool witness() const { return witness_.load(std::memory_order_acquire); }
  std::shared_ptr<const Probe> probe() const {  // never null
    const std::lock_guard lock(mutex_);
    return probe_;
  }
  std::string detail() const {
    const std::lock_guard lock(mutex_);
    return detail_;
  }

  void SetProbe(Probe probe) {
    const std::lock_guard lock(mutex_);
    witness_.store(probe.witness, std::memory_order_release);
    latest_ = probe.stamp;
    probe_ = std::make_shared<const Probe>(std::move(probe));
  }
  // Returns true if the health has changed.
  bool SetHealth(xa::Health health, std::string detail) {
    {
      const std::lock_guard lock(mutex_);
      detail_ = std::move(detail);
    }
    return health_.exchange(health, std::memory_order_acq_rel) != health;
  }

  // This branch began without a witness row. From then on the absence of a row proves nothing for
  // this branch and for any older one. (A restart forgets this: install the table while nothing is
  // in doubt.)
  void BeganWithoutWitness(const xa::Xid& xid) {
    const std::lock_guard lock(mutex_);
    if (last_without_witness_ < xid) last_without_witness_ = xid;
  }
  bool Witnessed(const xa::Xid& xid) const {
    const std::lock_guard lock(mutex_);
    return probe_->witness && last_without_witness_ < xid;
  }

  // The first session of this process, and the concurrent ones that may have begun before it was
  // noted. Any older session belongs to an earlier process.
  void NoteFirst(const SessionId& id) {
    const std::lock_guard lock(mutex_);
    if (first_.id.empty()) first_ = id;
  }
  bool HasFirst() const {
    const std::lock_guard lock(mutex_);
    return !first_.id.empty();
  }
  void NoteEarly(const SessionId& id) {
    const std::lock_guard lock(mutex_);
    early_.push_back(id);
  }
  std::pair<SessionId, std::vector<SessionId>> Firsts() const {
    const std::lock_guard lock(mutex_);
    return {first_, early_};
  }

  // A connection failed: probe whether the server still answers. Never blocks.
  std::function<void()> suspect;

  void SetStamp(xa::ServerStamp stamp) {
    const std::lock_guard lock(mutex_);
    latest_ = std::move(stamp);
  }
  // The server that a session is connected to: what the session reported, completed by what has
  // been learned of the same server since.
  xa::ServerStamp StampOf(const Session& session) const {
    xa::ServerStamp stamp = session.stamp();
    const std::lock_guard lock(mutex_);
    if (stamp.identity.empty()) return latest_;
    if (latest_.identity.empty() || latest_.started_at != stamp.started_at) return stamp;
    if (xa::Compare(stamp.identity, latest_.identity) == xa::Likeness::kOther) return stamp;
    if (latest_.identity.size() > stamp.identity.size()) stamp.identity = latest_.identity;
    stamp.position = std::max(stamp.position, latest_.position);
    return stamp;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Probe> probe_ = std::make_shared<const Probe>();
  xa::ServerStamp latest_;  // of the last probe or list
  std::string detail_;
  xa::Xid last_without_witness_;
  SessionId first_;
  std::vector<SessionId> early_;
  std::atomic<xa::Health> health_{xa::Health::kUnknown};
  std::atomic<bool> witness_{false};
};

}  // namespace assent::sql
