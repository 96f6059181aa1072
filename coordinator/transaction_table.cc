// SPDX-License-Identifier: Apache-2.0
#include "coordinator/transaction_table.h"

#include <utility>

#include "coordinator/view.h"

namespace assent::coordinator {
namespace {

constexpr size_t kRecentBytes = 64 << 20;

}  // namespace

TransactionTable::TransactionTable(const log::Identity& identity, const EngineOptions& options,
                                   const Clock& clock)
    : identity_(identity),
      options_(options),
      clock_(clock),
      outcomes_(options.outcome_age, options.outcome_count) {}

void TransactionTable::SetRetries(core::AtomicSettings& settings) const {
  settings.retry_first = options_.retry_first;
  settings.retry_cap = options_.retry_cap;
  settings.operator_after = options_.operator_after;
}

Entry& TransactionTable::Make(const std::string& gid, const std::string& fingerprint,
                              Duration deadline) {
  auto owned = std::make_unique<Entry>();
  Entry& entry = *owned;
  entry.handle = next_sequence_++;
  entry.atomic.gtrid = LastGtrid();
  entry.gid = gid.empty() ? entry.atomic.gtrid.ToHex() : gid;
  entry.fingerprint = fingerprint;
  entry.begun_at = clock_.Wall();
  core::AtomicSettings& settings = entry.atomic.settings;
  settings.client_named = !gid.empty();
  if (deadline > Duration::zero()) {
    entry.deadline_at = entry.begun_at + deadline;
    settings.deadline = clock_.Now() + deadline;
  }
  SetRetries(settings);
  if (!gid.empty()) by_gid_[gid] = entry.handle;
  in_flight_.emplace(entry.handle, std::move(owned));
  ++counters_.begun;
  ++counters_.open;
  return entry;
}

Entry& TransactionTable::Adopt(std::unique_ptr<Entry> owned) {
  Entry& entry = *owned;
  entry.handle = next_restored_++;
  recovered_[entry.atomic.gtrid] = entry.handle;
  if (entry.atomic.settings.client_named) by_gid_[entry.gid] = entry.handle;
  SetRetries(entry.atomic.settings);
  entry.work.resize(entry.atomic.branches.size());
  in_flight_.emplace(entry.handle, std::move(owned));
  ++counters_.open;
  return entry;
}

uint64_t TransactionTable::HandleOf(const core::Gtrid& gtrid) const {
  if (gtrid.incarnation() == identity_.incarnation &&
      gtrid.start_nonce() == identity_.start_nonce &&
      gtrid.coordinator_id() == identity_.coordinator_id) {
    return gtrid.sequence();
  }
  const auto found = recovered_.find(gtrid);
  return found == recovered_.end() ? 0 : found->second;
}

Entry* TransactionTable::Find(uint64_t handle) const {
  const auto found = in_flight_.find(handle);
  return found == in_flight_.end() ? nullptr : found->second.get();
}

Entry* TransactionTable::Find(const core::Gtrid& gtrid) const { return Find(HandleOf(gtrid)); }

Entry* TransactionTable::FindGid(const std::string& gid) const {
  const auto found = by_gid_.find(gid);
  if (found != by_gid_.end()) return Find(found->second);
  const auto gtrid = core::Gtrid::FromHex(gid);
  if (!gtrid) return nullptr;
  Entry* entry = Find(*gtrid);
  return entry != nullptr && !entry->atomic.settings.client_named ? entry : nullptr;
}

const Entry* TransactionTable::FindRecent(const std::string& gid) const {
  const auto found = recent_.find(gid);
  return found == recent_.end() ? nullptr : found->second;
}

core::Decision TransactionTable::EndedAs(const xa::Xid& xid) const {
  const Entry* entry = Find(xid.gtrid);
  if (entry == nullptr || xid.branch == 0) return core::Decision::kNone;
  if (xid.branch > entry->atomic.branches.size()) {
    // Enlisted before a crash, but in no record: the transaction had no decision to commit.
    const core::Atomic& atomic = entry->atomic;
    const bool open = IsRecovered(*entry) && atomic.open_logged;
    return open ? atomic.decision : core::Decision::kNone;
  }
  const core::AtomicBranch& branch = entry->atomic.branches[xid.branch - 1];
  return branch.Ended() ? entry->atomic.decision : core::Decision::kNone;
}

core::Gtrid TransactionTable::LastGtrid() const {
  return core::Gtrid::Make(identity_.coordinator_id, identity_.incarnation, identity_.start_nonce,
                           next_sequence_ - 1);
}

bool TransactionTable::Forget(Entry& entry) {
  const core::Atomic& atomic = entry.atomic;
  --counters_.open;
  ++(atomic.decision == core::Decision::kCommit ? counters_.committed : counters_.rolled_back);
  const bool kept = KeepOutcome(entry);
  if (atomic.settings.client_named) {
    const auto found = by_gid_.find(entry.gid);
    if (found != by_gid_.end() && found->second == entry.handle) by_gid_.erase(found);
  }
  recovered_.erase(atomic.gtrid);
  KeepRecent(std::move(in_flight_.extract(entry.handle).mapped()));
  return kept;
}

bool TransactionTable::KeepOutcome(const Entry& entry) {
  const core::Atomic& atomic = entry.atomic;
  if (!atomic.settings.client_named && !atomic.commit_logged) return false;
  Ended ended;
  ended.gtrid = atomic.gtrid;
  if (atomic.settings.client_named) ended.gid = entry.gid;
  ended.fingerprint = entry.fingerprint;
  ended.outcome = atomic.outcome;
  ended.cause = atomic.cause;
  ended.cause_branch = entry.CauseBranch();
  ended.begun_at = entry.begun_at;
  ended.ended_at = clock_.Wall();
  ended.kept_since = ended.ended_mono = clock_.Now();
  ended.lsn = entry.record;
  outcomes_.Add(std::move(ended));
  return true;
}

// Results are shown again only by the process that ran them, and only while memory allows. Keeps
// the transaction itself, and makes a view on request, because few are ever requested.
void TransactionTable::KeepRecent(std::unique_ptr<Entry> entry) {
  if (options_.recent_views == 0) return;
  for (BranchWork& work : entry->work) work.statements.reset();  // no view shows them
  const size_t bytes = HeldBytes(*entry);
  recent_[entry->gid] = entry.get();
  recent_order_.push_back({std::move(entry), bytes});
  recent_bytes_ += bytes;
  while (recent_order_.size() > options_.recent_views || recent_bytes_ > kRecentBytes) {
    const Recent& oldest = recent_order_.front();
    const auto found = recent_.find(oldest.entry->gid);
    if (found != recent_.end() && found->second == oldest.entry.get()) recent_.erase(found);
    recent_bytes_ -= oldest.bytes;
    recent_order_.pop_front();
  }
}

}  // namespace assent::coordinator
