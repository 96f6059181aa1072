// SPDX-License-Identifier: Apache-2.0
// 5 Presumed abort: no decision anywhere, and not live: every prepared branch ends rolled back.
// (What still stands prepared at the end never comes to rest: run.cc.)
#include "tests/sim/invariants/list.h"

namespace assent::sim {
namespace {

class PresumedAbort final : public Rule {
 public:
  using Rule::Rule;
  void AtEnd(const core::Gtrid& gtrid, const TransactionFacts& known) override {
    if (known.excused || known.commit_durable) return;
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
