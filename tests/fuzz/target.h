// SPDX-License-Identifier: Apache-2.0
// The two functions of a fuzz program: the target, which accepts any bytes, and the seed inputs.
//
// Contract: each fuzz_*.cc defines both. The target returns 0, or aborts (CHECK) if a property does
// not hold. It is deterministic and keeps no state between calls except caches. libFuzzer drives it
// (build/fuzz, one program each), and so does replay_test.cc, with the seeds and thousands of
// mutations of them in every test run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size);

namespace assent::fuzz {

// A few small inputs, each of which reaches a different part. At least one is accepted as a whole.
std::vector<std::string> Seeds();

}  // namespace assent::fuzz
