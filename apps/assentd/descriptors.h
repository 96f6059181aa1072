// SPDX-License-Identifier: Apache-2.0
// Shares the process's file descriptors out before the first client is accepted.
//
// Contract: the log, the databases' connections (pool, phase two, control, cancelling) and the
// process itself come first; partners and clients get what is left. Where that is less than
// `server.max_connections`, fewer clients are taken, and a warning says which limit would be
// enough. Errors: kInvalid where too few are left to work with; the message says what is missing
// and what to set.
#pragma once

#include <cstdint>

#include "apps/assentd/config.h"
#include "base/result.h"

namespace assent::daemon {

struct DescriptorShares {
  uint64_t own = 0;        // what is open at the start, the log, the threads' own, libraries
  uint64_t databases = 0;  // connections
  uint64_t partners = 0;   // connections, to all endpoints together
  uint64_t clients = 0;    // connections
  uint64_t wanted = 0;     // the limit that would be enough for the whole configuration
};

// `limit`: how many may be open at once; `open_now`: how many are.
Result<DescriptorShares> ShareDescriptors(const Config& config, uint64_t limit, uint64_t open_now);

// Raises RLIMIT_NOFILE as far as it goes, and writes the shares into `config`.
Result<void> ReserveDescriptors(Config* config);

}  // namespace assent::daemon
