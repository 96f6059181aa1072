// SPDX-License-Identifier: Apache-2.0
// 4 Stability: a decision never changes, over any number of crashes, and no branch is asked for a
// vote after the decision.
#include "tests/sim/invariants/list.h"

namespace assent::sim {
namespace {

class Stability final : public Rule {
 public:
  using Rule::Rule;
  void OnSend(const Part& part, const Sent& sent, const TransactionFacts& before) override {
    if (sent.by_client) return;
    if (sent.operation == core::Operation::kRollBack && before.commit_durable &&
        (before.read_only & part.Mask()) == 0) {
      Violate(Invariant::kStability,
              "roll-back sent after the decision to commit: " + Describe(part));
    }
    const bool ended =
        before.commit_durable || before.abort_durable || (before.ending & part.Mask()) != 0;
    if (part.IsPartner() && sent.operation == core::Operation::kPrepare && ended) {
      Violate(Invariant::kStability, "try sent after the decision: " + Describe(part));
    }
  }
  void OnChange(const Part& part, const Change& change, const TransactionFacts& before) override {
    if (change.transition == Transition::kRolledBack && before.commit_durable && !before.excused) {
      Violate(Invariant::kStability,
              "rolled back though its commit record is durable: " + Describe(part));
    }
  }
  void OnRecord(const core::Gtrid& gtrid, const log::v1::Record& record,
                const TransactionFacts& before) override {
    const bool outcome = record.has_outcome();
    const bool committed =
        record.has_commit() || (outcome && record.outcome().result() == log::v1::COMMITTED);
    const bool aborted = outcome && record.outcome().result() == log::v1::ROLLED_BACK;
    if ((before.commit_durable && aborted) || (before.abort_durable && committed)) {
      Violate(Invariant::kStability, "both decisions are on the disk: " + gtrid.ToHex());
    }
  }
};

}  // namespace

std::unique_ptr<Rule> MakeStability(Simulator& sim, const Facts& facts) {
  return MakeRule<Stability>(sim, facts);
}

}  // namespace assent::sim
