// SPDX-License-Identifier: Apache-2.0
// Transactions with partners: with or without databases, in one call or step by step, with tries
// called by the coordinator or by the client, or partners enlisted by another partner.
#include "tests/sim/workloads/fill.h"
#include "tests/sim/workloads/list.h"

namespace assent::sim {
namespace {

PlannedPartner& AddPartner(Simulator& sim, size_t from, Plan& plan) {
  PlannedPartner partner;
  partner.partner = sim.rng.Below(from);
  partner.amount = 1 + static_cast<int64_t>(sim.rng.Below(100));
  partner.refuses = sim.rng.Chance(60);
  return plan.partners.emplace_back(partner);
}

void AddSome(Simulator& sim, const Participants& participants, size_t most, Plan& plan) {
  const size_t count = 1 + sim.rng.Below(most);
  for (size_t i = 0; i < count; ++i) AddPartner(sim, participants.partners, plan);
}

void FillDatabases(Simulator& sim, const Participants& participants, Plan& plan) {
  plan.partners_first = sim.rng.Chance(500);
  if (sim.rng.Chance(500)) return FillTransfer(sim, participants, plan);
  PlannedBranch branch;
  branch.database = sim.rng.Below(participants.databases);
  branch.delta = 7;
  plan.branches.push_back(branch);
}

void MayTakeBack(Simulator& sim, Plan& plan) {
  using namespace std::chrono_literals;
  if (plan.gid.empty() || !sim.rng.Chance(100)) return;
  plan.taken_back_ns = sim.rng.Between(0ns, sim.rng.Chance(500) ? 5ms : Duration(5s)).count();
}

}  // namespace

void Tries(Simulator& sim, const Participants& participants, Plan& plan) {
  if (!sim.rng.Chance(150)) plan.gid = GidOf(plan);
  AddSome(sim, participants, 3, plan);
  MayTakeBack(sim, plan);
}

void Mixed(Simulator& sim, const Participants& participants, Plan& plan) {
  if (!sim.rng.Chance(100)) plan.gid = GidOf(plan);
  FillDatabases(sim, participants, plan);
  AddSome(sim, participants, 2, plan);
  if (sim.rng.Chance(50)) plan.branches.front().fails = true;
  MayTakeBack(sim, plan);
}

void StepByStep(Simulator& sim, const Participants& participants, Plan& plan) {
  plan.gid = GidOf(plan);
  plan.interactive = true;
  plan.rolls_back = sim.rng.Chance(150);
  if (sim.rng.Chance(850)) FillDatabases(sim, participants, plan);
  AddSome(sim, participants, 2, plan);
}

void ByClient(Simulator& sim, const Participants& participants, Plan& plan) {
  StepByStep(sim, participants, plan);
  if (participants.keeping == 0) return;
  PlannedPartner& partner = AddPartner(sim, participants.keeping, plan);
  partner.by_client = true;
  partner.never_votes = sim.rng.Chance(60);
  if (sim.rng.Chance(300)) AddPartner(sim, participants.keeping, plan).by_client = true;
}

void Nested(Simulator& sim, const Participants& participants, Plan& plan) {
  if (sim.rng.Chance(700)) {
    Mixed(sim, participants, plan);
    if (sim.rng.Chance(300)) plan.branches.clear();
  } else {
    StepByStep(sim, participants, plan);
  }
  const size_t parent = sim.rng.Below(plan.partners.size());
  AddPartner(sim, participants.partners, plan).enlisted_by = parent;
}

}  // namespace assent::sim
