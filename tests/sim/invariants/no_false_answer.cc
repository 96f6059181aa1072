// SPDX-License-Identifier: Apache-2.0
// 9 No false answer: if a client receives "committed", the decision is durable and every branch
// will commit; if it receives "rolled back", that gid never commits; an unknown outcome is reported
// as unknown.
#include "tests/sim/invariants/list.h"

namespace assent::sim {
namespace {

class NoFalseAnswer final : public Rule {
 public:
  using Rule::Rule;
  void OnChange(const Part& part, const Change& change, const TransactionFacts& before) override {
    if (change.transition == Transition::kVanished && before.commit_durable && before.end_durable) {
      Violate(Invariant::kNoFalseAnswer,
              "ended as committed before the commit was done, and lost: " + Describe(part));
    }
    if (change.transition != Transition::kCommitted || facts_.Excused(before)) return;
    if (facts_.Of(before.tag).reported == Reported::kRolledBack) {
      Violate(Invariant::kNoFalseAnswer,
              "committed though 'rolled back' was reported to the client: " + Describe(part));
    }
  }
  void OnRecord(const core::Gtrid& gtrid, const log::v1::Record& record,
                const TransactionFacts& before) override {
    if (!record.has_end() || record.end().result() != log::v1::COMMITTED) return;
    if ((before.vanished | (before.undone & ~before.unanswered)) == 0) return;
    Violate(Invariant::kNoFalseAnswer,
            gtrid.ToHex() + " ended as committed, but a branch was lost or rolled back by others");
  }
  void OnReport(uint32_t tag, const TransactionFacts*, Reported reported,
                const TagFacts& before) override {
    const std::string who = "transaction " + std::to_string(tag);
    if (reported == Reported::kRolledBack && before.committed && !before.excused) {
      Violate(Invariant::kNoFalseAnswer, who + " was reported rolled back but has committed");
    }
    if (reported == Reported::kHazard && !MayBeHazard(tag)) {
      Violate(Invariant::kNoFalseAnswer,
              who + " was reported as a hazard without a heuristic or replaced server");
    }
  }
  void AtEnd(const Plan& plan, const Sum& sum) override {
    const TagFacts facts = facts_.Of(plan.tag);
    if (facts.excused) return;
    const std::string who = "transaction " + std::to_string(plan.tag);
    if (facts.reported == Reported::kCommitted && sum.rows == 0 && plan.Writers() > 0) {
      Violate(Invariant::kNoFalseAnswer, who + " was reported committed but left no rows");
    }
    if (facts.reported == Reported::kRolledBack && sum.rows != 0) {
      Violate(Invariant::kNoFalseAnswer, who + " was reported rolled back but left rows");
    }
  }
};

}  // namespace

std::unique_ptr<Rule> MakeNoFalseAnswer(Simulator& sim, const Facts& facts) {
  return MakeRule<NoFalseAnswer>(sim, facts);
}

}  // namespace assent::sim
