// SPDX-License-Identifier: Apache-2.0
// The environment of a shard and its parts: settings, clock, log, resources, partners.
//
// Contract: everything that the pointers refer to outlives the shard.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "base/random.h"
#include "base/time.h"
#include "coordinator/branch_directory.h"
#include "coordinator/log_port.h"
#include "coordinator/options.h"
#include "core/types.h"
#include "tcc/port.h"
#include "xa/port.h"

namespace assent::coordinator {

enum class FatalReason { kLogFailed, kStaleLog };

using Resources = std::map<std::string, xa::ResourceManager*>;  // by name

struct ShardContext {
  EngineOptions options;
  const Clock* clock = nullptr;
  Random* random = nullptr;
  LogPort* log = nullptr;
  log::Identity identity;
  Resources resources;
  BranchDirectory* branches = nullptr;  // where the Validator looks up branches; may be null
  tcc::Partners* partners = nullptr;    // null: requests may not name partners
  std::string coordinator_url;          // sent to partners so that they can call back; may be empty
  bool await_first_scans = false;       // calls wait for first scans: see first_scan.h
  // Ends the process without answering any client; does not return in the daemon.
  std::function<void(FatalReason, const std::string&)> fatal;
};

// The cause with the current time.
inline core::Cause Stamped(core::Cause cause, const Clock& clock) {
  cause.at_wall_ns = clock.Wall().ns;
  return cause;
}

}  // namespace assent::coordinator
