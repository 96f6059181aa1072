// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/process.h"

#include "log/directory.h"
#include "recovery/replay.h"

namespace assent::sim {

using namespace std::chrono_literals;

Process::Process(Simulator& sim, Disk& disk, std::vector<SimResource*> resources,
                 std::vector<Side*> sides, Settings settings)
    : sim_(sim),
      disk_(disk),
      resources_(std::move(resources)),
      sides_(std::move(sides)),
      settings_(std::move(settings)),
      bound_([this] {
        coordinator::ShardContext context;
        for (Side* side : sides_) side->Bind(*this, context);
        return context;
      }()),
      validator_(settings_.engine, bound_.resources, bound_.partners),
      scans_(resources_.size()) {}

Process::~Process() = default;

void Process::Later(Duration delay, std::function<void()> event) {
  sim_.At(delay, [this, epoch = epoch_, event = std::move(event)] {
    if (epoch == epoch_) event();
  });
}

void Process::BeforeEffect() {
  if (effects_left_ == 0 || --effects_left_ > 0) return;
  sim_.Count(Fault::kCrashAtEffect);
  sim_.Trace(0xc0, [] { return "coordinator  crashes between two effects"; });
  throw CrashNow();
}

template <typename F>
void Process::Input(F&& input) {
  if (!shard_) return;
  try {
    input(*shard_);
    const bool due = shard_->NextTimer() <= sim_.Now();
    if (due && !sim_.Has(SeededBug::kTimersIgnored)) shard_->RunTimers();
  } catch (const CrashNow&) {
    End(sim_.rng.Chance(300) ? CrashKind::kPower : CrashKind::kProcess, sim_.rng.Between(5ms, 2s));
    return;
  }
  ArmTimer();
}

void Process::ArmTimer() {
  if (sim_.Has(SeededBug::kTimersIgnored)) return;
  const Monotonic next = shard_->NextTimer();
  if (next >= timer_) return;
  timer_ = next;
  Later(std::max<Duration>(next - sim_.Now(), 0ns), [this, next] {
    if (timer_ == next) timer_ = kNever;
    Input([](coordinator::Shard& shard) { shard.RunTimers(); });
  });
}

void Process::Crash(CrashKind kind, Duration down) { End(kind, down); }

void Process::End(CrashKind kind, Duration down) {
  const bool was_running = shard_ != nullptr;
  if (was_running && on_crash) on_crash();
  ++epoch_;
  timer_ = kNever;
  effects_left_ = 0;
  scan_handler_.reset();
  shard_.reset();
  scans_.assign(resources_.size(), {});
  if (log_) {
    log_->Stop();  // an event of the log itself may be running, so destroy it later
    sim_.At(0ns, [gone = std::shared_ptr<SimLog>(std::move(log_))] {});
  }
  for (Side* side : sides_) side->Reset();
  sim_.Trace(kind == CrashKind::kPower ? 0xdead : 0xdeaf, [&] {
    return std::string("coordinator  is down") +
           (kind == CrashKind::kPower ? ", its machine lost power" : "");
  });
  if (kind == CrashKind::kPower) {
    disk_.Recover();
  } else {
    disk_.Revive();
  }
  if (on_lost) on_lost(kind);
  Later(down, [this] { Start(); });
}

void Process::Fatal(coordinator::FatalReason reason, const std::string& message) {
  sim_.Trace(0xfa7a1, [&] { return "coordinator  exits: " + message; });
  if (reason == coordinator::FatalReason::kStaleLog) {
    sim_.Reach(Marker::kStale);
    if (on_stale) on_stale(message);
  } else {
    sim_.Reach(Marker::kLogFailed);
  }
  throw CrashNow();
}

void Process::Start() {
  if (shard_) return;
  bool running = false;
  try {
    running = Begin();
  } catch (const CrashNow&) {
    sim_.Count(Fault::kCrashInRecovery);
  }
  if (!running) {
    const bool cut = disk_.cut();
    if (cut) sim_.Count(Fault::kCrashInRecovery);
    End(cut && sim_.rng.Chance(600) ? CrashKind::kPower : CrashKind::kProcess,
        sim_.rng.Between(5ms, 2s));
    return;
  }
  ArmTimer();
  for (size_t i = 0; i < resources_.size(); ++i) ScanLater(i, sim_.rng.Between(1ms, 50ms));
  if (on_running) on_running();
}

void Process::ApplyBugToRestored(coordinator::Restored& restored, bool half_copy) {
  if (sim_.Has(SeededBug::kHalfCopyTrusted) && half_copy) {
    restored.unfinished.resize(restored.unfinished.size() / 2);
    restored.ended.resize(restored.ended.size() / 2);
  }
  if (sim_.Has(SeededBug::kGidRunTwice)) {
    restored.ended.clear();
  }
  if (sim_.Has(SeededBug::kLostRecordAtStart) && !restored.unfinished.empty()) {
    restored.unfinished.pop_back();
  }
  if (sim_.Has(SeededBug::kRollBackAfterDecision)) {
    for (auto& entry : restored.unfinished) {
      entry->atomic.decision = core::Decision::kRollBack;
    }
  }
  for (coordinator::Ended& ended : restored.ended) {
    if (sim_.Has(SeededBug::kHistoryTurned)) ended.outcome = core::Outcome::kRolledBack;
  }
  for (auto& entry : restored.unfinished) {
    if (sim_.Has(SeededBug::kBranchSkipped)) {
      entry->atomic.branches.front().Restore(core::Phase::kEnded);
    }
    ApplyBugToOpen(*entry);
    ApplyBugToLast(*entry);
  }
}

void Process::ApplyBugToLast(coordinator::Entry& entry) {
  core::Atomic& atomic = entry.atomic;
  if (atomic.decision != core::Decision::kNone || !atomic.LastMayHaveCommitted()) return;
  if (sim_.Has(SeededBug::kLastPresumedAborted)) {
    atomic.decision = core::Decision::kRollBack;
    entry.record = atomic.settings.client_named ? 1 : 0;
  }
  if (!sim_.Has(SeededBug::kCancelledInDoubt)) return;
  for (uint32_t i = 0; i < entry.work.size(); ++i) {
    const auto partner = entry.work[i].partner;
    if (!partner) continue;
    tcc::Call cancel;  // number 0: nobody waits for the answer
    cancel.operation = tcc::Operation::kCancel;
    cancel.key = {atomic.gtrid, atomic.branches[i].spec.name};
    cancel.urls = {partner, &partner->urls};
    cancel.payload = {partner, &partner->payload};
    Later(1ms, [this, cancel] { bound_.partners->Submit(cancel); });
  }
}

void Process::ApplyBugToOpen(coordinator::Entry& entry) {
  core::Atomic& atomic = entry.atomic;
  const bool open = !entry.opens.empty() && atomic.decision == core::Decision::kRollBack;
  for (core::AtomicBranch& branch : atomic.branches) {
    if (sim_.Has(SeededBug::kOpenForgotten) && open) branch.Restore(core::Phase::kEnded);
  }
  if (sim_.Has(SeededBug::kOpenConfirmed) && open) {
    atomic.decision = core::Decision::kCommit;
    entry.record = 1;
  }
  for (core::AtomicBranch& branch : atomic.branches) {
    if (!sim_.Has(SeededBug::kPartnerSkipped) || !branch.IsTcc()) continue;
    branch.Restore(core::Phase::kEnded);
    break;
  }
}

void Process::Observe(const coordinator::Restored& restored) {
  for (const auto& entry : restored.unfinished) {
    if (entry->atomic.decision == core::Decision::kCommit) sim_.Reach(Marker::kRestored);
    if (entry->atomic.decision == core::Decision::kRollBack && !entry->opens.empty()) {
      sim_.Reach(Marker::kOpenReplayed);
    }
    if (entry->atomic.decision == core::Decision::kNone && entry->atomic.LastMayHaveCommitted()) {
      sim_.Reach(Marker::kLastReplayed);
    }
  }
}

bool Process::Begin() {
  auto recovered = log::Open(disk_, settings_.log);
  const auto refused = [&](const Error& error) {
    sim_.Trace(0x4ef, [&] { return "coordinator  cannot start: " + error.message; });
    if (!disk_.cut() && on_refused) on_refused(error);
    return false;
  };
  if (!recovered) return refused(recovered.error());
  if (recovered->torn_tail()) sim_.Reach(Marker::kTornTail);
  if (recovered->survey().half_copy) sim_.Reach(Marker::kHalfCopy);
  auto rebuilt = recovery::Replay(*recovered, settings_.engine, sim_.Wall());
  if (!rebuilt) return refused(rebuilt.error());
  ApplyBugToRestored(rebuilt->restored, recovered->survey().half_copy);
  Observe(rebuilt->restored);
  auto started = log::StartWriter(disk_, std::move(*recovered), rebuilt->copies, sim_.rng);
  if (!started) return refused(started.error());
  rebuilt->AssignLsns(started->first_copy);
  SimLog::Sink sink;
  sink.before_append = [this] { BeforeEffect(); };
  sink.on_durable = [this](log::Lsn lsn) {
    Input([lsn](coordinator::Shard& shard) { shard.OnDurable(lsn); });
  };
  sink.on_pressure = [this](log::Lsn below) {
    sim_.Reach(Marker::kCopiedForward);
    Input([below](coordinator::Shard& shard) { shard.OnPressure(below); });
  };
  sink.is_cut = [this] { return disk_.cut(); };
  sink.on_failure = [this](const Error& error) {
    if (disk_.cut()) {
      sim_.Count(Fault::kCrashAtDisk);
      End(sim_.rng.Chance(600) ? CrashKind::kPower : CrashKind::kProcess,
          sim_.rng.Between(5ms, 2s));
      return;
    }
    Input([&](coordinator::Shard&) { Fatal(coordinator::FatalReason::kLogFailed, error.message); });
  };
  log_ = std::make_unique<SimLog>(sim_, std::move(*started), std::move(sink));
  log_->slow_sync = slow_sync_;
  coordinator::ShardContext context = bound_;
  context.options = settings_.engine;
  context.clock = &sim_;
  context.random = &sim_.rng;
  context.log = log_.get();
  context.identity = log_->identity();
  // Calls that wait for a scan that never comes would hide the bug.
  context.await_first_scans =
      !sim_.Has(SeededBug::kActsBeforeScan) && !sim_.Has(SeededBug::kNeverScan);
  context.fatal = [this](coordinator::FatalReason reason, const std::string& message) {
    Fatal(reason, message);
  };
  shard_ = std::make_unique<coordinator::Shard>(std::move(context));
  scan_handler_ = std::make_unique<recovery::ScanHandler>(settings_.sweeper);
  scan_handler_->Attach(*shard_);
  shard_->on_scan_wanted = [this](const std::string& resource) { Hasten(resource); };
  ++starts_;
  sim_.Trace(0x57a47, [&] {
    return "coordinator  starts as incarnation " + std::to_string(log_->identity().incarnation) +
           ", " + std::to_string(rebuilt->restored.unfinished.size()) + " unfinished, " +
           std::to_string(rebuilt->restored.ended.size()) + " ended";
  });
  shard_->Restore(std::move(rebuilt->restored));
  return true;
}

void Process::SlowSyncs(uint32_t per_mille) {
  slow_sync_ = per_mille;
  if (log_) log_->slow_sync = per_mille;
}

void Process::ScanLater(size_t index, Duration delay) {
  if (sim_.Has(SeededBug::kNeverScan)) return;
  const uint64_t number = ++scans_[index].planned;
  Later(delay, [this, index, number] {
    if (scans_[index].planned == number) Scan(index);
  });
}

void Process::Hasten(const std::string& resource) {
  for (size_t i = 0; i < resources_.size(); ++i) {
    if (resources_[i]->name() == resource && !scans_[i].under_way) ScanLater(i, 1ms);
  }
}

void Process::Scan(size_t index) {
  SimResource& resource = *resources_[index];
  const Monotonic started = sim_.Now();
  scans_[index].under_way = true;
  const core::Gtrid last_before = shard_ ? shard_->LastGtrid() : core::Gtrid();
  resource.Scan(last_before, [this, index, started, last_before](xa::ScanResult scan) {
    scans_[index].under_way = false;
    Input([&](coordinator::Shard& shard) {
      ApplyBugToScan(shard, index, scan, last_before);
      const auto again = scan_handler_->Take(shard, resources_[index]->name(), scan, started);
      if (!again || sim_.Has(SeededBug::kScanOnce)) return;
      const auto jitter = Duration(
          static_cast<int64_t>(sim_.rng.Below(static_cast<uint64_t>(again->count() / 4 + 1))));
      ScanLater(index, *again - jitter);
    });
  });
}

// Seeded bugs of the judgement of scans.
void Process::ApplyBugToScan(coordinator::Shard& shard, size_t index, xa::ScanResult& scan,
                             const core::Gtrid& last_before) {
  if (sim_.Has(SeededBug::kLiveLeft)) {
    std::erase_if(scan.listed, [&](const auto& listed) { return shard.IsLive(listed.xid.gtrid); });
  }
  for (const xa::Listed& listed : scan.listed) {
    if (shard.EndedAs(listed.xid) == core::Decision::kRollBack) sim_.Reach(Marker::kInNoRecord);
    const core::Gtrid& gtrid = listed.xid.gtrid;
    const bool ours = gtrid.coordinator_id() == shard.identity().coordinator_id;
    const bool live = shard.IsLive(gtrid);
    const bool history = shard.History(gtrid) != nullptr;
    const bool wrong =
        (sim_.Has(SeededBug::kForeignRolledBack) && !ours) ||
        (sim_.Has(SeededBug::kLiveRolledBack) && ours && live) ||
        (sim_.Has(SeededBug::kJudgedBeforeListed) && ours && live && last_before < gtrid) ||
        (sim_.Has(SeededBug::kHistoryIgnored) && ours && !live && history) ||
        (sim_.Has(SeededBug::kOrphanCommitted) && ours && !live && !history);
    if (!wrong) continue;
    xa::Call call;
    call.operation = sim_.Has(SeededBug::kOrphanCommitted) ? core::Operation::kCommit
                                                           : core::Operation::kRollBack;
    call.xid = listed.xid;
    call.prepare_sent = true;
    shard.SubmitOrphan(resources_[index]->name(), std::move(call));
  }
}

void Process::Deliver(xa::Completion completion) {
  Later(sim_.rng.Between(1us, 30us), [this, completion = std::move(completion)]() mutable {
    Input([&](coordinator::Shard& shard) { shard.OnCompletion(std::move(completion)); });
  });
}

void Process::Deliver(tcc::Completion completion) {
  Later(sim_.rng.Between(1us, 30us), [this, completion = std::move(completion)]() mutable {
    Input([&](coordinator::Shard& shard) { shard.OnCompletion(std::move(completion)); });
  });
}

void Process::DeliverHealth(const std::string& resource) {
  if (!shard_) return;
  Later(50us, [this, resource] {
    Input([&](coordinator::Shard& shard) { shard.OnHealth(resource, xa::Health::kUp); });
  });
}

// Seeded bugs of the front end. Returns true if the request is already answered.
bool Process::ApplyBugToRequest(coordinator::Request& request, coordinator::Reply& outward) {
  using coordinator::Route;
  if (sim_.Has(SeededBug::kDropReply) && request.gid.ends_with('7')) outward = [](auto) {};
  if (sim_.Has(SeededBug::kOnePhaseNamedGid) && request.route == Route::kExecute &&
      request.branches.size() == 1) {
    request.gid.clear();
  }
  if (sim_.Has(SeededBug::kVoteTurned) && request.route == Route::kVote) {
    std::get<v1::VoteRequest>(request.body).set_vote(v1::VoteRequest::PREPARED);
  }
  if (!sim_.Has(SeededBug::kEnlistForgotten) || request.route != Route::kEnlist ||
      !request.branches.front().IsTcc()) {
    return false;
  }
  v1::Transaction view;
  view.set_transaction(request.transaction);
  outward({200, 0, std::move(view)});
  return true;
}

bool Process::Request(coordinator::Request request, coordinator::Reply reply) {
  if (!shard_) return false;
  coordinator::Reply outward = [this, reply = std::move(reply)](coordinator::Answer answer) {
    BeforeEffect();
    auto kept = std::make_shared<coordinator::Answer>(std::move(answer));
    sim_.At(sim_.rng.Between(30us, 300us), [reply, kept] { reply(std::move(*kept)); });
  };
  Input([&](coordinator::Shard& shard) {
    if (auto problem = validator_.Check(request)) {
      outward(std::move(*problem));
    } else if (!ApplyBugToRequest(request, outward)) {
      shard.OnRequest(std::move(request), std::move(outward));
    }
  });
  return true;
}

}  // namespace assent::sim
