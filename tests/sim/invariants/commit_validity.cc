// SPDX-License-Identifier: Apache-2.0
// 2 Commit validity: a transaction commits only if every branch voted prepared or read-only.
#include "tests/sim/invariants/list.h"

namespace assent::sim {
namespace {

class CommitValidity final : public Rule {
 public:
  using Rule::Rule;
  void OnChange(const Part& part, const Change& change, const TransactionFacts& before) override {
    if (change.transition != Transition::kCommitted) return;
    const bool one_phase = !part.IsPartner() && (before.prepared & part.Mask()) == 0;
    Check(before, one_phase ? part.Mask() : 0, "committed", Describe(part));
  }
  // A partner that is in the plan but not in the record would never be confirmed after a crash.
  void OnRecord(const core::Gtrid& gtrid, const log::v1::Record& record,
                const TransactionFacts& before) override {
    if (!record.has_commit() || before.commit_durable) return;
    Check(before, 0, "decided to commit", gtrid.ToHex());
    const Plan* plan = facts_.PlanOf(before);
    if (plan == nullptr) return;
    size_t partners = 0;
    for (const auto& branch : record.commit().branches()) partners += branch.has_tcc() ? 1 : 0;
    if (partners == plan->partners.size()) return;
    Violate(Invariant::kCommitValidity, "the commit record lists " + std::to_string(partners) +
                                            " of " + std::to_string(plan->partners.size()) +
                                            " partners: " + gtrid.ToHex());
  }

 private:
  void Check(const TransactionFacts& known, uint64_t beside, const char* what,
             const std::string& where) {
    const Plan* plan = facts_.PlanOf(known);
    if (plan == nullptr) return;
    const uint64_t votes = known.prepared | known.read_only | known.row | beside;
    const auto voted = static_cast<size_t>(__builtin_popcountll(votes));
    if (voted >= plan->Votes()) return;
    Violate(Invariant::kCommitValidity, std::string(what) + " with " + std::to_string(voted) +
                                            " of " + std::to_string(plan->Votes()) +
                                            " votes: " + where);
  }
};

}  // namespace

std::unique_ptr<Rule> MakeCommitValidity(Simulator& sim, const Facts& facts) {
  return MakeRule<CommitValidity>(sim, facts);
}

}  // namespace assent::sim
