// SPDX-License-Identifier: Apache-2.0
// The partners of a run and their network.
#pragma once

#include <deque>
#include <vector>

#include "tests/sim/auditor.h"
#include "tests/sim/partner.h"
#include "tests/sim/partner_net.h"
#include "tests/sim/partner_port.h"
#include "tests/sim/side.h"

namespace assent::sim {

class PartnerSide final : public Side {
 public:
  // Some seeds have no partners.
  PartnerSide(Simulator& sim, Auditor& auditor, const std::vector<Plan>& plans,
              const PartnerFaults& faults);

  void Bind(ProcessPort& process, coordinator::ShardContext& context) override;
  void Reset() override { port_.Reset(); }
  std::vector<Left> Unfinished() override;
  void ForEachRow(const std::function<void(uint32_t, int64_t)>& row) const override;

  // Valid for the lifetime of this object.
  std::vector<Partner*> partners();
  size_t keeping() const { return keeping_; }
  PartnerNet& net() { return net_; }

 private:
  Auditor& auditor_;
  PartnerNet net_;
  SimPartners port_;
  std::deque<Partner> partners_;
  size_t keeping_ = 0;
};

}  // namespace assent::sim
