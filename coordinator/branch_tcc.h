// SPDX-License-Identifier: Apache-2.0
// Branches of partners (try, confirm, cancel): their calls go to the port of tcc/, what comes back
// is an event of the core.
//
// Contract: a branch has at most one call under way. A completion is handed to Take first, which
// says whose it is, then to ToEvent; the caller steps the core with the event. Every call tells the
// horizon: partners keep their barrier's rows of transactions that began no earlier. Threads: the
// shard's only.
#pragma once

#include <cstdint>
#include <deque>
#include <unordered_map>
#include <vector>

#include "coordinator/context.h"
#include "coordinator/first_scan.h"
#include "coordinator/transaction_table.h"

namespace assent::coordinator {

class TccBranches {
 public:
  // All outlive it.
  TccBranches(const ShardContext& context, const TransactionTable& table, FirstScan& first_scan)
      : context_(context), table_(table), first_scan_(first_scan) {}

  // ---- Calls ----

  // `number`: of the call, returned in its completion.
  void Call(Entry& entry, const core::Call& effect, uint64_t number);
  void Cancel(const Entry& entry, uint32_t branch);
  // Submits what has waited for first scans.
  void Send(std::vector<tcc::Call> calls) const;

  // ---- Completions ----

  struct Called {
    Entry& entry;
    uint32_t branch;
  };
  Called Take(const tcc::Completion& completion);
  core::Event ToEvent(Entry& entry, uint32_t branch, const tcc::Completion& completion) const;
  // A yes of a transaction that is not rolling back: whoever has enlisted the branch may go on.
  static bool MayGoOn(const Entry& entry, uint32_t branch);

  // ---- The horizon ----

  // It has ended; entry.end_record has been appended.
  void NoteEnded(const Entry& entry);
  // To the begin of the oldest that is in flight, or has no durable end: a restart would tell its
  // partners once more.
  void MoveHorizon(log::Lsn durable);

 private:
  core::Event ToVoted(Entry& entry, uint32_t branch, const tcc::Completion& completion) const;
  core::Event ToAcked(Entry& entry, uint32_t branch, const tcc::Completion& completion) const;

  const ShardContext& context_;
  const TransactionTable& table_;
  FirstScan& first_scan_;
  std::unordered_map<uint64_t, std::pair<uint64_t, uint32_t>> calls_;  // handle and branch
  struct Unended {
    log::Lsn end;  // until this is durable
    WallTime begun_at;
  };
  std::deque<Unended> unended_;
  WallTime horizon_;
};

}  // namespace assent::coordinator
