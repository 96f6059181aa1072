// SPDX-License-Identifier: Apache-2.0
// The table of transactions: those in flight, by handle, gtrid and gid; those that ended recently;
// and the outcomes that are kept.
//
// Contract: the table owns every Entry in flight; a pointer or reference to one is valid until
// Forget. The handle of a transaction is its sequence number if this process began it, or a number
// from kFirstRestored if an earlier process did. A client's gid names at most one transaction in
// flight. Threads: the shard's only.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/time.h"
#include "coordinator/options.h"
#include "coordinator/outcomes.h"
#include "coordinator/transaction.h"
#include "log/format.h"
#include "xa/xid.h"

namespace assent::coordinator {

struct ShardCounters {
  uint64_t begun = 0, committed = 0, rolled_back = 0, refused_busy = 0;
  uint64_t open = 0;
};

class TransactionTable {
 public:
  // All three outlive the table.
  TransactionTable(const log::Identity& identity, const EngineOptions& options, const Clock& clock);

  // ---- Make ----

  // A new transaction. If `gid` is empty, its gid is its gtrid. A deadline of zero means none.
  Entry& Make(const std::string& gid, const std::string& fingerprint, Duration deadline);
  // Adds a transaction that an earlier process left unfinished.
  Entry& Adopt(std::unique_ptr<Entry> entry);

  // ---- Find: nullptr if it is not in flight ----

  Entry* Find(uint64_t handle) const;
  Entry* Find(const core::Gtrid& gtrid) const;
  Entry* FindGid(const std::string& gid) const;  // or a gtrid that serves as the gid
  // The transaction with this gid that ended last, with its branches and results, while it is kept.
  const Entry* FindRecent(const std::string& gid) const;
  static bool IsRecovered(const Entry& entry) { return entry.handle >= kFirstRestored; }
  // How a branch of a transaction in flight ended; kNone: it has not ended.
  core::Decision EndedAs(const xa::Xid& xid) const;
  // The gtrid of the youngest transaction that this process has begun.
  core::Gtrid LastGtrid() const;
  // One that no transaction gets.
  core::Gtrid TakeGtrid() {
    ++next_sequence_;
    return LastGtrid();
  }

  // ---- Forget ----

  // Removes a transaction that has ended. Returns true if its outcome is kept, because a client may
  // ask for it: then entry.record must stay in the log. `entry` must not be used afterwards.
  bool Forget(Entry& entry);

  // ---- All ----

  // In no particular order.
  template <typename F>
  void ForEach(F&& visit) const {
    for (const auto& [handle, entry] : in_flight_) visit(*entry);
  }
  // Those that ended recently, oldest first.
  template <typename F>
  void ForEachRecent(F&& visit) const {
    for (const Recent& recent : recent_order_) visit(*recent.entry);
  }
  Outcomes& outcomes() { return outcomes_; }
  const Outcomes& outcomes() const { return outcomes_; }
  const ShardCounters& counters() const { return counters_; }  // without refused_busy

 private:
  static constexpr uint64_t kFirstRestored = uint64_t{1} << 63;

  uint64_t HandleOf(const core::Gtrid& gtrid) const;
  void SetRetries(core::AtomicSettings& settings) const;
  bool KeepOutcome(const Entry& entry);
  void KeepRecent(std::unique_ptr<Entry> entry);

  const log::Identity& identity_;
  const EngineOptions& options_;
  const Clock& clock_;
  std::unordered_map<uint64_t, std::unique_ptr<Entry>> in_flight_;
  std::unordered_map<core::Gtrid, uint64_t, core::GtridHash> recovered_;  // of earlier incarnations
  std::unordered_map<std::string, uint64_t> by_gid_;                      // client-named
  Outcomes outcomes_;
  struct Recent {
    std::unique_ptr<const Entry> entry;
    size_t bytes;
  };
  std::deque<Recent> recent_order_;
  size_t recent_bytes_ = 0;
  std::unordered_map<std::string, const Entry*> recent_;  // owned by recent_order_
  uint64_t next_sequence_ = 1;
  uint64_t next_restored_ = kFirstRestored;
  ShardCounters counters_;
};

}  // namespace assent::coordinator
