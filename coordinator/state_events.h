// SPDX-License-Identifier: Apache-2.0
// Writes the state changes of a transaction to the event log.
//
// Threads: the shard's.
#pragma once

#include "base/time.h"
#include "coordinator/transaction.h"

namespace assent::coordinator {

// Compares the states with those shown last, logs the changes, and stores their times.
void LogTransitions(Entry& entry, const Clock& clock);

// Logs that the branch has, or may have, a heuristic outcome.
void LogHeuristic(const Entry& entry, uint32_t branch);

}  // namespace assent::coordinator
