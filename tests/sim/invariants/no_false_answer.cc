// SPDX-License-Identifier: Apache-2.0
// 9 No false answer: told committed, it is durable and every branch will commit; told rolled back,
// that gid never commits; what is not known is said to be unknown.
#include "tests/sim/invariants/list.h"

namespace assent::sim {
namespace {

class NoFalseAnswer final : public Rule {
 public:
  using Rule::Rule;
  void OnChange(const Part& part, const Change& change, const Known& before) override {
    if (change.fate != Fate::kCommitted || facts_.Excused(before)) return;
    if (facts_.Of(before.tag).told == Told::kRolledBack) {
      Violate(Invariant::kNoFalseAnswer,
              "committed though the client was told rolled back: " + Describe(part));
    }
  }
  void OnRecord(const core::Gtrid& gtrid, const log::v1::Record& record,
                const Known& before) override {
    if (!record.has_end() || record.end().result() != log::v1::COMMITTED) return;
    if ((before.vanished | (before.undone & ~before.unanswered)) == 0) return;
    Violate(Invariant::kNoFalseAnswer,
            gtrid.ToHex() + " ended as committed, and a branch was lost or rolled back by others");
  }
  void OnTold(uint32_t tag, const Known*, Told told, const TagFacts& before) override {
    const std::string who = "transaction " + std::to_string(tag);
    if (told == Told::kRolledBack && before.committed && !before.excused) {
      Violate(Invariant::kNoFalseAnswer, who + " was told rolled back and has committed");
    }
    if (told == Told::kHazard && !MayBeHazard(tag)) {
      Violate(Invariant::kNoFalseAnswer, who + " was told hazard and nothing was hazardous");
    }
  }
  void AtEnd(const Plan& plan, const Sum& sum) override {
    const TagFacts facts = facts_.Of(plan.tag);
    if (facts.excused) return;
    const std::string who = "transaction " + std::to_string(plan.tag);
    if (facts.told == Told::kCommitted && sum.rows == 0 && plan.Writers() > 0) {
      Violate(Invariant::kNoFalseAnswer, who + " was told committed and left nothing");
    }
    if (facts.told == Told::kRolledBack && sum.rows != 0) {
      Violate(Invariant::kNoFalseAnswer, who + " was told rolled back and left rows");
    }
  }
};

}  // namespace

std::unique_ptr<Rule> MakeNoFalseAnswer(World& world, const Facts& facts) {
  return MakeRule<NoFalseAnswer>(world, facts);
}

}  // namespace assent::sim
