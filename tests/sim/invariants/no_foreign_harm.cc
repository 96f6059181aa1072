// SPDX-License-Identifier: Apache-2.0
// 6 No foreign harm: the branches of other coordinators and users are never modified, and a partner
// is called only if a plan lists it. (Each database counts the foreign XIDs that were modified.)
#include "tests/sim/invariants/list.h"

namespace assent::sim {
namespace {

class NoForeignHarm final : public Rule {
 public:
  using Rule::Rule;
  void OnSend(const Part& part, const Sent& sent, const TransactionFacts& before) override {
    if (!part.IsPartner()) return;
    const size_t index = part.bit - Part::kFirstPartner;
    const bool planned = sent.tag != 0 && sent.tag <= facts_.plans().size() &&
                         (before.tag == 0 || before.tag == sent.tag) &&
                         index < facts_.plans()[sent.tag - 1].partners.size() &&
                         part.place == NameOfPartner(sent.tag, index);
    if (planned) return;
    Violate(Invariant::kNoForeignHarm,
            "a partner is called that is not in the plan: " + Describe(part));
  }

 private:
  std::string NameOfPartner(uint32_t tag, size_t index) const {
    return PartnerName(facts_.plans()[tag - 1].partners[index].partner);
  }
};

}  // namespace

std::unique_ptr<Rule> MakeNoForeignHarm(Simulator& sim, const Facts& facts) {
  return MakeRule<NoForeignHarm>(sim, facts);
}

}  // namespace assent::sim
