// SPDX-License-Identifier: Apache-2.0
// The text for operators about a branch that ended MIXED or HAZARD: what was observed, and where
// and how to check.
//
// Threads: the shard's.
#pragma once

#include <string>

#include "coordinator/transaction.h"
#include "xa/port.h"

namespace assent::coordinator {

// Whole sentences for a branch in state kHeuristic; `branch.detail` is what was observed.
std::string ForOperator(const Entry& entry, uint32_t index);

// The same for every such branch, each with its name; empty if there is none.
std::string ForOperator(const Entry& entry);

}  // namespace assent::coordinator
