// SPDX-License-Identifier: Apache-2.0
// What a fuzz program consists of: one function that takes any bytes, and the inputs to begin with.
//
// Contract: each fuzz_*.cc defines both. The function returns 0, and aborts (CHECK) where a
// property does not hold. It gives the same result for the same bytes, and keeps no state between
// calls but what it needs to be fast. libFuzzer drives it (build/fuzz, a program each), and so does
// replay_test.cc: the seeds and some thousands of mutations of them, in every test run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size);

namespace assent::fuzz {

// Small, few, and each reaches another part: at least one is accepted as a whole.
std::vector<std::string> Seeds();

}  // namespace assent::fuzz
