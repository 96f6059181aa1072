// SPDX-License-Identifier: Apache-2.0
// The events of a transaction's changes of state, for the event log.
//
// Threads: the shard's.
#pragma once

#include "base/time.h"
#include "coordinator/transaction.h"

namespace assent::coordinator {

// Compares the states with those that were shown last, logs what has changed, and notes since when.
void LogTransitions(Entry& entry, const Clock& clock);

// The branch has a heuristic outcome, or may have one.
void LogHeuristic(const Entry& entry, uint32_t branch);

}  // namespace assent::coordinator
