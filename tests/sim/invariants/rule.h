// SPDX-License-Identifier: Apache-2.0
// One invariant of docs/proof.md: it receives each event with the facts known before it, and
// reports a breach with Violate.
//
// Contract: an invariant is one file in invariants/ with a subclass, listed in invariants/list.h.
// `before` holds the facts known before the event. A transaction in which a person or a restored
// backup intervened is *excused* (Facts::Excused) from agreement and conservation, never from
// write-ahead. Threads: one; a rule lives as long as the run.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "coordinator/records.h"
#include "tests/sim/facts.h"
#include "tests/sim/simulator.h"

namespace assent::sim {

// The total over all ledgers for one client transaction at the end of the run.
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
  // A record of a transaction became durable.
  virtual void OnRecord(const core::Gtrid&, const log::v1::Record&,
                        const TransactionFacts& /*before*/) {}
  // A client received the outcome of its transaction. `known` has the facts about the gtrid in the
  // response; null if the response has none.
  virtual void OnReport(uint32_t /*tag*/, const TransactionFacts* /*known*/, Reported /*reported*/,
                        const TagFacts& /*before*/) {}
  // Called at the end for each plan.
  virtual void AtEnd(const Plan&, const Sum&) {}
  // Called at the end for each known transaction.
  virtual void AtEnd(const core::Gtrid&, const TransactionFacts&) {}

 protected:
  void Violate(Invariant invariant, const std::string& what) { sim_.Violate(invariant, what); }
  std::string Describe(const Part& part) const { return facts_.Describe(part); }
  // Reports whether a hazard is a correct outcome for this client transaction.
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
