// SPDX-License-Identifier: Apache-2.0
// 5 Presumed abort: if a transaction has no decision and is not live, every prepared branch is
// rolled back. (A branch that is still prepared at the end of a run is reported by run.cc.)
#include "tests/sim/invariants/list.h"

namespace assent::sim {
namespace {

class PresumedAbort final : public Rule {
 public:
  using Rule::Rule;
  void AtEnd(const core::Gtrid& gtrid, const TransactionFacts& known) override {
    if (known.excused || known.commit_durable || known.LastCommitted()) return;
    if ((known.prepared & known.committed) != 0) {
      Violate(Invariant::kPresumedAbort, "committed without a decision: " + gtrid.ToHex());
    }
  }
};

}  // namespace

std::unique_ptr<Rule> MakePresumedAbort(Simulator& sim, const Facts& facts) {
  return MakeRule<PresumedAbort>(sim, facts);
}

}  // namespace assent::sim
