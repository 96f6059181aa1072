// SPDX-License-Identifier: Apache-2.0
// Branches of partners (try, confirm, cancel): sends their calls to the port of tcc/ and turns
// completions into events of the core.
//
// Contract: a branch has at most one call in flight. The caller passes a completion first to Take,
// which returns its branch, then to ToEvent, and steps the core with the event. Every call carries
// the horizon: partners keep the barrier rows of transactions that began at or after it. Threads:
// the shard's only.
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

  // `number` identifies the call in its completion.
  void Call(Entry& entry, const core::Call& effect, uint64_t number);
  void Cancel(const Entry& entry, uint32_t branch);
  // Submits calls that have waited for first scans.
  void Send(std::vector<tcc::Call> calls) const;

  // ---- Completions ----

  struct Called {
    Entry& entry;
    uint32_t branch;
  };
  Called Take(const tcc::Completion& completion);
  core::Event ToEvent(Entry& entry, uint32_t branch, const tcc::Completion& completion) const;
  // Whether the branch voted yes and the transaction is not rolling back, so that the client that
  // enlisted the branch can be answered.
  static bool CanAnswerEnlist(const Entry& entry, uint32_t branch);

  // ---- The horizon ----

  // The transaction has ended; entry.end_record has been appended.
  void NoteEnded(const Entry& entry);
  // Moves the horizon to the begin of the oldest transaction that is in flight or whose end is not
  // durable: a restart would call its partners again.
  void MoveHorizon(log::Lsn durable);

 private:
  core::Event ToVoted(Entry& entry, uint32_t branch, const tcc::Completion& completion) const;
  core::Event ToAcked(Entry& entry, uint32_t branch, const tcc::Completion& completion) const;

  const ShardContext& context_;
  const TransactionTable& table_;
  FirstScan& first_scan_;
  std::unordered_map<uint64_t, std::pair<uint64_t, uint32_t>> calls_;  // handle and branch
  struct Unended {
    log::Lsn end;  // counts until this is durable
    WallTime begun_at;
  };
  std::deque<Unended> unended_;
  WallTime horizon_;
};

}  // namespace assent::coordinator
