// SPDX-License-Identifier: Apache-2.0
// The state that recovery rebuilds from the log before the shard runs.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "coordinator/outcomes.h"
#include "coordinator/transaction.h"

namespace assent::coordinator {

struct Restored {
  std::vector<std::unique_ptr<Entry>> unfinished;  // atomic.decision is set; record LSNs too
  std::vector<Ended> ended;                        // oldest first
  ForgottenMark forgotten;
  log::Lsn forgotten_lsn = 0;
  struct Identity {
    std::string identity;
    core::Gtrid last_before;  // orphans up to here belong to the previous server
    uint64_t position = 0;    // of its log, when this process last saw it; 0: not yet
    log::Lsn lsn = 0;
  };
  std::map<std::string, Identity> identities;  // by resource
};

}  // namespace assent::coordinator
