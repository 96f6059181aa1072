// SPDX-License-Identifier: Apache-2.0
// The search: every world that can be reached, once, in breadth; then, from every one of them, a
// way to rest.
//
// Contract: worlds are kept as their bytes and compared as bytes, so nothing is missed for a
// collision. The first breach ends the search, and its story is one of the shortest there are.
// Liveness is judged over the transitions without faults: from each world a world at rest must be
// reachable. Besides, random walks that never pass through bytes must not leave what was found: so
// what the bytes leave out does not matter. Single-threaded; memory is some 100 bytes a world.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/model/move.h"

namespace assent::model {

struct Result {
  uint64_t states = 0, transitions = 0, at_rest = 0;
  uint32_t depth = 0;
  double seconds = 0;
  uint64_t bytes = 0;  // of worlds and edges
  size_t logs = 0;     // different logs that were read
  bool complete = false;
  std::vector<Violation> violations;
  std::vector<std::string> trace;
  Reached reached;
  std::map<Sighting, ScanAction> sightings;
};

struct Limits {
  uint64_t states = 6'000'000;
};

// One line of figures; the story where there is a breach.
void Print(const Setup& setup, const Result& result);

Result Explore(const Setup& setup, SeededBug bug, const Limits& limits);

}  // namespace assent::model
