// SPDX-License-Identifier: Apache-2.0
// The shard: owns transactions and steps them, one event at a time.
//
// It steps the protocol core and runs its effects: records to the log, calls to the participants,
// answers to clients, timers. Requests, votes, deadlines, durable records and scan results all
// arrive here, one at a time, so a transaction needs no lock and its deadline cannot race with its
// commit. Its parts:
//
//   TransactionTable         the transactions in flight, and those that have ended
//   RequestHandlers          a handler for each route; Admission limits new work
//   Waiters                  the clients that wait for an answer
//   LogBook                  records, and the space reserved for them
//   Witnesses                the rows of the witness tables
//   XaBranches, TccBranches  one for each kind of branch: its calls and their completions
//
// Contract: the owner (an engine or a simulation) calls one function at a time, and calls RunTimers
// when NextTimer is due. Resource managers may complete a call inside Submit; the owner queues the
// completion and passes it in later. Durability: no answer or call that depends on a record leaves
// the shard before OnDurable has covered its LSN. Threads: none of its own; not thread-safe.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "coordinator/admission.h"
#include "coordinator/branch_tcc.h"
#include "coordinator/branch_xa.h"
#include "coordinator/context.h"
#include "coordinator/first_scan.h"
#include "coordinator/log_book.h"
#include "coordinator/request_handlers.h"
#include "coordinator/resource_identities.h"
#include "coordinator/restored.h"
#include "coordinator/timers.h"
#include "coordinator/transaction_table.h"
#include "coordinator/waiters.h"
#include "coordinator/witnesses.h"

namespace assent::coordinator {

class Shard {
 public:
  explicit Shard(ShardContext context);
  ~Shard();

  void Restore(Restored restored);

  // ---- Inputs ----
  void OnRequest(Request request, Reply reply);           // validated (validate.h)
  void EndWait(const std::string& gid, uint64_t ticket);  // answers a waiting kGet now
  void OnCompletion(xa::Completion completion);
  void OnCompletion(tcc::Completion completion);
  void OnDurable(log::Lsn up_to);
  void OnHealth(const std::string& resource, xa::Health health);
  void OnPressure(log::Lsn below);  // copies forward the records below that are still needed
  void OnSpace();                   // the log may have more free space, or an obstacle
  void RunTimers();
  Monotonic NextTimer() const { return timers_.empty() ? kNever : timers_.top().at; }

  // ---- For recovery/ ----
  bool IsLive(const core::Gtrid& gtrid) const { return table_.Find(gtrid) != nullptr; }
  // How a branch of a live transaction ended; kNone: it has not ended, or is not live.
  core::Decision EndedAs(const xa::Xid& xid) const { return table_.EndedAs(xid); }
  const Ended* History(const core::Gtrid& gtrid) const { return table_.outcomes().ByGtrid(gtrid); }
  const ForgottenMark& Forgotten() const { return table_.outcomes().mark(); }
  const log::Identity& identity() const { return context_.identity; }
  core::Gtrid LastGtrid() const { return table_.LastGtrid(); }
  // Records which server a resource is, and returns the record.
  const Restored::Identity& NoteIdentity(const std::string& resource, const xa::ServerStamp& stamp);
  // Purges the rows of earlier incarnations from the resource's witness table, except those of
  // transactions that were unfinished when this process started: even if such a transaction has
  // ended since, its end may not be durable yet. False: the resource has no witness table yet.
  bool PurgeOldWitnesses(const std::string& resource) {
    return witnesses_.PurgeOld(resource, context_.identity);
  }
  using ScanSummary = coordinator::ScanSummary;
  // A scan has been judged, and did not show that the log is stale.
  void NoteScan(const std::string& resource, ScanSummary summary);
  // A scan failed. `standby`: the server is a standby, whose list proves nothing.
  void NoteFailedScan(const std::string& resource, bool standby, const std::string& why);
  // Called when a resource that has not been scanned yet answers again.
  std::function<void(const std::string& resource)> on_scan_wanted;
  // Submits a call for a branch that no transaction in the table owns; `on_orphan` receives the
  // completion.
  void SubmitOrphan(const std::string& resource, xa::Call call);
  std::function<void(const xa::Completion&)> on_orphan;
  void Fatal(FatalReason reason, const std::string& message) { context_.fatal(reason, message); }
  const Clock& clock() const { return *context_.clock; }

  // A gtrid that no transaction gets.
  core::Gtrid TakeGtrid() { return table_.TakeGtrid(); }

  // ---- Counters ----
  ShardCounters counters() const;
  size_t records_waiting() const { return log_book_.records_waiting(); }  // not durable yet
  size_t timers() const { return timers_.size(); }                        // including disarmed ones

 private:
  // Runs an input that steps a transaction, and then handles what it left: answers to calls that
  // were not sent, and requests that may now find space.
  template <typename F>
  void Take(F&& input) {
    input();
    if (std::exchange(settling_, true)) return;
    Settle();
    settling_ = false;
  }
  void Settle();

  void Step(Entry& entry, const core::Event& event);
  void Carry(Entry& entry, const core::Effect& effect);
  void SubmitCall(Entry& entry, const core::Call& effect);
  void PushTimer(Entry& entry, const core::Arm& effect);
  void AnswerWaiters(Entry& entry, const core::Reply& effect);
  void Forget(Entry& entry);

  void Fire(const Due& due);
  bool IsDead(const Due& due) const;
  void Sweep();

  ShardContext context_;
  TimerQueue timers_;
  std::deque<xa::Completion> unsent_;  // answers to calls that were not sent
  TransactionTable table_;
  LogBook log_book_;
  ResourceIdentities identities_;
  Waiters waiters_;
  Witnesses witnesses_;
  FirstScan first_scan_{unsent_};
  std::map<std::string, ScanSummary> scans_;  // the last scan of each resource
  XaBranches xa_;
  TccBranches tcc_;
  Admission admission_;
  RequestHandlers handlers_;

  core::Effects effects_;
  bool settling_ = false;
  uint64_t next_generation_ = 1;
  uint64_t next_call_ = 1;
};

}  // namespace assent::coordinator
