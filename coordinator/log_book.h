// SPDX-License-Identifier: Apache-2.0
// What the shard has in the decision log: the records of each transaction, those that somebody
// waits for, and the space that is reserved for what has begun.
//
// Contract: what is appended with a ticket is handed back by TakeDurable once Durable has covered
// it, in ascending order, and never before. Whatever has begun has reserved the space of its
// decision and end records, so it always finds that space. A record is released when nothing needs
// it any more; CopyForward writes again what is needed of old ones. Units: bytes on the disk, whole
// sectors counted. Threads: the shard's only.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "base/time.h"
#include "coordinator/log_port.h"
#include "coordinator/options.h"
#include "coordinator/restored.h"
#include "coordinator/transaction_table.h"
#include "core/effects.h"

namespace assent::coordinator {

class LogBook {
 public:
  // Both outlive it.
  LogBook(LogPort& log, const Clock& clock) : log_(log), clock_(clock) {}

  // ---- Records of transactions ----

  // Appends the record and notes its LSN in the entry. CHECK: a commit record with every vote yes.
  void Append(Entry& entry, const core::Append& effect);
  struct Waiting {  // for the disk
    log::Lsn lsn;
    uint64_t handle;
    uint64_t ticket;
  };
  void Durable(log::Lsn up_to) { durable_ = up_to; }
  std::optional<Waiting> TakeDurable();
  log::Lsn durable() const { return durable_; }
  size_t records_waiting() const { return waiting_.size(); }
  // The transaction has ended: its heuristic, open and enlist records may go.
  void ReleaseBranchRecords(const Entry& entry);
  void Release(log::Lsn lsn);  // 0: none

  // ---- Free space ----

  // Without so much not even a sole transaction is admitted.
  static uint64_t LeastFreeBytes(const EngineOptions& options) {
    return kAlways + BytesForNew(options);
  }
  // What a new transaction may need, its partners' payloads left out.
  static uint64_t BytesForNew(const EngineOptions& options) {
    return kForOne + options.branches * kForBranch;
  }
  static uint64_t BytesForBranch(const Partner* partner) {
    return kForBranch + (partner != nullptr ? partner->HeldBytes() : 0);
  }
  void Reserve(Entry& entry);  // with the branches that it has
  void ReserveBranch(Entry& entry, const Partner* partner);
  void Unreserve(const Entry& entry);
  // Is so much free beside what is reserved?
  bool HasSpace(uint64_t bytes) const { return log_.FreeBytes() >= reserved_ + bytes; }
  void Want(uint64_t bytes) { log_.Want(reserved_ + bytes); }
  std::string Obstacle() const { return log_.Obstacle(); }

  // ---- What stays in the log ----

  void RestoreMark(log::Lsn lsn) { mark_lsn_ = lsn; }
  // Drops what has been kept long enough. The mark is in the log before the records that it stands
  // for may leave it.
  void ForgetOutcomes(Outcomes& outcomes);
  // Appends what is needed of the records below, and releases those.
  void CopyForward(log::Lsn below, std::map<std::string, Restored::Identity>& identities,
                   TransactionTable& table);

 private:
  class Copier;

  // Of the decision and end records of one transaction; of each branch in them; what stays free.
  static constexpr uint64_t kForOne = 4 * log::kSectorBytes;
  static constexpr uint64_t kForBranch = 384;
  static constexpr uint64_t kAlways = 64 * 1024;

  log::Lsn AppendOne(Entry& entry, const core::Append& effect, log::Urgency urgency);

  LogPort& log_;
  const Clock& clock_;
  log::Lsn durable_ = 0;
  log::Lsn mark_lsn_ = 0;  // of the record of the forgotten mark
  std::deque<Waiting> waiting_;
  uint64_t reserved_ = kAlways;
};

}  // namespace assent::coordinator
