// SPDX-License-Identifier: Apache-2.0
#include "coordinator/shard.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/event_log.h"
#include "coordinator/crash_hook.h"
#include "coordinator/records.h"
#include "coordinator/view.h"

namespace assent::coordinator {
namespace {

constexpr Duration kSweepEvery = std::chrono::seconds(1);
constexpr size_t kRecentBytes = 64 << 20;

}  // namespace

Shard::Shard(ShardContext context)
    : context_(std::move(context)),
      outcomes_(context_.options.outcome_age, context_.options.outcome_count) {
  timers_.Push({context_.clock->Now() + kSweepEvery, 0, 0, 0, kSweep});
  for (const auto& [name, resource] : context_.resources) {
    if (context_.await_first_scans) first_scan_.Await(name);
  }
}

Shard::~Shard() = default;

void Shard::Restore(Restored restored) {
  identities_ = std::move(restored.identities);
  outcomes_.SetMark(restored.forgotten);
  mark_lsn_ = restored.forgotten_lsn;
  for (Ended& ended : restored.ended) {
    ended.kept_since = context_.clock->Now();
    outcomes_.Add(std::move(ended));
  }
  for (auto& owned : restored.unfinished) {
    Entry& entry = *owned;
    entry.handle = next_restored_++;
    recovered_[entry.atomic.gtrid] = entry.handle;
    if (entry.atomic.settings.client_named) by_gid_[entry.gid] = entry.handle;
    core::AtomicSettings& settings = entry.atomic.settings;
    settings.retry_first = context_.options.retry_first;
    settings.retry_cap = context_.options.retry_cap;
    settings.operator_after = context_.options.operator_after;
    entry.work.resize(entry.atomic.branches.size());
    for (size_t i = 0; i < entry.work.size(); ++i) {
      if (entry.work[i].partner) entry.room += entry.work[i].partner->HeldBytes();
      if (entry.atomic.branches[i].IsTcc()) continue;
      const auto& name = entry.atomic.branches[i].spec.resource;
      unfinished_at_start_[name].push_back({entry.atomic.gtrid, static_cast<uint32_t>(i + 1)});
      const auto found = context_.resources.find(name);
      if (found != context_.resources.end()) entry.work[i].resource = found->second;
    }
    table_.emplace(entry.handle, std::move(owned));
    ++counters_.open;
    room_spoken_for_ += RoomOf(entry);
  }
  MoveHorizon();
  std::vector<uint64_t> unfinished;
  for (const auto& [handle, entry] : table_) unfinished.push_back(handle);
  std::sort(unfinished.begin(), unfinished.end());
  for (uint64_t handle : unfinished) Step(*Find(handle), core::Replayed{});
  DrainSelf();
}

core::Gtrid Shard::LastGtrid() const {
  const log::Identity& id = context_.identity;
  return core::Gtrid::Make(id.coordinator_id, id.incarnation, id.start_nonce, next_sequence_ - 1);
}

Entry& Shard::Make(const std::string& gid, const std::string& fingerprint, Duration deadline) {
  auto owned = std::make_unique<Entry>();
  Entry& entry = *owned;
  entry.handle = next_sequence_++;
  const log::Identity& id = context_.identity;
  entry.atomic.gtrid =
      core::Gtrid::Make(id.coordinator_id, id.incarnation, id.start_nonce, entry.handle);
  entry.gid = gid.empty() ? entry.atomic.gtrid.ToHex() : gid;
  entry.fingerprint = fingerprint;
  entry.begun_at = context_.clock->Wall();
  core::AtomicSettings& settings = entry.atomic.settings;
  settings.client_named = !gid.empty();
  if (deadline > Duration::zero()) {
    entry.deadline_at = entry.begun_at + deadline;
    settings.deadline = context_.clock->Now() + deadline;
  }
  settings.retry_first = context_.options.retry_first;
  settings.retry_cap = context_.options.retry_cap;
  settings.operator_after = context_.options.operator_after;
  if (!gid.empty()) by_gid_[gid] = entry.handle;
  table_.emplace(entry.handle, std::move(owned));
  ++counters_.begun;
  ++counters_.open;
  room_spoken_for_ += kRoomForOne;
  return entry;
}

uint64_t Shard::HandleOf(const core::Gtrid& gtrid) const {
  const log::Identity& id = context_.identity;
  if (gtrid.incarnation() == id.incarnation && gtrid.start_nonce() == id.start_nonce &&
      gtrid.coordinator_id() == id.coordinator_id) {
    return gtrid.sequence();
  }
  const auto found = recovered_.find(gtrid);
  return found == recovered_.end() ? 0 : found->second;
}

Entry* Shard::Find(uint64_t handle) const {
  const auto found = table_.find(handle);
  return found == table_.end() ? nullptr : found->second.get();
}

Entry* Shard::Find(const core::Gtrid& gtrid) const { return Find(HandleOf(gtrid)); }

core::Decision Shard::EndedAs(const xa::Xid& xid) const {
  const Entry* entry = Find(xid.gtrid);
  if (entry == nullptr || xid.branch == 0) return core::Decision::kNone;
  if (xid.branch > entry->atomic.branches.size()) {
    // Enlisted before a crash, and in no record: it had no decision.
    const core::Atomic& atomic = entry->atomic;
    const bool open = IsRecovered(*entry) && atomic.open_logged;
    return open ? atomic.decision : core::Decision::kNone;
  }
  const core::AtomicBranch& branch = entry->atomic.branches[xid.branch - 1];
  return branch.ended ? entry->atomic.decision : core::Decision::kNone;
}

Entry* Shard::FindGid(const std::string& gid) const {
  const auto found = by_gid_.find(gid);
  if (found != by_gid_.end()) return Find(found->second);
  const auto gtrid = core::Gtrid::FromHex(gid);
  if (!gtrid) return nullptr;
  Entry* entry = Find(*gtrid);
  return entry != nullptr && !entry->atomic.settings.client_named ? entry : nullptr;
}

core::Cause Shard::Stamped(core::Cause cause) const {
  cause.at_wall_ns = context_.clock->Wall().ns;
  return cause;
}

void Shard::Step(Entry& entry, const core::Event& event) {
  CHECK(effects_.empty()) << "a step inside a step";
  core::Step(entry.atomic, event, context_.clock->Now(), effects_);
  LogTransitions(entry);
  for (const core::Effect& effect : effects_) {
    CrashPoint(effect, false);
    Carry(entry, effect);
    CrashPoint(effect, true);
  }
  effects_.clear();
  if (!entry.gone) return;
  --counters_.open;
  room_spoken_for_ -= RoomOf(entry);
  space_freed_ = true;
  Remember(entry);
  if (entry.atomic.settings.client_named) {
    const auto found = by_gid_.find(entry.gid);
    if (found != by_gid_.end() && found->second == entry.handle) by_gid_.erase(found);
  }
  recovered_.erase(entry.atomic.gtrid);
  KeepRecent(std::move(table_.extract(entry.handle).mapped()));  // `entry` is gone
}

void Shard::Remember(Entry& entry) {
  const core::Atomic& atomic = entry.atomic;
  const bool committed = atomic.decision == core::Decision::kCommit;
  committed ? ++counters_.committed : ++counters_.rolled_back;
  if (IsRecovered(entry)) {
    Event(LogEvent::kRecovery, {{"finished", entry.gid}, {"outcome", core::Name(atomic.outcome)}});
  }
  context_.log->Release(entry.heuristics);
  context_.log->Release(entry.opens);
  for (size_t i = 0; i < entry.work.size() && committed; ++i) {
    const auto found = has_witness_.find(entry.work[i].resource);
    if (found == has_witness_.end() || !found->second) continue;
    witnessed_.push_back(
        {entry.end_record, entry.work[i].resource, {atomic.gtrid, static_cast<uint32_t>(i + 1)}});
  }
  if (atomic.open_logged && entry.end_record != 0) {
    unended_.push_back({entry.end_record, entry.begun_at});
  }
  const bool keep = atomic.settings.client_named || atomic.commit_logged;
  if (keep) {
    Ended ended;
    ended.gtrid = atomic.gtrid;
    if (atomic.settings.client_named) ended.gid = entry.gid;
    ended.fingerprint = entry.fingerprint;
    ended.outcome = atomic.outcome;
    ended.cause = atomic.cause;
    ended.cause_branch = entry.CauseBranch();
    ended.begun_at = entry.begun_at;
    ended.ended_at = context_.clock->Wall();
    ended.kept_since = ended.ended_mono = context_.clock->Now();
    ended.lsn = entry.record;
    outcomes_.Add(std::move(ended));
  } else if (entry.record != 0) {
    context_.log->Release({entry.record});
  }
}

// Rows are shown again only by the process that ran them, and only while there is room. Kept is the
// transaction itself: few are ever asked for, so a view is made when one is.
void Shard::KeepRecent(std::unique_ptr<Entry> entry) {
  if (context_.options.recent_views == 0) return;
  for (BranchWork& work : entry->work) work.statements.reset();  // partners are shown by their URL
  const size_t bytes = HeldBytes(*entry);
  recent_[entry->gid] = entry.get();
  recent_order_.push_back({std::move(entry), bytes});
  recent_bytes_ += bytes;
  while (recent_order_.size() > context_.options.recent_views || recent_bytes_ > kRecentBytes) {
    const Recent& oldest = recent_order_.front();
    const auto found = recent_.find(oldest.entry->gid);
    if (found != recent_.end() && found->second == oldest.entry.get()) recent_.erase(found);
    recent_bytes_ -= oldest.bytes;
    recent_order_.pop_front();
  }
}

// ---- Inputs ----

void Shard::OnDurable(log::Lsn up_to) {
  durable_ = up_to;
  while (!pending_.empty() && pending_.front().lsn <= up_to) {
    const Pending done = pending_.front();
    pending_.pop_front();
    Entry* entry = Find(done.handle);
    CHECK(entry != nullptr) << "a transaction ended before its record was durable";
    CrashPointDurable(false);
    Step(*entry, core::Durable{done.ticket});
    CrashPointDurable(true);
  }
  DrainSelf();
}

void Shard::OnHealth(const std::string& resource, xa::Health health) {
  if (health != xa::Health::kUp) return;
  if (first_scan_.Again(resource) && on_scan_wanted) on_scan_wanted(resource);
  std::vector<uint64_t> waiting;
  for (const auto& [handle, entry] : table_) {
    for (const auto& branch : entry->atomic.branches) {
      if (branch.retries > 0 && branch.spec.resource == resource) {
        waiting.push_back(handle);
        break;
      }
    }
  }
  for (uint64_t handle : waiting) {
    if (Entry* entry = Find(handle)) Step(*entry, core::ResourceUp{resource});
  }
  DrainSelf();
}

void Shard::RunTimers() {
  const Monotonic now = context_.clock->Now();
  while (!timers_.empty() && timers_.top().at <= now) {
    const Due due = timers_.Pop();
    if (due.kind == kSweep) {
      Sweep();
      timers_.Push({now + kSweepEvery, 0, 0, 0, kSweep});
      continue;
    }
    if (due.kind == kSpace) {
      ExpireWaiting();
      continue;
    }
    Entry* entry = Find(due.handle);
    if (entry == nullptr) continue;
    if (due.kind == kWaiter) {
      WaiterIsDue(*entry, due.generation);
      continue;
    }
    const auto timer = static_cast<core::Timer>(due.kind);
    if (GenerationOf(*entry, timer, due.branch) != due.generation) continue;
    Step(*entry, Fired(*entry, timer, due.branch));
  }
  DrainSelf();
}

bool Shard::IsDead(const Due& due) {
  if (due.kind == kSweep || due.kind == kSpace) return false;
  Entry* entry = Find(due.handle);
  if (entry == nullptr) return true;
  if (due.kind == kWaiter) {
    return std::none_of(entry->waiters.begin(), entry->waiters.end(),
                        [&](const Waiter& waiter) { return waiter.id == due.generation; });
  }
  return GenerationOf(*entry, static_cast<core::Timer>(due.kind), due.branch) != due.generation;
}

uint64_t& Shard::GenerationOf(Entry& entry, core::Timer timer, uint32_t branch) {
  switch (timer) {
    case core::Timer::kDeadline: return entry.deadline_generation;
    case core::Timer::kIdle: return entry.idle_generation;
    case core::Timer::kOperator: return entry.operator_generation;
    case core::Timer::kRetry: return entry.work.at(branch).retry_generation;
  }
  return entry.deadline_generation;
}

void Shard::Sweep() {
  PurgeWitnesses();
  MoveHorizon();
  if (timers_.WantsCompaction()) timers_.Compact([this](const Due& due) { return IsDead(due); });
  const std::vector<log::Lsn> released = outcomes_.Expire(context_.clock->Now());
  if (released.empty()) return;
  // The mark goes into the log before the records that it stands for may leave it.
  const log::Lsn lsn = context_.log->Append(EncodeForgotten(outcomes_.mark()), log::Urgency::kLazy);
  if (mark_lsn_ != 0) context_.log->Release({mark_lsn_});
  mark_lsn_ = lsn;
  context_.log->Release(released);
}

void Shard::OnPressure(log::Lsn below) {
  std::vector<log::Lsn> old;
  const auto copy = [&](log::Lsn& lsn, const std::string& payload) {
    old.push_back(lsn);
    lsn = context_.log->Append(payload, log::Urgency::kLazy);
  };
  for (auto& [name, identity] : identities_) {
    if (identity.lsn != 0 && identity.lsn < below) {
      copy(identity.lsn,
           EncodeIdentity(name, identity.identity, identity.last_before, context_.clock->Wall()));
    }
  }
  if (mark_lsn_ != 0 && mark_lsn_ < below) copy(mark_lsn_, EncodeForgotten(outcomes_.mark()));
  std::vector<std::pair<core::Gtrid, log::Lsn>> moved;
  outcomes_.ForEach([&](const Ended& ended) {
    if (ended.lsn == 0 || ended.lsn >= below) return;
    log::Lsn lsn = ended.lsn;
    copy(lsn, EncodeOutcome(ended));
    moved.emplace_back(ended.gtrid, lsn);
  });
  for (const auto& [gtrid, lsn] : moved) outcomes_.Moved(gtrid, lsn);
  for (auto& [handle, entry] : table_) {
    if (entry->record != 0 && entry->record < below) {
      copy(entry->record, entry->atomic.commit_logged
                              ? EncodeCommit(*entry)
                              : EncodeOutcome(*entry, context_.clock->Wall()));
    }
    if (entry->atomic.decided) {  // the commit record stands for them
      old.insert(old.end(), entry->opens.begin(), entry->opens.end());
      entry->opens.clear();
      entry->open_branches.clear();
    }
    for (size_t i = 0; i < entry->opens.size(); ++i) {
      if (entry->opens[i] >= below) continue;
      const auto& branch = entry->open_branches[i];
      copy(entry->opens[i], branch ? EncodeEnlist(*entry, *branch) : EncodeOpen(*entry));
    }
    for (size_t i = 0; i < entry->heuristics.size(); ++i) {
      if (entry->heuristics[i] >= below) continue;
      copy(entry->heuristics[i],
           EncodeHeuristic(*entry, entry->heuristic_branches[i], context_.clock->Wall()));
    }
  }
  context_.log->Release(old);
}

void Shard::SubmitOrphan(const std::string& resource, xa::Call call) {
  const auto found = context_.resources.find(resource);
  if (found != context_.resources.end()) found->second->Submit(std::move(call));
}

void Shard::DrainSelf() {
  if (std::exchange(draining_, true)) return;
  do {
    while (!self_completions_.empty()) {
      xa::Completion completion = std::move(self_completions_.front());
      self_completions_.pop_front();
      OnCompletion(std::move(completion));
    }
    if (std::exchange(space_freed_, false)) RetryWaiting();
  } while (!self_completions_.empty() || (space_freed_ && !waiting_for_space_.empty()));
  draining_ = false;
}

}  // namespace assent::coordinator
