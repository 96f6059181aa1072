// SPDX-License-Identifier: Apache-2.0
// Helpers with which several workloads fill in a plan.
#pragma once

#include <numeric>
#include <string>
#include <vector>

#include "tests/sim/plan.h"
#include "tests/sim/simulator.h"

namespace assent::sim {

inline std::string GidOf(const Plan& plan) {
  std::string gid = "gid-" + std::to_string(plan.tag);
  if (plan.wide) gid.resize(60, 'x');
  return gid;
}

// Returns `count` different numbers below `from`, in random order.
inline std::vector<size_t> Some(Simulator& sim, size_t from, size_t count) {
  std::vector<size_t> all(from);
  std::iota(all.begin(), all.end(), size_t{0});
  for (size_t i = all.size(); i > 1; --i) std::swap(all[i - 1], all[sim.rng.Below(i)]);
  all.resize(std::min(count, from));
  return all;
}

// Adds branches on two or more databases whose deltas add up to zero.
inline void FillTransfer(Simulator& sim, const Participants& participants, Plan& plan) {
  const size_t count = sim.rng.Chance(700) ? 2 : 2 + sim.rng.Below(participants.databases - 1);
  int64_t rest = 0;
  for (size_t database : Some(sim, participants.databases, count)) {
    PlannedBranch branch;
    branch.database = database;
    branch.delta = 1 + static_cast<int64_t>(sim.rng.Below(100));
    branch.statements = 1;
    rest += branch.delta;
    plan.branches.push_back(branch);
  }
  plan.branches.back().delta -= rest;
}

}  // namespace assent::sim
