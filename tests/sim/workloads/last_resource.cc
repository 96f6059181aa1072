// SPDX-License-Identifier: Apache-2.0
// Transactions with a last resource: alone, beside databases, beside partners, or both; in one call
// or step by step.
#include "tests/sim/workloads/fill.h"
#include "tests/sim/workloads/list.h"

namespace assent::sim {
namespace {

// Adds the branch at a random position. Returns its database.
size_t AddLast(Simulator& sim, const Participants& participants, Plan& plan) {
  PlannedBranch branch;
  branch.database = participants.last[sim.rng.Below(participants.last.size())];
  branch.delta = 1 + static_cast<int64_t>(sim.rng.Below(100));
  branch.statements = 1 + static_cast<uint32_t>(sim.rng.Below(2));
  branch.last = true;
  const auto at = static_cast<std::ptrdiff_t>(sim.rng.Below(plan.branches.size() + 1));
  plan.branches.insert(plan.branches.begin() + at, branch);
  return branch.database;
}

// Adds up to `most` databases other than `last`.
void AddOthers(Simulator& sim, const Participants& participants, size_t last, size_t most,
               Plan& plan) {
  size_t added = 0;
  for (const size_t database : Some(sim, participants.databases, participants.databases)) {
    if (database == last || added == most) continue;
    ++added;
    PlannedBranch branch;
    branch.database = database;
    branch.delta = 7;
    branch.writes = !sim.rng.Chance(60);
    branch.fails = sim.rng.Chance(20);
    const auto at = static_cast<std::ptrdiff_t>(sim.rng.Below(plan.branches.size() + 1));
    plan.branches.insert(plan.branches.begin() + at, branch);
  }
}

void NameAndStyle(Simulator& sim, uint32_t interactive, Plan& plan) {
  plan.interactive = sim.rng.Chance(interactive);
  if (plan.interactive || !sim.rng.Chance(150)) plan.gid = GidOf(plan);
  if (plan.interactive) {
    plan.rolls_back = sim.rng.Chance(120);
  } else if (!plan.gid.empty() && sim.rng.Chance(100)) {
    using namespace std::chrono_literals;
    plan.taken_back_ns = sim.rng.Between(0ns, sim.rng.Chance(500) ? 5ms : Duration(5s)).count();
  }
}

}  // namespace

void LastBeside(Simulator& sim, const Participants& participants, Plan& plan) {
  NameAndStyle(sim, 300, plan);
  const size_t last = AddLast(sim, participants, plan);
  AddOthers(sim, participants, last, 1 + sim.rng.Below(2), plan);
}

void LastAlone(Simulator& sim, const Participants& participants, Plan& plan) {
  NameAndStyle(sim, 200, plan);
  if (!plan.interactive && sim.rng.Chance(300)) {
    plan.gid.clear();
    plan.taken_back_ns.reset();
  }
  AddLast(sim, participants, plan);
}

void LastWithPartners(Simulator& sim, const Participants& participants, Plan& plan) {
  if (sim.rng.Chance(500)) {
    Tries(sim, participants, plan);
  } else {
    ByClient(sim, participants, plan);
    plan.branches.clear();
  }
  plan.partners_first = sim.rng.Chance(500);
  const size_t last = AddLast(sim, participants, plan);
  if (sim.rng.Chance(500)) AddOthers(sim, participants, last, 1, plan);
}

}  // namespace assent::sim
