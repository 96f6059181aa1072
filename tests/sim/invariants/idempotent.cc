// SPDX-License-Identifier: Apache-2.0
// 10 Idempotent API: the same request gets the same decision, over restarts. An outcome may become
// mixed or hazard; a decision never changes.
#include "tests/sim/invariants/list.h"

namespace assent::sim {
namespace {

class Idempotent final : public Rule {
 public:
  using Rule::Rule;
  void OnReport(uint32_t tag, const TransactionFacts* known, Reported reported,
                const TagFacts& before) override {
    const std::string who = "transaction " + std::to_string(tag);
    const bool definite = reported == Reported::kCommitted || reported == Reported::kRolledBack;
    const bool was =
        before.reported == Reported::kCommitted || before.reported == Reported::kRolledBack;
    const bool changed = definite && was && before.reported != reported;
    if (changed && !facts_.plans()[tag - 1].ReadOnly() && !before.by_hand) {
      Violate(Invariant::kIdempotent, who + " was reported with two different decisions");
    }
    // After a crash the row of a last resource may have to be read again.
    const bool asks_row = known != nullptr && known->LastCommitted() && !known->commit_durable &&
                          before.reported == Reported::kCommitted;
    if (was && reported == Reported::kUndecided && !asks_row) {
      Violate(Invariant::kIdempotent, who + " was reported with a decision, then without one");
    }
  }
  void AtEnd(const Plan& plan, const Sum& sum) override {
    if (facts_.Of(plan.tag).excused || sum.rows <= plan.Writers()) return;
    Violate(Invariant::kIdempotent, "transaction " + std::to_string(plan.tag) + " left " +
                                        std::to_string(sum.rows) + " rows of " +
                                        std::to_string(plan.Writers()));
  }
};

}  // namespace

std::unique_ptr<Rule> MakeIdempotent(Simulator& sim, const Facts& facts) {
  return MakeRule<Idempotent>(sim, facts);
}

}  // namespace assent::sim
