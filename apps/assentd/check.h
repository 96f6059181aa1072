// SPDX-License-Identifier: Apache-2.0
// assentd --check --connect: whether each configured database lets the coordinator in.
//
// Contract: connects to each in turn and changes nothing there. Prints a line for each, with its
// version, and its warnings below; what went wrong goes to standard error.
// Threads: one; blocks, at most resource.connect_timeout and call_timeout for each.
#pragma once

#include "apps/assentd/config.h"

namespace assent::daemon {

// kOk where all could be reached, kBadConfiguration where a resource's settings are wrong, else
// kError.
int CheckConnections(const Config& config);

}  // namespace assent::daemon
