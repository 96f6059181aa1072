// SPDX-License-Identifier: Apache-2.0
// The check of every crash test after a restart: reads both databases and compares them with the
// outcomes that clients received.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/crash/bank.h"
#include "tests/crash/workload.h"

namespace assent::test {

inline constexpr auto kRecoveryBound = std::chrono::seconds(10);

// Checks that none of the coordinator's branches is prepared, no foreign branch was touched, the
// books balance, and every client's outcome holds. Empty: no fault.
std::vector<std::string> Audit(const Bank& bank, const std::vector<Account>& accounts);

std::string Joined(const std::vector<std::string>& lines);

// ASSENT_SEED, or a random one.
uint64_t Seed();

// The statement that the detail of a last resource in doubt tells an operator to run, in order to
// commit or to roll back. Empty: it tells none.
std::string Remedy(const std::string& detail, bool commits);

}  // namespace assent::test
