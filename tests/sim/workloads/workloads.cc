// SPDX-License-Identifier: Apache-2.0
// Transactions on databases only: transfers whose deltas add up to zero, and variants of them.
#include "tests/sim/workloads/fill.h"
#include "tests/sim/workloads/list.h"

namespace assent::sim {
void Transfer(Simulator& sim, const Participants& participants, Plan& plan) {
  const size_t databases = participants.databases;
  if (!sim.rng.Chance(100)) plan.gid = GidOf(plan);
  FillTransfer(sim, participants, plan);
  // An additional branch that only reads.
  if (!sim.rng.Chance(150) || plan.branches.size() == databases) return;
  for (size_t database = 0; database < databases; ++database) {
    bool taken = false;
    for (const PlannedBranch& branch : plan.branches) taken |= branch.database == database;
    if (taken) continue;
    PlannedBranch reader;
    reader.database = database;
    reader.writes = false;
    reader.read_only = sim.rng.Chance(500);
    plan.branches.push_back(reader);
    return;
  }
}

void Single(Simulator& sim, const Participants& participants, Plan& plan) {
  if (sim.rng.Chance(500)) plan.gid = GidOf(plan);
  PlannedBranch branch;
  branch.database = sim.rng.Below(participants.databases);
  branch.delta = 7;
  branch.statements = 1 + static_cast<uint32_t>(sim.rng.Below(2));
  plan.branches.push_back(branch);
}

void Reading(Simulator& sim, const Participants& participants, Plan& plan) {
  if (sim.rng.Chance(500)) plan.gid = GidOf(plan);
  for (size_t database : Some(sim, participants.databases, 1 + sim.rng.Below(2))) {
    PlannedBranch branch;
    branch.database = database;
    branch.writes = false;
    branch.read_only = sim.rng.Chance(700);
    plan.branches.push_back(branch);
  }
}

void Failing(Simulator& sim, const Participants& participants, Plan& plan) {
  plan.gid = GidOf(plan);
  FillTransfer(sim, participants, plan);
  plan.branches[sim.rng.Below(plan.branches.size())].fails = true;
}

void Interactive(Simulator& sim, const Participants& participants, Plan& plan) {
  plan.gid = GidOf(plan);
  FillTransfer(sim, participants, plan);
  plan.interactive = true;
  plan.rolls_back = sim.rng.Chance(200);
}

}  // namespace assent::sim
