// SPDX-License-Identifier: Apache-2.0
// One run of the simulation: takes a seed, returns the violations.
//
// A run injects faults and then stops them. After that, everything must become quiescent within ten
// simulated minutes. Then the coordinator is restarted once more and every client asks again. The
// same seed, bug and settings give the same hash.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "tests/sim/simulator.h"

namespace assent::sim {

struct RunOptions {
  uint64_t seed = 1;
  SeededBug bug = SeededBug::kNone;
  bool tracing = false;
  bool echo = false;  // print the trace as it happens
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
