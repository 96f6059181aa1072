// SPDX-License-Identifier: Apache-2.0
#include "coordinator/witnesses.h"

#include <utility>

namespace assent::coordinator {

void Witnesses::NoteUnfinished(const Entry& entry) {
  for (size_t i = 0; i < entry.atomic.branches.size(); ++i) {
    const core::AtomicBranch& branch = entry.atomic.branches[i];
    if (branch.IsTcc()) continue;
    unfinished_at_start_[branch.spec.resource].push_back(
        {entry.atomic.gtrid, static_cast<uint32_t>(i + 1)});
  }
}

// Only a commit leaves rows in the table.
void Witnesses::NoteEnded(const Entry& entry) {
  if (entry.atomic.decision != core::Decision::kCommit) return;
  for (size_t i = 0; i < entry.work.size(); ++i) {
    const core::AtomicBranch& branch = entry.atomic.branches[i];
    const bool has_row = branch.witnessed || branch.IsLast();
    if (!has_row || entry.work[i].resource == nullptr) continue;
    ended_.push_back({entry.end_record,
                      entry.work[i].resource,
                      {entry.atomic.gtrid, static_cast<uint32_t>(i + 1)}});
  }
}

void Witnesses::Purge(log::Lsn durable) {
  std::map<xa::ResourceManager*, std::vector<xa::Xid>> purged;
  while (!ended_.empty() && ended_.front().end <= durable) {
    purged[ended_.front().resource].push_back(ended_.front().xid);
    ended_.pop_front();
  }
  for (auto& [resource, xids] : purged) resource->PurgeWitness(std::move(xids));
}

bool Witnesses::PurgeOld(const std::string& resource, const log::Identity& ours) {
  const auto found = resources_.find(resource);
  if (found == resources_.end() || !found->second->Status().witness) return false;
  found->second->PurgeWitnessesOf(ours.coordinator_id, ours.incarnation,
                                  unfinished_at_start_[resource]);
  return true;
}

}  // namespace assent::coordinator
