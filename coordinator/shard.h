// SPDX-License-Identifier: Apache-2.0
// One thread's worth of transactions: the table, the timers, and every transition of each
// transaction.
//
// The shard steps the protocol core and carries its effects out: records to the log, calls to the
// resource managers, answers to clients. Requests, votes, deadlines, durable records, what a scan
// found: all of it passes here, one at a time, so there is no lock on a transaction and no race
// between its deadline and its commit.
//
// Contract: the owner calls one function at a time (an engine thread, or a simulation), and calls
// RunTimers when NextTimer is due. Resource managers may complete a call inside Submit; the owner
// queues that and hands it in later. Durability: nothing is told or sent on the strength of a
// record before OnDurable has covered its LSN. Threads: none of its own; not thread-safe.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/random.h"
#include "coordinator/first_scan.h"
#include "coordinator/options.h"
#include "coordinator/outcomes.h"
#include "coordinator/requests.h"
#include "coordinator/timers.h"
#include "coordinator/transaction.h"
#include "log/decision_log.h"
#include "tcc/port.h"
#include "xa/port.h"

namespace assent::coordinator {

// The log as the shard sees it.
class LogPort {
 public:
  virtual ~LogPort() = default;
  virtual log::Lsn Append(std::string payload, log::Urgency urgency) = 0;
  virtual void Release(const std::vector<log::Lsn>& lsns) = 0;
  virtual uint64_t RoomBytes() const = 0;
  // Make RoomBytes so much, if that can be; OnSpace follows. Obstacle: why it cannot; empty: it
  // can.
  virtual void Want(uint64_t bytes) = 0;
  virtual std::string Obstacle() const = 0;
};

// What was rebuilt from the log before the shard runs.
struct Restored {
  std::vector<std::unique_ptr<Entry>> unfinished;  // atomic.decision is set; record LSNs too
  std::vector<Ended> ended;                        // oldest first
  ForgottenMark forgotten;
  log::Lsn forgotten_lsn = 0;
  struct Identity {
    std::string identity;
    core::Gtrid last_before;  // orphans up to here belong to the one before
    uint64_t position = 0;    // of its log, when it was last seen by this process; 0: not yet
    log::Lsn lsn = 0;
  };
  std::map<std::string, Identity> identities;  // by resource
};

enum class FatalReason { kLogFailed, kStaleLog };

struct ShardContext {
  EngineOptions options;
  const Clock* clock = nullptr;
  Random* random = nullptr;
  LogPort* log = nullptr;
  log::Identity identity;
  std::map<std::string, xa::ResourceManager*> resources;
  tcc::Partners* partners = nullptr;  // none: no request may name one
  std::string coordinator_url;        // where a partner finds us; empty: partners are not told
  bool await_first_scans = false;     // scans are judged: see first_scan.h
  // The process must end without answering anybody; does not return in the daemon.
  std::function<void(FatalReason, const std::string&)> fatal;
};

struct ShardCounters {
  uint64_t begun = 0, committed = 0, rolled_back = 0, refused_busy = 0;
  uint64_t open = 0;
};

class Shard {
 public:
  explicit Shard(ShardContext context);
  ~Shard();

  // The room in the log without which not even a sole transaction is admitted.
  static uint64_t LeastRoomBytes(const EngineOptions& options) {
    return kRoomAlways + kRoomForOne + options.branches * kRoomForBranch;
  }

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
  bool IsLive(const core::Gtrid& gtrid) const { return Find(gtrid) != nullptr; }
  // What a branch of a live transaction has ended with; none: it has not ended, or is not live.
  core::Decision EndedAs(const xa::Xid& xid) const;
  const Ended* History(const core::Gtrid& gtrid) const { return outcomes_.ByGtrid(gtrid); }
  const ForgottenMark& Forgotten() const { return outcomes_.mark(); }
  const log::Identity& identity() const { return context_.identity; }
  core::Gtrid LastGtrid() const;
  // Notes which server a resource is; answers what was noted, after the change.
  const Restored::Identity& NoteIdentity(const std::string& resource, const xa::ServerStamp& stamp);
  // Has the rows of earlier incarnations purged from the resource's witness table, but for those of
  // what was unfinished when this process started: of a transaction that has ended since, the end
  // may not be durable yet. False: there is no witness table as yet.
  bool PurgeOldWitnesses(const std::string& resource);
  struct ScanSummary {
    uint64_t in_doubt = 0;  // ours, listed
    uint64_t foreign = 0;
    WallTime at;
  };
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

