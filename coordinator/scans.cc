// SPDX-License-Identifier: Apache-2.0
// What scans tell the shard (recovery/scan_handler.h), what waits for the first of each resource,
// and the witness rows that go.
#include <utility>

#include "base/event_log.h"
#include "coordinator/records.h"
#include "coordinator/shard.h"

namespace assent::coordinator {

const Restored::Identity& Shard::NoteIdentity(const std::string& resource,
                                              const xa::ServerStamp& stamp) {
  Restored::Identity& noted = identities_[resource];
  const bool first = noted.identity.empty();
  const xa::Likeness likeness =
      first ? xa::Likeness::kSame : xa::Compare(noted.identity, stamp.identity);
  const uint64_t before = std::exchange(noted.position, stamp.position);
  const bool went_back = stamp.position > 0 && stamp.position < before;
  const bool changed = likeness == xa::Likeness::kOther || went_back;
  // What says less of the same server (a privilege was revoked) is not worth a record.
  if (!changed && stamp.identity.size() < noted.identity.size()) return noted;
  if (!changed && stamp.identity == noted.identity) return noted;
  if (changed) {
    const std::string why = xa::WhyAnotherServer({noted.identity, stamp.started_at, before}, stamp);
    Event(LogEvent::kResourceIdentityChanged, {{"resource", resource},
                                               {"from", noted.identity},
                                               {"to", stamp.identity},
                                               {"detail", why}});
    noted.last_before = LastGtrid();
  } else {
    Event(LogEvent::kResourceIdentity,
          {{"resource", resource}, {"from", noted.identity}, {"to", stamp.identity}});
  }
  noted.identity = stamp.identity;
  const log::Lsn lsn = context_.log->Append(
      EncodeIdentity(resource, stamp.identity, noted.last_before, context_.clock->Wall()),
      log::Urgency::kForce);
  if (noted.lsn != 0) context_.log->Release({noted.lsn});
  noted.lsn = lsn;
  return noted;
}

void Shard::NoteScan(const std::string& resource, ScanSummary summary) {
  scans_[resource] = summary;
  if (!first_scan_.Awaits(resource)) return;
  SendAll(resource, first_scan_.Judged(resource));
  SendFreedPartners();
  OnHealth(resource, xa::Health::kUp);  // what was refused until now
}

void Shard::NoteFailedScan(const std::string& resource, bool standby, const std::string& why) {
  if (!first_scan_.Awaits(resource)) return;
  const std::string before = first_scan_.Why(resource);
  SendAll(resource, first_scan_.Failed(resource, standby, why));
  SendFreedPartners();
  const std::string now = first_scan_.Why(resource);
  const auto found = context_.resources.find(resource);
  const bool down = found == context_.resources.end() ||
                    found->second->Status().health == xa::Health::kDown;  // it has been logged
  if (now != before && !down) {
    Event(LogEvent::kResourceProbe, {{"resource", resource}, {"found", now}});
  }
  DrainSelf();
}

void Shard::SendAll(const std::string& resource, std::vector<xa::Call> calls) {
  const auto found = context_.resources.find(resource);
  for (xa::Call& call : calls) found->second->Submit(std::move(call));
}

void Shard::SendFreedPartners() {
  for (tcc::Call& call : first_scan_.FreedPartners()) context_.partners->Submit(std::move(call));
}

// Witness rows go once the end record of their transaction is durable.
void Shard::PurgeWitnesses() {
  std::map<xa::ResourceManager*, std::vector<xa::Xid>> ended;
  while (!witnessed_.empty() && witnessed_.front().end <= durable_) {
    ended[witnessed_.front().resource].push_back(witnessed_.front().xid);
    witnessed_.pop_front();
  }
  for (auto& [resource, xids] : ended) resource->PurgeWitness(std::move(xids));
  for (const auto& [name, resource] : context_.resources) {
    has_witness_[resource] = resource->Status().witness;
  }
}

bool Shard::PurgeOldWitnesses(const std::string& resource) {
  const auto found = context_.resources.find(resource);
  if (found == context_.resources.end() || !found->second->Status().witness) return false;
  found->second->PurgeWitnessesOf(context_.identity.coordinator_id, context_.identity.incarnation,
                                  unfinished_at_start_[resource]);
  return true;
}

}  // namespace assent::coordinator
