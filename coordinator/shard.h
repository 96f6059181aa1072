// SPDX-License-Identifier: Apache-2.0
// One thread's worth of transactions: steps each of them, and carries out what that asks for.
//
// The shard steps the protocol core and runs its effects: records to the log, calls to the
// participants, answers to clients, timers. Requests, votes, deadlines, durable records, what a
// scan found: all of it passes here, one at a time, so there is no lock on a transaction and no
// race between its deadline and its commit. What it consists of:
//
//   TransactionTable         the transactions in flight, and those that have ended
//   RequestHandlers          what each route does; Admission says who may begin
//   Waiters                  who waits for an answer
//   LogBook                  records, and the space that is reserved for them
//   Witnesses                the rows of the witness tables
//   XaBranches, TccBranches  one for each kind of branch: its calls, and what comes back
//
// Contract: the owner calls one function at a time (an engine thread, or a simulation), and calls
// RunTimers when NextTimer is due. Resource managers may complete a call inside Submit; the owner
// queues that and hands it in later. Durability: nothing is told or sent on the strength of a
// record before OnDurable has covered its LSN. Threads: none of its own; not thread-safe.
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
  void EndWait(const std::string& gid, uint64_t ticket);  // a kGet is answered now
  void OnCompletion(xa::Completion completion);
  void OnCompletion(tcc::Completion completion);
  void OnDurable(log::Lsn up_to);
  void OnHealth(const std::string& resource, xa::Health health);
  void OnPressure(log::Lsn below);  // copy forward what is needed of records below
  void OnSpace();                   // there may be more free space in the log, or an obstacle
  void RunTimers();
  Monotonic NextTimer() const { return timers_.empty() ? kNever : timers_.top().at; }

  // ---- What recovery asks and tells (recovery/) ----
  bool IsLive(const core::Gtrid& gtrid) const { return table_.Find(gtrid) != nullptr; }
  // What a branch of a live transaction has ended with; none: it has not ended, or is not live.
  core::Decision EndedAs(const xa::Xid& xid) const { return table_.EndedAs(xid); }
  const Ended* History(const core::Gtrid& gtrid) const { return table_.outcomes().ByGtrid(gtrid); }
  const ForgottenMark& Forgotten() const { return table_.outcomes().mark(); }
  const log::Identity& identity() const { return context_.identity; }
  core::Gtrid LastGtrid() const { return table_.LastGtrid(); }
  // Notes which server a resource is; answers what was noted, after the change.
  const Restored::Identity& NoteIdentity(const std::string& resource, const xa::ServerStamp& stamp);
  // Has the rows of earlier incarnations purged from the resource's witness table, but for those of
  // what was unfinished when this process started: of a transaction that has ended since, the end
  // may not be durable yet. False: there is no witness table as yet.
  bool PurgeOldWitnesses(const std::string& resource) {
    return witnesses_.PurgeOld(resource, context_.identity);
  }
  using ScanSummary = coordinator::ScanSummary;
  // A scan has been judged, and this process is none that must stop.
  void NoteScan(const std::string& resource, ScanSummary summary);
  // It failed; `standby`: it says nothing of what is not there.
  void NoteFailedScan(const std::string& resource, bool standby, const std::string& why);
  // A resource is back that has not been scanned yet.
  std::function<void(const std::string& resource)> on_scan_wanted;
  // Calls for branches that no transaction in the table owns.
  void SubmitOrphan(const std::string& resource, xa::Call call);
  std::function<void(const xa::Completion&)> on_orphan;
  void Fatal(FatalReason reason, const std::string& message) { context_.fatal(reason, message); }
  const Clock& clock() const { return *context_.clock; }

  // ---- Figures ----
  ShardCounters counters() const;
  size_t records_waiting() const { return log_book_.records_waiting(); }  // for the disk
  size_t timers() const { return timers_.size(); }                        // disarmed ones too

 private:
  // Every input that steps a transaction runs in here: what it leaves behind (answers to calls that
  // never left, requests that may find space now) is handled before it returns.
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
  void CarryCall(Entry& entry, const core::Call& effect);
  void CarryArm(Entry& entry, const core::Arm& effect);
  void CarryReply(Entry& entry, const core::Reply& effect);
  void Forget(Entry& entry);

  void Fire(const Due& due);
  bool IsDead(const Due& due) const;
  void Sweep();

  ShardContext context_;
  TimerQueue timers_;
  std::deque<xa::Completion> unsent_;  // answers to calls that never left
  TransactionTable table_;
  LogBook log_book_;
  ResourceIdentities identities_;
  Waiters waiters_;
  Witnesses witnesses_;
  FirstScan first_scan_{unsent_};
  std::map<std::string, ScanSummary> scans_;  // the last one of each resource
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
