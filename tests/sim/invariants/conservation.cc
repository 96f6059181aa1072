// SPDX-License-Identifier: Apache-2.0
// 12 Conservation: the participants' own ledgers add up and agree with the log.
#include "tests/sim/invariants/list.h"

namespace assent::sim {
namespace {

class Conservation final : public Rule {
 public:
  using Rule::Rule;
  void AtEnd(const Plan& plan, const Sum& sum) override {
    if (facts_.Of(plan.tag).excused || sum.rows == 0 || sum.rows > plan.Writers()) return;
    int64_t expected = 0;
    for (const PlannedBranch& branch : plan.branches) {
      if (branch.writes) expected += branch.delta * branch.statements;
    }
    for (const PlannedPartner& partner : plan.partners) expected += partner.amount;
    if (sum.rows == plan.Writers() && sum.delta == expected) return;
    Violate(Invariant::kConservation,
            "transaction " + std::to_string(plan.tag) + " left " + std::to_string(sum.rows) +
                " rows of " + std::to_string(plan.Writers()) + " with sum " +
                std::to_string(sum.delta) + " of " + std::to_string(expected));
  }
  void AtEnd(const core::Gtrid& gtrid, const TransactionFacts& known) override {
    if (known.excused || !known.commit_durable) return;
    if ((known.prepared & ~known.committed) == 0) return;
    Violate(Invariant::kConservation,
            "decided to commit, but not committed everywhere: transaction " +
                std::to_string(known.tag) + " " + gtrid.ToHex());
  }
};

}  // namespace

std::unique_ptr<Rule> MakeConservation(Simulator& sim, const Facts& facts) {
  return MakeRule<Conservation>(sim, facts);
}

}  // namespace assent::sim
