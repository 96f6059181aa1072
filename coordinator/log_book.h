// SPDX-License-Identifier: Apache-2.0
// The shard's bookkeeping of the decision log: the records of each transaction, the records that
// are not durable yet, and the space reserved for transactions in flight.
//
// Contract: TakeDurable returns each record that was appended with a ticket, in ascending order,
// and only after Durable was called with its LSN or a higher one. Every transaction in flight has
// reserved the space for its decision and end records. A record is released when it is no longer
// needed; CopyForward writes again the old records that are still needed. Units: bytes on disk, in
// whole sectors. Threads: the shard's only.
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

  // Appends the record and stores its LSN in the entry. CHECKs before a commit record that every
  // vote is yes.
  void Append(Entry& entry, const core::Append& effect);
  struct Waiting {  // a record that is not durable yet
    log::Lsn lsn;
    uint64_t handle;
    uint64_t ticket;
  };
  void Durable(log::Lsn up_to) { durable_ = up_to; }
  std::optional<Waiting> TakeDurable();
  log::Lsn durable() const { return durable_; }
  size_t records_waiting() const { return waiting_.size(); }
  // The transaction has ended: releases its heuristic, open and enlist records.
  void ReleaseBranchRecords(const Entry& entry);
  void Release(log::Lsn lsn);  // 0: none

  // ---- Free space ----

  // With less than this, not even a single transaction is admitted.
  static uint64_t LeastFreeBytes(const EngineOptions& options) {
    return kAlways + BytesForNew(options);
  }
  // The most that a new transaction needs, without the payloads of its partners.
  static uint64_t BytesForNew(const EngineOptions& options) {
    return kForOne + options.branches * kForBranch;
  }
  static uint64_t BytesForBranch(const Partner* partner) {
    return kForBranch + (partner != nullptr ? partner->HeldBytes() : 0);
  }
  void Reserve(Entry& entry);  // includes its present branches
  void ReserveBranch(Entry& entry, const Partner* partner);
  void Unreserve(const Entry& entry);
  // Whether this many bytes are free beside the reserved ones.
  bool HasSpace(uint64_t bytes) const { return log_.FreeBytes() >= reserved_ + bytes; }
  // Both as in log/decision_log.h.
  void Want(uint64_t bytes) { log_.Want(reserved_ + bytes); }
  std::string Obstacle() const { return log_.Obstacle(); }

  // ---- Forgetting and copying forward ----

  void RestoreMark(log::Lsn lsn) { mark_lsn_ = lsn; }
  // Drops expired outcomes. Appends the mark to the log before it releases the records that the
  // mark replaces.
  void ForgetOutcomes(Outcomes& outcomes);
  // Appends again the records with LSNs below this one that are still needed, and releases the old.
  void CopyForward(log::Lsn below, std::map<std::string, Restored::Identity>& identities,
                   TransactionTable& table);

 private:
  class Copier;

  static constexpr uint64_t kForOne = 4 * log::kSectorBytes;  // decision and end of a transaction
  static constexpr uint64_t kForBranch = 384;                 // in addition, for each branch
  static constexpr uint64_t kAlways = 64 * 1024;              // never given to a transaction

  log::Lsn AppendOne(Entry& entry, const core::Append& effect, log::Urgency urgency);

  LogPort& log_;
  const Clock& clock_;
  log::Lsn durable_ = 0;
  log::Lsn mark_lsn_ = 0;  // of the record of the forgotten mark
  std::deque<Waiting> waiting_;
  uint64_t reserved_ = kAlways;
};

}  // namespace assent::coordinator
