// SPDX-License-Identifier: Apache-2.0
// One run of the simulation: a seed in, a verdict out.
//
// First faults, then healing, then everything must come to rest within ten simulated minutes; then
// the coordinator is restarted once more and every client asks again. The same seed, bug and
// shape give the same hash.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "tests/sim/world.h"

namespace assent::sim {

struct RunOptions {
  uint64_t seed = 1;
  SeededBug bug = SeededBug::kNone;
  bool tracing = false;
  bool echo = false;  // print the story as it happens
  bool faults = true;
};

struct RunResult {
  uint64_t hash = 0;
  uint64_t events = 0;
  uint64_t transactions = 0;
  uint64_t faults = 0;
  std::array<uint32_t, static_cast<size_t>(Fault::kCount)> by_fault{};
  std::array<uint32_t, static_cast<size_t>(Marker::kCount)> markers{};
  std::vector<Violation> violations;
  std::deque<std::string> trace;
};

RunResult RunOne(const RunOptions& options);

}  // namespace assent::sim
