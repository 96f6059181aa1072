// SPDX-License-Identifier: Apache-2.0
// Runs many seeds in several processes and adds up their coverage.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tests/sim/run.h"

namespace assent::sim {

struct Found {
  uint64_t seed = 0;
  Invariant invariant{};
  char what[240] = {};
};

// Plain data, because it is sent through a pipe.
struct Totals {
  uint64_t seeds = 0, events = 0, transactions = 0, faults = 0, violating = 0;
  std::array<uint64_t, static_cast<size_t>(Fault::kCount)> with_fault{};
  std::array<uint64_t, static_cast<size_t>(Marker::kCount)> with_marker{};
  std::array<Found, 8> found{};

  void Add(const RunResult& result, uint64_t seed);
  void Add(const Totals& other);
};

// Runs one seed. A failed CHECK of the product is reported as a violation.
RunResult RunGuarded(const RunOptions& options);

struct Range {
  uint64_t first = 1, last = 1;
};
// Runs a range of seeds. Stops early at the first violation if `stop_at_first`, or when `seconds`
// have passed (0: no limit). Calls `progress` from time to time with the number of seeds done.
Totals RunSeeds(Range range, SeededBug bug, unsigned jobs, double seconds, bool stop_at_first,
                const std::function<void(uint64_t)>& progress);

void PrintTotals(const Totals& totals, double seconds);
// Prints the last lines of a seed's trace, and its violations.
void PrintTrace(uint64_t seed, SeededBug bug, size_t lines);

}  // namespace assent::sim