  const ShardCounters& counters() const { return counters_; }
  size_t records_waiting() const { return pending_.size(); }  // for the disk
  size_t outcomes_kept() const { return outcomes_.size(); }
  size_t timers() const { return timers_.size(); }  // disarmed ones too

 private:
  static constexpr uint64_t kFirstRestored = uint64_t{1}
                                             << 63;  // handles of what an older incarnation began
  static constexpr uint8_t kWaiter = 100;
  static constexpr uint8_t kSweep = 101;
  static constexpr uint8_t kSpace = 102;
  // What the decision and end records of one transaction may take on the disk, whole sectors
  // counted.
  static constexpr uint64_t kRoomForOne = 4 * log::kSectorBytes;
  static constexpr uint64_t kRoomForBranch = 384;
  static constexpr uint64_t kRoomAlways = 64 * 1024;

  // admission.cc. `request` and `reply` are moved away where the result is false: it was refused,
  // or it waits for free space in the log and is handled again. `room`: what the partners of this
  // request take in the log beside its branches.
  bool Admit(uint64_t room, Request& request, Reply& reply);
  bool HasSpace(uint64_t bytes, bool begins, Request& request, Reply& reply);
  void RetryWaiting();
  void ExpireWaiting();

  // requests.cc
  void Handle(Request& request, Reply reply);
  void Execute(Request& request, Reply reply);
  void Begin(Request& request, Reply reply);
  void Enlist(Request& request, Reply reply);
  void Run(Request& request, Reply reply);
  void Commit(Request& request, Reply reply);
  void RollBack(Request& request, Reply reply);
  void RollBackUnknown(Request& request, Reply reply);
  void Get(Request& request, Reply reply);
  void List(const Request& request, const Reply& reply);
  bool KnowsResource(const std::string& name) const;
  void Resources(const Reply& reply);
  // Answers a request for a gid that is known already; false: it is new.
  bool Join(Request& request, Reply& reply);
  // The transaction of `gid`, if it is there and the header names it; else the reply is given.
  Entry* Current(const Request& request, const Reply& reply, bool header_needed);
  bool Expired(std::optional<WallTime> issued_at, bool unknown_counts) const;
  std::optional<v1::Transaction> EndedView(const std::string& gid) const;
  Answer AnswerOutcomeOrView(const Entry& entry) const;
  void AddBranch(Entry& entry, BranchPlan& branch);
  static core::BranchSpec SpecOf(BranchPlan& plan, bool is_partner);
  void JoinBranch(Entry& entry, uint32_t index, const BranchPlan& plan, Reply& reply);
  core::Cause ClientCause(const Request& request) const;

  // shard.cc
  Entry& Make(const std::string& gid, const std::string& fingerprint, Duration deadline);
  Entry* Find(const core::Gtrid& gtrid) const;
  Entry* Find(uint64_t handle) const;
  Entry* FindGid(const std::string& gid) const;
  uint64_t HandleOf(const core::Gtrid& gtrid) const;
  void AddWaiter(Entry& entry, Waiter::For kind, uint32_t branch, std::optional<Duration> wait,
                 Reply reply, uint64_t ticket = 0);
  void Step(Entry& entry, const core::Event& event);
  void Remember(Entry& entry);
  core::Cause Stamped(core::Cause cause) const;
  void OnVote(Entry& entry, uint32_t index, xa::Completion& completion);
  void OnAck(Entry& entry, uint32_t index, const xa::Completion& completion);
  core::Ack JudgeFind(const Entry& entry, uint32_t index, const xa::Completion& completion,
                      std::string& detail);
  uint64_t& GenerationOf(Entry& entry, core::Timer timer, uint32_t branch);
  core::TimerFired Fired(const Entry& entry, core::Timer timer, uint32_t branch) const;
  void WaiterIsDue(Entry& entry, uint64_t id);
  bool IsDead(const Due& due);
  void KeepRecent(std::unique_ptr<Entry> entry);
  void Sweep();
  void PurgeWitnesses();
  void SendAll(const std::string& resource, std::vector<xa::Call> calls);
  void SendFreedPartners();
  static bool IsRecovered(const Entry& entry) { return entry.handle >= kFirstRestored; }
  void DrainSelf();  // completions of calls that never left
  uint64_t RoomOf(const Entry& entry) const {
    return kRoomForOne + entry.work.size() * kRoomForBranch + entry.room;
  }

