// SPDX-License-Identifier: Apache-2.0
// 1 Agreement: no transaction has one branch committed and another rolled back, except for a
// recorded heuristic.
#include "tests/sim/invariants/list.h"

namespace assent::sim {
namespace {

class Agreement final : public Rule {
 public:
  using Rule::Rule;
  void OnChange(const Part& part, const Change& change, const TransactionFacts& before) override {
    if (facts_.Excused(before)) return;
    if (change.transition == Transition::kRolledBack && before.committed != 0) {
      Violate(Invariant::kAgreement,
              "rolled back though another branch has committed: " + Describe(part));
    }
    if (change.transition == Transition::kCommitted && before.rolled_back != 0) {
      Violate(Invariant::kAgreement,
              "committed though another branch was rolled back: " + Describe(part));
    }
  }
  void OnReport(uint32_t tag, const TransactionFacts*, Reported reported,
                const TagFacts&) override {
    if (reported == Reported::kMixed && !MayBeHazard(tag)) {
      Violate(Invariant::kAgreement,
              "transaction " + std::to_string(tag) + " was reported mixed without a heuristic");
    }
  }
};

}  // namespace

std::unique_ptr<Rule> MakeAgreement(Simulator& sim, const Facts& facts) {
  return MakeRule<Agreement>(sim, facts);
}

// A person or a backup intervened, a server was replaced, or a sole branch was committed in one
// phase.
bool Rule::MayBeHazard(uint32_t tag) const {
  const Plan& plan = facts_.plans()[tag - 1];
  return facts_.Of(tag).excused || sim_.faults[static_cast<size_t>(Fault::kRestore)] > 0 ||
         (plan.gid.empty() && plan.Votes() == 1);
}

}  // namespace assent::sim
