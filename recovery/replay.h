// SPDX-License-Identifier: Apache-2.0
// Rebuilds what a coordinator knew from its log, and says what must be copied into the new segment.
//
// Contract: decisions without an end become unfinished transactions; what was open without a
// decision left no record and is presumed aborted; outcomes younger than the limits are kept.
// `copies` holds exactly what is needed of it all. Errors: kDamaged for a record that does not
// decode or contradicts another: never skipped.
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
  uint64_t records = 0;  // read

  // Tells everything kept where its copy stands: the first copy has LSN `first`, the others follow.
  void AssignLsns(log::Lsn first);
};

Result<Rebuilt> Replay(const log::Recovered& log, const coordinator::EngineOptions& options,
                       WallTime now);

}  // namespace assent::recovery