  // partners.cc
  void Vote(Request& request, Reply reply);
  void JoinPartner(Entry& entry, uint32_t index, const BranchPlan& plan, Reply& reply);
  void CallPartner(Entry& entry, uint32_t index, core::Operation operation);
  void OnTry(Entry& entry, uint32_t index, const tcc::Completion& completion);
  void OnPhaseTwo(Entry& entry, uint32_t index, const tcc::Completion& completion);
  void MoveHorizon();

  // effects.cc
  void Carry(Entry& entry, const core::Effect& effect);
  void CarryAppend(Entry& entry, const core::Append& effect);
  void CarryCall(Entry& entry, const core::Call& effect);
  void CarryArm(Entry& entry, const core::Arm& effect);
  void CarryReply(Entry& entry, const core::Reply& effect);
  void AnswerWaiters(Entry& entry, bool ended);
  Answer AnswerFor(const Waiter& waiter, const Entry& entry) const;
  Answer AnswerRun(const Entry& entry, uint32_t branch) const;
  // Of the results that are held, those of `branch` left out.
  static uint64_t ResultBytes(const Entry& entry, uint32_t branch);
  void LogTransitions(Entry& entry);

  ShardContext context_;
  std::unordered_map<uint64_t, std::unique_ptr<Entry>> table_;
  std::unordered_map<core::Gtrid, uint64_t, core::GtridHash> recovered_;  // of older incarnations
  std::unordered_map<std::string, uint64_t> by_gid_;                      // client-named
  Outcomes outcomes_;
  std::map<std::string, Restored::Identity> identities_;
  std::map<std::string, ScanSummary> scans_;
  std::map<std::string, std::vector<xa::Xid>> unfinished_at_start_;  // by resource
  log::Lsn mark_lsn_ = 0;
  log::Lsn durable_ = 0;
  struct Witnessed {
    log::Lsn end;  // purged once this is durable
    xa::ResourceManager* resource;
    xa::Xid xid;
  };
  std::deque<Witnessed> witnessed_;
  struct Unended {  // with partners; a restart would tell them once more
    log::Lsn end;   // until this is durable
    WallTime begun_at;
  };
  std::deque<Unended> unended_;
  std::map<xa::ResourceManager*, bool> has_witness_;  // as of the last sweep

  TimerQueue timers_;
  struct Pending {
    log::Lsn lsn;
    uint64_t handle;
    uint64_t ticket;
  };
  std::deque<Pending> pending_;  // ascending
  core::Effects effects_;
  WallTime now_;  // of the transition that is being logged
  struct Recent {
    std::unique_ptr<const Entry> entry;
    size_t bytes;
  };
  std::deque<Recent> recent_order_;
  size_t recent_bytes_ = 0;
  std::unordered_map<std::string, const Entry*> recent_;  // owned by recent_order_
  std::deque<xa::Completion> self_completions_;
  bool draining_ = false;
  FirstScan first_scan_{self_completions_};
  std::unordered_map<uint64_t, std::pair<uint64_t, uint32_t>> partner_calls_;  // handle and branch
  WallTime horizon_;                        // what is unfinished began no earlier
  uint64_t room_spoken_for_ = kRoomAlways;  // by all that is open
  struct WaitsForSpace {
    Request request;
    Reply reply;
    Monotonic until;
  };
  std::deque<WaitsForSpace> waiting_for_space_;
  std::optional<Monotonic> retried_until_;  // of the one that is handled again now
  bool space_freed_ = false;                // since they were handled last
  uint64_t next_sequence_ = 1;
  uint64_t next_restored_ = kFirstRestored;
  uint64_t next_waiter_ = 1;
  uint64_t next_generation_ = 1;
  uint64_t next_call_ = 1;
  ShardCounters counters_;
};

}  // namespace assent::coordinator
