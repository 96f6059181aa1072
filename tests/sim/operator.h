// SPDX-License-Identifier: Apache-2.0
// The operator, who decides a last resource whose server was replaced: from time to time lists the
// transactions that are in doubt, inspects their other branches, and follows the instruction that
// the coordinator gives.
//
// Without the operator such a transaction must stay undecided, so that the operator leaves it alone
// for a while after the faults have ended. Threads: one.
#pragma once

#include <string>
#include <vector>

#include "tests/sim/auditor.h"
#include "tests/sim/database.h"
#include "tests/sim/process.h"
#include "tests/sim/simulator.h"

namespace assent::sim {

class Operator {
 public:
  // `databases` outlives it.
  Operator(Simulator& sim, Process& process, Auditor& auditor,
           const std::vector<Database*>& databases)
      : sim_(sim), process_(process), auditor_(auditor), databases_(databases) {}

  void Start();
  void FaultsEnd() { busy_until_ = sim_.Now() + kPatience; }

 private:
  static constexpr Duration kPatience{20'000'000'000};

  void Look();
  void Read(const v1::Transaction& transaction);
  void Decide(const std::string& resource, const std::string& xid, bool commit);

  Simulator& sim_;
  Process& process_;
  Auditor& auditor_;
  const std::vector<Database*> databases_;
  Monotonic busy_until_ = kNever;  // until then, acts only sometimes
};

}  // namespace assent::sim
