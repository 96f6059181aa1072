// SPDX-License-Identifier: Apache-2.0
// One invariant of docs/proof.md: it hears what happens, sees what was known before it, and calls a
// breach by World::Violate.
//
// Contract: an invariant is one file in invariants/ with a class of this kind, named in
// invariants/list.h. `before` is what was known before the event. What a person or a restored
// backup has meddled with is *excused* (Facts::Excused) from agreement and conservation, never from
// write-ahead. Threads: one; it lives as long as the run.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "coordinator/records.h"
#include "tests/sim/facts.h"
#include "tests/sim/world.h"

namespace assent::sim {

// What the ledgers say of one client transaction in the end.
struct Sum {
  int64_t delta = 0;
  size_t rows = 0;
};

class Rule {
 public:
  Rule(Simulator& sim, const Facts& facts) : sim_(sim), facts_(facts) {}
  virtual ~Rule() = default;

  virtual void OnChange(const Part&, const Change&, const TransactionFacts& /*before*/) {}
  virtual void OnSend(const Part&, const Sent&, const TransactionFacts& /*before*/) {}
  // A record of a transaction has become durable.
  virtual void OnRecord(const core::Gtrid&, const log::v1::Record&,
                        const TransactionFacts& /*before*/) {}
  // A client was told how its transaction ended; `known` of the gtrid that it was told of, or none.
  virtual void OnReport(uint32_t /*tag*/, const TransactionFacts* /*known*/, Reported /*told*/,
                        const TagFacts& /*before*/) {}
  // At the end, of each plan.
  virtual void AtEnd(const Plan&, const Sum&) {}
  // At the end, of each transaction that anything is known of.
  virtual void AtEnd(const core::Gtrid&, const TransactionFacts&) {}

 protected:
  void Violate(Invariant invariant, const std::string& what) { sim_.Violate(invariant, what); }
  std::string Describe(const Part& part) const { return facts_.Describe(part); }
  // Is its outcome one that a hazard is honest about?
  bool MayBeHazard(uint32_t tag) const;

  Simulator& sim_;
  const Facts& facts_;
};

using RuleMaker = std::unique_ptr<Rule> (*)(Simulator&, const Facts&);

template <typename R>
std::unique_ptr<Rule> MakeRule(Simulator& sim, const Facts& facts) {
  return std::make_unique<R>(sim, facts);
}

}  // namespace assent::sim
