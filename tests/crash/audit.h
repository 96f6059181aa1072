// SPDX-License-Identifier: Apache-2.0
// What every crash test does after a restart: read both databases and hold them to what was told.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/crash/bank.h"
#include "tests/crash/workload.h"

namespace assent::test {

inline constexpr auto kRecoveryBound = std::chrono::seconds(10);

// Nothing of ours prepared, nothing foreign touched, the books add up, everybody has what they
// were told. Empty: all is well.
std::vector<std::string> Audit(const Bank& bank, const std::vector<Account>& accounts);

std::string Joined(const std::vector<std::string>& lines);

// ASSENT_SEED, or a random one.
uint64_t Seed();

}  // namespace assent::test
