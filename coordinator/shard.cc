// SPDX-License-Identifier: Apache-2.0
#include "coordinator/shard.h"

#include <vector>

#include "base/check.h"
#include "base/event_log.h"
#include "coordinator/crash_hook.h"
#include "coordinator/state_events.h"

namespace assent::coordinator {
namespace {

constexpr Duration kSweepEvery = std::chrono::seconds(1);

}  // namespace

Shard::Shard(ShardContext context)
    : context_(std::move(context)),
      table_(context_.identity, context_.options, *context_.clock),
      log_book_(*context_.log, *context_.clock),
      identities_(*context_.log, *context_.clock),
      waiters_(timers_, *context_.clock, context_.options.phase_two_wait),
      witnesses_(context_.resources),
      xa_(context_, first_scan_, unsent_),
      tcc_(context_, table_, first_scan_),
      admission_(context_.options, *context_.clock, log_book_, timers_),
      handlers_({context_, table_, log_book_, waiters_, admission_, first_scan_, scans_,
                 [this](Entry& entry, const core::Event& event) { Step(entry, event); }}) {
  timers_.Push({context_.clock->Now() + kSweepEvery, 0, 0, 0, kSweepTimer});
  for (const auto& [name, resource] : context_.resources) {
    if (context_.await_first_scans) first_scan_.Await(name);
  }
}

Shard::~Shard() = default;

void Shard::Restore(Restored restored) {
  identities_.Restore(std::move(restored.identities));
  Outcomes& outcomes = table_.outcomes();
  outcomes.SetMark(restored.forgotten);
  log_book_.RestoreMark(restored.forgotten_lsn);
  for (Ended& ended : restored.ended) {
    ended.kept_since = context_.clock->Now();
    outcomes.Add(std::move(ended));
  }
  std::vector<Entry*> unfinished;
  for (auto& owned : restored.unfinished) {
    Entry& entry = table_.Adopt(std::move(owned));
    xa_.FindResources(entry);
    witnesses_.NoteUnfinished(entry);
    log_book_.Reserve(entry);
    unfinished.push_back(&entry);
  }
  tcc_.MoveHorizon(log_book_.durable());
  Take([&] {
    for (Entry* entry : unfinished) Step(*entry, core::Replayed{});
  });
}

ShardCounters Shard::counters() const {
  ShardCounters counters = table_.counters();
  counters.refused_busy = admission_.refused();
  return counters;
}

// ---- Inputs ----

void Shard::OnRequest(Request request, Reply reply) {
  Take([&] { handlers_.Handle(request, std::move(reply)); });
}

void Shard::EndWait(const std::string& gid, uint64_t ticket) {
  if (Entry* entry = table_.FindGid(gid)) waiters_.EndWait(*entry, ticket);
}

void Shard::OnCompletion(xa::Completion completion) {
  if (XaBranches::IsXidOfAnother(completion)) {
    Fatal(FatalReason::kStaleLog,
          "the XID of a new branch already exists: another coordinator is using a copy of this "
          "log directory");
    return;
  }
  Entry* entry = table_.Find(completion.xid.gtrid);
  const uint32_t branch = completion.xid.branch - 1;
  if (entry == nullptr || branch >= entry->atomic.branches.size()) {
    if (on_orphan) on_orphan(completion);
    return;
  }
  Take([&] { Step(*entry, xa_.ToEvent(*entry, branch, completion)); });
}

void Shard::OnCompletion(tcc::Completion completion) {
  Take([&] {
    const auto [entry, branch] = tcc_.Take(completion);
    const uint64_t handle = entry.handle;
    const core::Event event = tcc_.ToEvent(entry, branch, completion);
    Step(entry, event);
    const auto* voted = std::get_if<core::Voted>(&event);
    if (voted == nullptr || voted->vote != core::Vote::kPrepared) return;
    // A branch of a one-call transaction: a partner may have enlisted it again, and waits.
    Entry* still = table_.Find(handle);
    if (still != nullptr && TccBranches::CanAnswerEnlist(*still, branch)) {
      waiters_.AnswerOpen(*still, branch);
    }
  });
}

void Shard::OnDurable(log::Lsn up_to) {
  Take([&] {
    log_book_.Durable(up_to);
    while (const auto done = log_book_.TakeDurable()) {
      Entry* entry = table_.Find(done->handle);
      CHECK(entry != nullptr) << "a transaction ended before its record was durable";
      CrashPointDurable(false);
      Step(*entry, core::Durable{done->ticket});
      CrashPointDurable(true);
    }
  });
}

void Shard::OnHealth(const std::string& resource, xa::Health health) {
  if (health != xa::Health::kUp) return;
  Take([&] {
    if (first_scan_.Again(resource) && on_scan_wanted) on_scan_wanted(resource);
    std::vector<uint64_t> waiting;
    table_.ForEach([&](const Entry& entry) {
      for (const core::AtomicBranch& branch : entry.atomic.branches) {
        if (branch.retries == 0 || branch.spec.resource != resource) continue;
        waiting.push_back(entry.handle);
        break;
      }
    });
    for (uint64_t handle : waiting) {
      if (Entry* entry = table_.Find(handle)) Step(*entry, core::ResourceUp{resource});
    }
  });
}

void Shard::OnPressure(log::Lsn below) { log_book_.CopyForward(below, identities_.all(), table_); }

void Shard::OnSpace() {
  Take([&] { admission_.NoteSpace(); });
}

void Shard::Settle() {
  do {
    while (!unsent_.empty()) {
      xa::Completion completion = std::move(unsent_.front());
      unsent_.pop_front();
      OnCompletion(std::move(completion));
    }
    admission_.Retry(
        [this](Request& request, Reply reply) { handlers_.Handle(request, std::move(reply)); });
  } while (!unsent_.empty() || admission_.WantsRetry());
}

// ---- Timers ----

void Shard::RunTimers() {
  Take([&] {
    const Monotonic now = context_.clock->Now();
    while (!timers_.empty() && timers_.top().at <= now) Fire(timers_.Pop());
  });
}

void Shard::Fire(const Due& due) {
  if (due.kind == kSweepTimer) {
    Sweep();
    timers_.Push({context_.clock->Now() + kSweepEvery, 0, 0, 0, kSweepTimer});
    return;
  }
  if (due.kind == kSpaceTimer) return admission_.Expire();
  Entry* entry = table_.Find(due.handle);
  if (entry == nullptr) return;
  if (due.kind == kWaiterTimer) return waiters_.AnswerDue(*entry, due.generation);
  const auto timer = static_cast<core::Timer>(due.kind);
  if (entry->Generation(timer, due.branch) != due.generation) return;
  core::TimerFired fired{timer, due.branch};
  if (timer == core::Timer::kDeadline) XaBranches::FillWaiting(*entry, fired);
  Step(*entry, fired);
}

bool Shard::IsDead(const Due& due) const {
  if (due.kind == kSweepTimer || due.kind == kSpaceTimer) return false;
  Entry* entry = table_.Find(due.handle);
  if (entry == nullptr) return true;
  if (due.kind == kWaiterTimer) return !Waiters::IsWaiting(*entry, due.generation);
  return entry->Generation(static_cast<core::Timer>(due.kind), due.branch) != due.generation;
}

void Shard::Sweep() {
  witnesses_.Purge(log_book_.durable());
  tcc_.MoveHorizon(log_book_.durable());
  if (timers_.WantsCompaction()) timers_.Compact([this](const Due& due) { return IsDead(due); });
  log_book_.ForgetOutcomes(table_.outcomes());
}

// ---- Step, and its effects ----

void Shard::Step(Entry& entry, const core::Event& event) {
  CHECK(effects_.empty()) << "a step inside a step";
  core::Step(entry.atomic, event, context_.clock->Now(), effects_);
  LogTransitions(entry, *context_.clock);
  for (const core::Effect& effect : effects_) {
    CrashPoint(effect, false);
    Carry(entry, effect);
    CrashPoint(effect, true);
  }
  effects_.clear();
  if (entry.gone) Forget(entry);
}

void Shard::Carry(Entry& entry, const core::Effect& effect) {
  if (const auto* append = std::get_if<core::Append>(&effect)) {
    if (append->record == core::RecordKind::kHeuristic) LogHeuristic(entry, append->branch);
    return log_book_.Append(entry, *append);
  }
  if (const auto* call = std::get_if<core::Call>(&effect)) return SubmitCall(entry, *call);
  if (const auto* arm = std::get_if<core::Arm>(&effect)) return PushTimer(entry, *arm);
  if (const auto* reply = std::get_if<core::Reply>(&effect)) return AnswerWaiters(entry, *reply);
  if (const auto* disarm = std::get_if<core::Disarm>(&effect)) {
    entry.Generation(disarm->timer, 0) = 0;
    return;
  }
  if (const auto* cancel = std::get_if<core::Cancel>(&effect)) {
    const bool is_tcc = entry.atomic.branches.at(cancel->branch).IsTcc();
    return is_tcc ? tcc_.Cancel(entry, cancel->branch) : xa_.Cancel(entry, cancel->branch);
  }
  CHECK(std::holds_alternative<core::Forget>(effect)) << "an effect of no kind";
  entry.gone = true;
}

void Shard::SubmitCall(Entry& entry, const core::Call& effect) {
  if (effect.operation == core::Operation::kCommit) {
    CHECK(effect.decided && effect.decided->gtrid() == entry.atomic.gtrid &&
          entry.atomic.decision == core::Decision::kCommit && entry.record != 0)
        << "a commit without its durable decision";
  }
  const uint64_t number = next_call_++;
  if (entry.atomic.branches.at(effect.branch).IsTcc()) return tcc_.Call(entry, effect, number);
  xa_.Call(entry, effect, number);
}

void Shard::PushTimer(Entry& entry, const core::Arm& effect) {
  if (effect.at == kNever) return;
  Monotonic at = effect.at;
  if (effect.spread > Duration::zero()) {
    at = at + -Duration(static_cast<int64_t>(
                  context_.random->Below(static_cast<uint64_t>(effect.spread.count()))));
  }
  const uint64_t generation = next_generation_++;
  entry.Generation(effect.timer, effect.branch) = generation;
  timers_.Push({at, entry.handle, generation, effect.branch, static_cast<uint8_t>(effect.timer)});
}

void Shard::AnswerWaiters(Entry& entry, const core::Reply& effect) {
  switch (effect.to) {
    case core::ReplyTo::kOpen: return waiters_.AnswerOpen(entry, effect.branch);
    case core::ReplyTo::kRun: return waiters_.AnswerRun(entry, effect.branch);
    case core::ReplyTo::kDecided: return waiters_.AnswerDecided(entry);
    case core::ReplyTo::kEnded: return waiters_.AnswerEnded(entry);
  }
}

void Shard::Forget(Entry& entry) {
  if (TransactionTable::IsRecovered(entry)) {
    Event(LogEvent::kTransactionRecovered,
          {{"gid", entry.gid}, {"result", core::Name(entry.atomic.outcome)}});
  }
  log_book_.Unreserve(entry);
  admission_.NoteSpace();
  log_book_.ReleaseBranchRecords(entry);
  witnesses_.NoteEnded(entry);
  tcc_.NoteEnded(entry);
  if (context_.branches != nullptr && !entry.atomic.settings.one_call) {
    context_.branches->Remove(entry.atomic.gtrid);
  }
  const log::Lsn record = entry.record;
  const bool is_kept = table_.Forget(entry);  // `entry` is dangling from here
  if (!is_kept) log_book_.Release(record);
}

// ---- Scans ----

const Restored::Identity& Shard::NoteIdentity(const std::string& resource,
                                              const xa::ServerStamp& stamp) {
  return identities_.Note(resource, stamp, table_.LastGtrid());
}

void Shard::NoteScan(const std::string& resource, ScanSummary summary) {
  scans_[resource] = summary;
  if (!first_scan_.Awaits(resource)) return;
  xa_.Send(resource, first_scan_.Judged(resource));
  tcc_.Send(first_scan_.FreedPartners());
  OnHealth(resource, xa::Health::kUp);  // retries the calls refused until now
}

void Shard::NoteFailedScan(const std::string& resource, bool standby, const std::string& why) {
  if (!first_scan_.Awaits(resource)) return;
  Take([&] {
    const std::string before = first_scan_.Why(resource);
    xa_.Send(resource, first_scan_.Failed(resource, standby, why));
    tcc_.Send(first_scan_.FreedPartners());
    const std::string now = first_scan_.Why(resource);
    const auto found = context_.resources.find(resource);
    const bool down = found == context_.resources.end() ||
                      found->second->Status().health == xa::Health::kDown;  // it has been logged
    if (now != before && !down) {
      Event(LogEvent::kResourceNotScanned, {{"resource", resource}, {"detail", now}});
    }
  });
}

void Shard::SubmitOrphan(const std::string& resource, xa::Call call) {
  const auto found = context_.resources.find(resource);
  if (found != context_.resources.end()) found->second->Submit(std::move(call));
}

}  // namespace assent::coordinator
