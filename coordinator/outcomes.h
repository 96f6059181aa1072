// SPDX-License-Identifier: Apache-2.0
// The outcomes of ended transactions, by gid and by gtrid, bounded by age and count (by default one
// hour and one million).
//
// Contract: keeps the outcome of each client-named gid, so that the same gid gives the same outcome
// even after a crash, and each commit after a prepare, so that a resurrected branch is committed,
// not rolled back. A mark records what has been forgotten: for a gtrid at or below `mark().up_to`,
// absence proves nothing. Threads: the shard's only.
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
  std::string cause_branch;  // the name of the branch that caused the roll-back
  WallTime begun_at, ended_at;
  Monotonic ended_mono;  // 0: before this process started
  Monotonic kept_since;  // the age counts from here: the end, or the start of this process
  log::Lsn lsn = 0;      // of its record; 0: none
};

struct ForgottenMark {
  std::optional<core::Gtrid> up_to;
  WallTime youngest;  // when the youngest forgotten transaction ended
};

class Outcomes {
 public:
  Outcomes(Duration max_age, uint64_t max_count) : max_age_(max_age), max_count_(max_count) {}

  const Ended* ByGid(const std::string& gid) const;
  const Ended* ByGtrid(const core::Gtrid& gtrid) const;
  void Add(Ended ended);
  // The record of this outcome was copied to `lsn`.
  void Moved(const core::Gtrid& gtrid, log::Lsn lsn);

  // Drops outcomes that are too old by the monotonic clock, or exceed the count, and moves the
  // mark. Returns the records that may be released.
  std::vector<log::Lsn> Expire(Monotonic now);
  const ForgottenMark& mark() const { return mark_; }
  void SetMark(const ForgottenMark& mark) { mark_ = mark; }

  // Visits all outcomes, oldest first.
  template <typename F>
  void ForEach(F&& visit) const {
    for (const auto& ended : order_) visit(*ended);
  }
  // Visits the `count` outcomes that ended last, youngest first.
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
