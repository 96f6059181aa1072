// SPDX-License-Identifier: Apache-2.0
// `assentd --check --connect`: checks that the coordinator can log in to each configured database.
//
// Contract: connects to each database in turn and changes nothing there. Prints one line per
// database, with its version, followed by its warnings; errors go to standard error.
// Threads: one; blocks, at most resource.connect_timeout and call_timeout for each.
#pragma once

#include "apps/assentd/config.h"

namespace assent::daemon {

// Returns kOk if every database could be reached, kBadConfiguration if a resource's settings are
// wrong, and kError otherwise.
int CheckConnections(const Config& config);

}  // namespace assent::daemon
