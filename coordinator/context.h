// SPDX-License-Identifier: Apache-2.0
// What a shard and its parts are given from outside: settings, clock, log, resources, partners.
//
// Contract: everything that is pointed to outlives the shard.
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
  BranchDirectory* branches = nullptr;  // what the Validator looks branches up in; may be none
  tcc::Partners* partners = nullptr;    // none: no request may name one
  std::string coordinator_url;          // where a partner finds us; empty: partners are not told
  bool await_first_scans = false;       // scans are judged: see first_scan.h
  // The process must end without answering anybody; does not return in the daemon.
  std::function<void(FatalReason, const std::string&)> fatal;
};

// With the time at which it came about.
inline core::Cause Stamped(core::Cause cause, const Clock& clock) {
  cause.at_wall_ns = clock.Wall().ns;
  return cause;
}

}  // namespace assent::coordinator
