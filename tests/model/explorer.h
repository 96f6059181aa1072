// SPDX-License-Identifier: Apache-2.0
// The search: visits every reachable state once, breadth first, and then checks that a quiescent
// state is reachable from each of them.
//
// Contract: states are stored and compared as their encoded bytes, so no state is missed because of
// a hash collision. The first breach ends the search; its trace is a shortest one. Liveness is
// checked over the transitions without faults: a quiescent state must be reachable from each state.
// Random walks that never decode a state must also stay within the states found, which shows that
// what the encoding omits does not matter. Single-threaded; about 100 bytes of memory per state.
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
  uint64_t bytes = 0;  // of states and edges
  size_t logs = 0;     // different logs read
  bool complete = false;
  std::vector<Violation> violations;
  std::vector<std::string> trace;
  Reached reached;
  std::map<Sighting, ScanAction> sightings;
};

struct Limits {
  uint64_t states = 6'000'000;
};

// Prints one line of figures, and the trace if there is a breach.
void Print(const Setup& setup, const Result& result);

Result Explore(const Setup& setup, SeededBug bug, const Limits& limits);

}  // namespace assent::model
