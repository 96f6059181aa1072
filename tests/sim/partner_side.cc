// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/partner_side.h"

namespace assent::sim {

PartnerSide::PartnerSide(Simulator& sim, Auditor& auditor, const std::vector<Plan>& plans,
                         const PartnerFaults& faults)
    : auditor_(auditor), net_(sim, faults), port_(sim, net_) {
  const size_t count = sim.rng.Chance(600) ? 1 + sim.rng.Below(4) : 0;
  const bool last_purges = sim.rng.Chance(400);
  keeping_ = count;
  for (size_t i = 0; i < count; ++i) {
    Partner::Settings settings;
    settings.name = PartnerName(i);
    settings.outside = sim.rng.Chance(300);
    settings.expiring = sim.rng.Chance(250);
    settings.asking = sim.rng.Chance(400);
    settings.refuses_anew = sim.rng.Chance(500);
    settings.purging = last_purges && i + 1 == count;
    if (settings.purging) --keeping_;
    partners_.emplace_back(sim, settings, plans, faults);
  }
  for (Partner& partner : partners_) {
    port_.partners.push_back(&partner);
    partner.on_change = [this](const Part& part, const Change& change) {
      auditor_.OnChange(part, change);
    };
  }
  port_.on_send = [this](const Part& part, const Sent& sent) { auditor_.OnSend(part, sent); };
}

std::vector<Partner*> PartnerSide::partners() { return port_.partners; }

void PartnerSide::Bind(ProcessPort& process, coordinator::ShardContext& context) {
  port_.Attach(&process);
  context.partners = &port_;
  context.coordinator_url = "http://coordinator";
}

std::vector<Side::Left> PartnerSide::Unfinished() {
  std::vector<Left> left;
  if (net_.in_flight() > 0) left.push_back({"calls to partners are in flight", {}});
  for (const Partner& partner : partners_) {
    if (!partner.up()) left.push_back({partner.name() + " is down", {}});
    for (const tcc::Key& key : partner.Unfinished()) {
      if (partner.gone()) {
        auditor_.Excuse(key.gtrid);
        continue;
      }
      left.push_back({partner.name() + " holds " + key.gtrid.ToHex() + "/" + key.branch, key.gtrid,
                      false, true});
    }
  }
  return left;
}

void PartnerSide::ForEachRow(const std::function<void(uint32_t, int64_t)>& row) const {
  for (const Partner& partner : partners_) {
    for (const auto& each : partner.ledger()) row(each.tag, each.amount);
  }
}

}  // namespace assent::sim
