// SPDX-License-Identifier: Apache-2.0
// What has ended and must still be known: outcomes by gid and by gtrid, for an hour or the last
// million.
//
// Contract: kept are the outcomes of client-named gids (so that the same gid gives the same
// outcome, also after a crash) and the commits of all that prepared (so that a branch which comes
// back from the dead is committed, not rolled back). What has been forgotten is remembered as a
// mark: at or below `highest_forgotten`, absence proves nothing. Threads: the shard's only.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "core/gtrid.h"
#include "core/types.h"
#include "log/format.h"

namespace assent::coordinator {

struct Ended {
  core::Gtrid gtrid;
  std::string gid;  // empty: made by the coordinator
  std::string fingerprint;
  core::Outcome outcome = core::Outcome::kUndecided;
  core::Cause cause;
  std::string cause_branch;  // its name
  WallTime begun_at, ended_at;
  Monotonic ended_mono;  // in this process; 0: before it
  Monotonic kept_since;  // its age is counted from here: its end, or the start of this process
  log::Lsn lsn = 0;      // of the record that holds it; 0: none
};

struct ForgottenMark {
  std::optional<core::Gtrid> up_to;
  WallTime youngest;  // end of the youngest outcome forgotten
};

class Outcomes {
 public:
  Outcomes(Duration max_age, uint64_t max_count) : max_age_(max_age), max_count_(max_count) {}

  const Ended* ByGid(const std::string& gid) const;
  const Ended* ByGtrid(const core::Gtrid& gtrid) const;
  void Add(Ended ended);
  // A gid whose transaction ended before is about to be kept anew, under another record.
  void Moved(const core::Gtrid& gtrid, log::Lsn lsn);

  // Drops what has been kept for too long (a wall clock that jumps makes nothing old) or is too
  // many. Returns the records that may be released; the mark has moved if any was.
  std::vector<log::Lsn> Expire(Monotonic now);
  const ForgottenMark& mark() const { return mark_; }
  void SetMark(const ForgottenMark& mark) { mark_ = mark; }

  // Everything kept, oldest first.
  template <typename F>
  void ForEach(F&& visit) const {
    for (const auto& ended : order_) visit(*ended);
  }
  // The last `count` that ended, youngest first.
  template <typename F>
  void ForEachRecent(size_t count, F&& visit) const {
    for (auto next = order_.rbegin(); next != order_.rend() && count > 0; ++next, --count) {
      visit(**next);
    }
  }
  size_t size() const { return order_.size(); }

 private:
  Duration max_age_;
  uint64_t max_count_;
  ForgottenMark mark_;
  std::deque<std::unique_ptr<Ended>> order_;
  std::unordered_map<core::Gtrid, Ended*, core::GtridHash> by_gtrid_;
  std::unordered_map<std::string, Ended*> by_gid_;
};

}  // namespace assent::coordinator
