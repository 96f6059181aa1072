// What scans tell the shard (recovery/judge.h), and what waits for the first of each resource.
#include "base/event_log.h"
#include "coordinator/shard.h"

namespace assent::coordinator {

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
    Log(LogEvent::kResourceProbe, {{"resource", resource}, {"found", now}});
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

}  // namespace assent::coordinator
