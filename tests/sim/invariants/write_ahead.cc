// SPDX-License-Identifier: Apache-2.0
// 3 Write-ahead: no commit or confirm is sent and no client receives "committed" before the
// decision is durable: its record, or the row of the last resource. No try is sent, by the
// coordinator or by a client, before its branch is recorded.
#include "tests/sim/invariants/list.h"

namespace assent::sim {
namespace {

class WriteAhead final : public Rule {
 public:
  using Rule::Rule;
  void OnSend(const Part& part, const Sent& sent, const TransactionFacts& before) override {
    const bool decided = before.commit_durable || before.verdict == RowVerdict::kCommitted;
    if (sent.operation == core::Operation::kCommit && !decided) {
      Violate(Invariant::kWriteAhead, "commit sent without a durable decision: " + Describe(part));
    }
    const bool is_try = part.IsPartner() && sent.operation == core::Operation::kPrepare;
    if (is_try && (before.recorded & part.Mask()) == 0) {
      Violate(Invariant::kWriteAhead, "try sent without a durable record: " + Describe(part));
    }
  }
  void OnChange(const Part& part, const Change& change, const TransactionFacts& before) override {
    if (change.transition != Transition::kCommitted || before.commit_durable) return;
    if (before.LastCommitted()) return;
    if (!part.IsPartner() && (before.prepared & part.Mask()) == 0) return;  // in one phase
    Violate(Invariant::kWriteAhead, "committed without a durable decision: " + Describe(part));
  }
  void OnReport(uint32_t tag, const TransactionFacts* known, Reported reported,
                const TagFacts&) override {
    if (reported != Reported::kCommitted || facts_.plans()[tag - 1].ReadOnly()) return;
    const bool backed =
        known != nullptr && (known->commit_durable || (known->one_phase && known->committed != 0));
    if (backed) return;
    Violate(Invariant::kWriteAhead, "transaction " + std::to_string(tag) +
                                        " was reported committed without a durable decision");
  }
};

}  // namespace

std::unique_ptr<Rule> MakeWriteAhead(Simulator& sim, const Facts& facts) {
  return MakeRule<WriteAhead>(sim, facts);
}

}  // namespace assent::sim
