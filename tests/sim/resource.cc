// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/resource.h"

#include <algorithm>

#include "xa/flight.h"

namespace assent::sim {

using core::Operation;
using xa::Code;
using namespace std::chrono_literals;

namespace {

constexpr Duration kCallLimit = 10s;
constexpr Duration kOpenLimit = 5s;

bool IsPhaseTwo(Operation operation) {
  return operation == Operation::kCommit || operation == Operation::kRollBack ||
         operation == Operation::kFind || operation == Operation::kForget;
}

}  // namespace

void SimResource::Reset() {
  for (auto& [xid, branch] : branches_) {
    if (branch.session != 0) CutConnection(branch.session, sim_.rng.Chance(faults_.outlives));
  }
  branches_.clear();
  for_slot_.clear();
  in_use_ = 0;
}

void SimResource::NoticeUp() {
  if (process_ != nullptr) process_->DeliverHealth(name());
}

// The server detects a lost connection soon, or only when its own time limit has passed.
void SimResource::CutConnection(Database::Session session, bool late) {
  if (late) sim_.Count(Fault::kSessionOutlives);
  const Duration after = late ? sim_.rng.Between(2s, 60s) : sim_.rng.Between(100us, 20ms);
  sim_.At(after, [this, session] { database_.Disconnect(session); });
}

xa::Completion SimResource::Answer(const xa::Call& call, Code code, const char* detail) const {
  xa::Completion completion;
  completion.call = call.call;
  completion.operation = call.operation;
  completion.xid = call.xid;
  completion.code = code;
  completion.failure.detail = detail;
  completion.stamp = database_.stamp();
  if (sim_.Has(SeededBug::kRowLossIgnored)) completion.stamp.identity = "always the same";
  return completion;
}

void SimResource::Announce(const xa::Call& call) {
  if (on_submit) on_submit(call);
  sim_.Trace(call.xid.gtrid.sequence() * 16 + static_cast<uint64_t>(call.operation), [&] {
    return "coordinator > " + name() + "  " + core::Name(call.operation) + " " +
           call.xid.ToPostgreSql();
  });
}

void SimResource::Submit(xa::Flight flight) {
  process_->BeforeEffect();
  const xa::Call& call = flight.calls.front();
  Announce(call);
  if (sim_.Has(SeededBug::kEndBeforeAcks) && call.operation == Operation::kCommit) {
    auto done = Answer(call, Code::kOk);
    process_->Deliver(done);
    process_->Later(sim_.rng.Between(1ms, 500ms), [this, call] {
      if (Reachable()) database_.Commit(0, call.xid);
    });
    return;
  }
  if (sim_.Has(SeededBug::kReplyBeforeDurable) && call.operation == Operation::kCommit) {
    process_->Later(20ms, [this, call] {
      Branch& branch = branches_[call.xid];
      branch.waiting.push_back({call});
      Pump(call.xid, branch);
    });
    return;
  }
  const xa::Xid xid = call.xid;
  Branch& branch = branches_[xid];
  for (size_t i = 0; i < flight.calls.size(); ++i) {
    branch.waiting.push_back({std::move(flight.calls[i]), i > 0});
  }
  Pump(xid, branch);
}

void SimResource::Pump(const xa::Xid& xid, Branch& branch) {
  if (branch.busy) return;
  if (branch.waiting.empty()) {
    if (branch.session == 0 && !branch.has_slot) branches_.erase(xid);
    return;
  }
  if (branch.waiting.front().follows) Announce(branch.waiting.front().call);
  branch.call = std::move(branch.waiting.front().call);
  branch.waiting.pop_front();
  branch.busy = true;
  branch.cancelled = false;
  branch.under_way = next_number_++;
  Begin(xid, branch);
}

void SimResource::Begin(const xa::Xid& xid, Branch& branch) {
  const xa::Call& call = branch.call;
  const uint64_t number = branch.under_way;
  if (call.operation == Operation::kOpen) {
    if (in_use_ < database_.settings().pool) {
      ++in_use_;
      branch.has_slot = true;
      Open(xid, branch);
      return;
    }
    sim_.Reach(Marker::kPoolWait);
    for_slot_.push_back(xid);
    auto failed = Answer(call, Code::kRbOther, "no connection became free in time");
    failed.failure.reason = core::Reason::kUnavailable;
    failed.failure.may_retry = true;
    process_->Later(kOpenLimit, [this, xid, number, failed] { Complete(xid, number, failed); });
    return;
  }
  if (branch.session == 0 && !IsPhaseTwo(call.operation)) {
    const bool run = call.operation == Operation::kRun;
    auto lost = Answer(call, run ? Code::kRbCommFail : Code::kErRmFail, "the connection is lost");
    lost.failure.reason = core::Reason::kConnectionLost;
    process_->Later(10us, [this, xid, number, lost] { Complete(xid, number, lost); });
    return;
  }
  Send(xid, branch);
}

void SimResource::Open(const xa::Xid& xid, Branch& branch) {
  const uint64_t number = branch.under_way;
  auto answer = Answer(branch.call, Code::kOk);
  if (!Reachable()) {
    answer.code = Code::kRbCommFail;
    answer.failure.reason = core::Reason::kUnavailable;
    process_->Later(50ms, [this, xid, number, answer] { Complete(xid, number, answer); });
    return;
  }
  process_->Later(sim_.rng.Between(20us, 200us), [this, xid, number, answer]() mutable {
    const auto found = branches_.find(xid);
    if (found == branches_.end() || found->second.under_way != number) return;
    found->second.session = database_.Connect();
    found->second.stamp = Answer(found->second.call, Code::kOk).stamp;
    if (found->second.session == 0) {
      answer.code = Code::kRbCommFail;
      answer.failure.reason = core::Reason::kUnavailable;
    }
    Complete(xid, number, answer);
  });
}

// Sends the request, executes it and returns the response, or injects a fault.
void SimResource::Send(const xa::Xid& xid, Branch& branch) {
  Rng& rng = sim_.rng;
  if (!Reachable()) {
    sim_.Count(Fault::kRequestLost);
    return Lose(xid, branch, partitioned ? kCallLimit : Duration(1ms), false, false);
  }
  if (rng.Chance(faults_.request_lost)) {
    sim_.Count(Fault::kRequestLost);
    return Lose(xid, branch, rng.Between(1ms, 100ms), false, false);
  }
  if (rng.Chance(faults_.reply_lost)) {
    sim_.Count(Fault::kReplyLost);
    return Lose(xid, branch, rng.Between(1ms, 100ms), true, false);
  }
  const bool decides = branch.call.operation == Operation::kCommitOnePhase;
  if (rng.Chance(faults_.hangs) || (decides && rng.Chance(faults_.deciding_hangs))) {
    sim_.Count(Fault::kCallHangs);
    return Lose(xid, branch, kCallLimit, true, true);
  }
  Duration way = rng.Between(30us, 500us);
  if (rng.Chance(faults_.slow)) {
    sim_.Count(Fault::kSlowCall);
    way = rng.Between(50ms, 4s);
  }
  const uint64_t number = branch.under_way;
  const Duration back = rng.Between(30us, 300us);
  // The server executes the call even if the coordinator's process ends in the meantime.
  sim_.At(way, [this, xid, number, back, call = branch.call, session = branch.session,
                epoch = process_->epoch()] {
    if (partitioned || (session != 0 && !database_.Alive(session)) || !database_.up()) {
      if (epoch != process_->epoch()) return;
      const auto found = branches_.find(xid);
      if (found == branches_.end() || found->second.under_way != number) return;
      Lose(xid, found->second, 1ms, false, false);
      return;
    }
    auto answer = Carry(call, session);
    if (epoch != process_->epoch()) return;
    process_->Later(back, [this, xid, number, answer] {
      if (!partitioned) return Complete(xid, number, answer);
      const auto found = branches_.find(xid);
      if (found == branches_.end() || found->second.under_way != number) return;
      sim_.Count(Fault::kReplyLost);
      Lose(xid, found->second, kCallLimit, false, false);
    });
  });
}

// No response comes. The call completes as unknown when its time limit has passed or the connection
// is seen to break. The server may still execute the request, even much later.
void SimResource::Lose(const xa::Xid& xid, Branch& branch, Duration after, bool executes,
                       bool long_after) {
  const uint64_t number = branch.under_way;
  const Database::Session session = branch.session;
  if (executes) {
    const Duration when =
        long_after ? kCallLimit + sim_.rng.Between(500ms, 30s) : sim_.rng.Between(30us, 900us);
    const xa::Call call = branch.call;
    const bool commit = call.operation == Operation::kCommit;
    if (long_after && commit && database_.BeginCommit(session, xid)) {
      sim_.At(when, [this, xid] { database_.FinishCommit(xid); });
    } else {
      sim_.At(when, [this, call, session] {
        if (database_.up() && (session == 0 || database_.Alive(session))) Carry(call, session);
      });
    }
    if (session != 0) {
      sim_.At(when + 1us, [this, session] { CutConnection(session, false); });
    }
  } else if (session != 0) {
    CutConnection(session, sim_.rng.Chance(faults_.outlives));
  }
  branch.session = 0;
  const bool run = branch.call.operation == Operation::kRun;
  auto lost = Answer(branch.call, run ? Code::kRbCommFail : Code::kErRmFail, "no answer came");
  lost.failure.reason = core::Reason::kConnectionLost;
  lost.lost = branch.call.operation == Operation::kCommit;
  if (lost.lost) database_.NoteUnanswered(xid);
  // The identity of the server matters only for a one-phase commit: it is that of the session.
  lost.stamp =
      branch.call.operation == Operation::kCommitOnePhase ? branch.stamp : xa::ServerStamp();
  process_->Later(after, [this, xid, number, lost] { Complete(xid, number, lost); });
}

void SimResource::FreeSlot(Branch& branch) {
  if (!branch.has_slot) return;
  branch.has_slot = false;
  --in_use_;
  while (!for_slot_.empty()) {
    const xa::Xid next = for_slot_.front();
    for_slot_.pop_front();
    const auto found = branches_.find(next);
    if (found == branches_.end() || !found->second.busy || found->second.has_slot ||
        found->second.call.operation != Operation::kOpen) {
      continue;
    }
    ++in_use_;
    found->second.has_slot = true;
    Open(next, found->second);
    return;
  }
}

void SimResource::Complete(const xa::Xid& xid, uint64_t number, xa::Completion completion) {
  const auto found = branches_.find(xid);
  if (found == branches_.end() || found->second.under_way != number || !found->second.busy) return;
  Branch& branch = found->second;
  const xa::Call call = branch.call;
  branch.busy = false;
  branch.under_way = 0;
  const Code code = completion.code;
  if (call.operation == Operation::kFind && code != Code::kOk) {
    completion.found = xa::Found::kUnknown;
    if (sim_.Has(SeededBug::kFailedLookJudged)) {
      completion = Answer(call, Code::kOk);
      completion.found = xa::Found::kNotListed;
    }
  }
  const bool ended =
      (call.operation == Operation::kOpen && code != Code::kOk) ||
      (call.operation == Operation::kPrepare &&
       (code == Code::kReadOnly || xa::IsRollBack(code))) ||
      call.operation == Operation::kCommitOnePhase ||
      ((call.operation == Operation::kCommit || call.operation == Operation::kRollBack) &&
       code != Code::kErRmErr && code != Code::kRetry);
  if (ended && branch.session != 0) {
    const Database::Session session = branch.session;
    branch.session = 0;
    sim_.At(10us, [this, session] { database_.Disconnect(session); });
  }
  if (branch.session == 0) FreeSlot(branch);
  sim_.Trace(static_cast<uint64_t>(code) * 64 + static_cast<uint64_t>(call.operation), [&] {
    return "coordinator < " + name() + "  " + core::Name(call.operation) + " " +
           xid.ToPostgreSql() + " " + xa::Name(code);
  });
  if (call.operation == Operation::kPrepare && code == Code::kErRmFail) {
    if (sim_.Has(SeededBug::kTimeoutIsYes)) completion.code = Code::kOk;
  }
  if (call.operation == Operation::kCommit) {
    if (sim_.Has(SeededBug::kAnsweredIsLost)) completion.lost = true;
    if (code == Code::kErNota && sim_.Has(SeededBug::kNotaBelieved)) completion.code = Code::kOk;
    if (code == Code::kErRmFail && sim_.Has(SeededBug::kNeverRetry)) completion.code = Code::kOk;
  }
  if (call.options.last_resource) ApplyBug(sim_, call, completion);
  const bool twice = call.operation == Operation::kPrepare && sim_.Has(SeededBug::kAnsweredTwice) &&
                     sim_.rng.Chance(50);
  if (twice) process_->Deliver(completion);
  if (!xa::Continues(completion)) SkipFollowers(branch, completion);
  process_->Deliver(std::move(completion));
  Pump(xid, branches_[xid]);
}

// The process delivers completions within 30 µs, in any order. Those of a flight are spaced so
// that they stay in order.
void SimResource::SkipFollowers(Branch& branch, const xa::Completion& failed) {
  Duration after{0};
  while (!branch.waiting.empty() && branch.waiting.front().follows) {
    const xa::Call call = std::move(branch.waiting.front().call);
    branch.waiting.pop_front();
    after += 30us;
    process_->Later(after,
                    [this, unsent = xa::NotSent(call, failed)] { process_->Deliver(unsent); });
  }
}

void SimResource::Cancel(const xa::Xid& xid) {
  process_->BeforeEffect();
  const auto found = branches_.find(xid);
  if (found == branches_.end() || !found->second.busy) return;
  Branch& branch = found->second;
  const uint64_t number = branch.under_way;
  if (branch.call.operation == Operation::kOpen && !branch.has_slot) {
    auto ended = Answer(branch.call, Code::kRbOther, "cancelled");
    process_->Later(1ms, [this, xid, number, ended] { Complete(xid, number, ended); });
  }
}

void SimResource::Scan(const core::Gtrid& own, std::function<void(xa::ScanResult)> done) {
  xa::ScanResult result;
  if (!Reachable() || sim_.rng.Chance(faults_.scan_fails)) {
    sim_.Count(Fault::kScanFails);
    result.error = "the scan failed";

    process_->Later(5ms, [done, result] { done(result); });
    return;
  }
  process_->Later(sim_.rng.Between(50us, 5ms), [this, own, done]() mutable {
    xa::ScanResult listed;
    listed.complete = true;
    listed.stamp = database_.stamp();
    listed.standby = database_.standby;
    if (listed.standby) sim_.Count(Fault::kStandby);
    for (const xa::Xid& xid : database_.List()) listed.listed.push_back({xid, ""});
    listed.newer_witness = database_.NewerWitness(own);
    process_->Later(sim_.rng.Between(50us, 5ms), [done, listed] { done(listed); });
  });
}

xa::ResourceStatus SimResource::Status() const {
  xa::ResourceStatus status;
  status.name = name();
  status.health = Reachable() ? xa::Health::kUp : xa::Health::kDown;
  status.witness = database_.has_table();
  status.keeps_prepared = true;
  return status;
}

// operator.cc reads it.
std::string SimResource::HowToDecide(const xa::Xid& xid, bool committed) const {
  return std::string(committed ? "insert C " : "insert R ") + xid.ToPostgreSql();
}

void SimResource::PurgeWitness(std::vector<xa::Xid> ended) {
  if (!Reachable()) return;
  sim_.At(sim_.rng.Between(1ms, 50ms), [this, ended] {
    if (database_.up()) database_.PurgeWitness(ended);
  });
}

void SimResource::PurgeWitnessesOf(const std::string& coordinator_id, uint32_t below_incarnation,
                                   std::vector<xa::Xid> keep) {
  if (!Reachable()) return;
  if (sim_.Has(SeededBug::kRowNotKept)) keep.clear();
  sim_.At(sim_.rng.Between(1ms, 50ms), [this, coordinator_id, below_incarnation,
                                        kept = std::set<xa::Xid>(keep.begin(), keep.end())] {
    if (database_.up()) database_.PurgeRowsBefore(coordinator_id, below_incarnation, kept);
  });
}

}  // namespace assent::sim
