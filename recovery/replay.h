// SPDX-License-Identifier: Apache-2.0
// Rebuilds the state of a coordinator from its log, and makes the records to copy into the new
// segment.
//
// Contract: a transaction with a decision or an open record but no end becomes unfinished; without
// a decision it is rolled back. A transaction without a record is presumed aborted. Outcomes within
// the limits are kept. `copies` has exactly the records that are still needed. Errors: kDamaged for
// a record that does not decode; it is never skipped.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "coordinator/options.h"
#include "coordinator/restored.h"
#include "log/recovered.h"

namespace assent::recovery {

struct Rebuilt {
  coordinator::Restored restored;
  std::vector<std::string> copies;
  uint64_t records = 0;  // number of records read

  // Assigns the LSNs of the copies: the first copy has LSN `first`, the others follow.
  void AssignLsns(log::Lsn first);
};

Result<Rebuilt> Replay(const log::Recovered& log, const coordinator::EngineOptions& options,
                       WallTime now);

}  // namespace assent::recovery
