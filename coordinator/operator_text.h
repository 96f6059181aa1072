// SPDX-License-Identifier: Apache-2.0
// What an operator reads about a branch that ended MIXED or HAZARD: what was seen, and where and
// how to look.
//
// Threads: the shard's.
#pragma once

#include <string>

#include "coordinator/transaction.h"
#include "xa/port.h"

namespace assent::coordinator {

// Whole sentences for a branch in state kHeuristic; `branch.detail` is what was seen.
std::string ForOperator(const Entry& entry, uint32_t index);

// The same of every such branch, each with its name; empty where there is none.
std::string ForOperator(const Entry& entry);

}  // namespace assent::coordinator
