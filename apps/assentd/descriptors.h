// SPDX-License-Identifier: Apache-2.0
// Divides the process's file descriptors among its uses before the first client is accepted.
//
// Contract: the log, the connections to databases (pool, phase two, control, cancelling) and the
// process itself have priority; partners and clients share the rest. If the rest is too small for
// `server.max_connections`, fewer clients are accepted, and a warning states the limit that would
// suffice.
// Errors: kInvalid if too few descriptors remain for partners and clients; the message says how to
// raise the limit.
#pragma once

#include <cstdint>

#include "apps/assentd/config.h"
#include "base/result.h"

namespace assent::daemon {

struct DescriptorShares {
  uint64_t own = 0;        // already open at the start; the log, the threads and libraries
  uint64_t databases = 0;  // connections
  uint64_t partners = 0;   // connections, to all endpoints together
  uint64_t clients = 0;    // connections
  uint64_t wanted = 0;     // the limit that suffices for the whole configuration
};

// Computes the shares. `limit` is the maximum number of open descriptors; `open_now` of them are
// open already.
Result<DescriptorShares> ShareDescriptors(const Config& config, uint64_t limit, uint64_t open_now);

// Raises RLIMIT_NOFILE to its hard limit, and writes the shares to `config`.
Result<void> ReserveDescriptors(Config* config);

}  // namespace assent::daemon
