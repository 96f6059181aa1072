// SPDX-License-Identifier: Apache-2.0
// What clients do with partners: alone or beside databases, in one call or step by step, called by
// the coordinator, by the client, or enlisted by another partner.
#include "tests/sim/workloads/fill.h"
#include "tests/sim/workloads/list.h"

namespace assent::sim {
namespace {

PlannedPartner& AddPartner(World& world, size_t from, Plan& plan) {
  PlannedPartner partner;
  partner.partner = world.rng.Below(from);
  partner.amount = 1 + static_cast<int64_t>(world.rng.Below(100));
  partner.refuses = world.rng.Chance(60);
  return plan.partners.emplace_back(partner);
}

void AddSome(World& world, const Participants& participants, size_t most, Plan& plan) {
  const size_t count = 1 + world.rng.Below(most);
  for (size_t i = 0; i < count; ++i) AddPartner(world, participants.partners, plan);
}

void FillDatabases(World& world, const Participants& participants, Plan& plan) {
  plan.partners_first = world.rng.Chance(500);
  if (world.rng.Chance(500)) return FillTransfer(world, participants, plan);
  PlannedBranch branch;
  branch.database = world.rng.Below(participants.databases);
  branch.delta = 7;
  plan.branches.push_back(branch);
}

void MayTakeBack(World& world, Plan& plan) {
  using namespace std::chrono_literals;
  if (plan.gid.empty() || !world.rng.Chance(100)) return;
  plan.taken_back_ns = world.rng.Between(0ns, world.rng.Chance(500) ? 5ms : Duration(5s)).count();
}

}  // namespace

void Tries(World& world, const Participants& participants, Plan& plan) {
  if (!world.rng.Chance(150)) plan.gid = GidOf(plan);
  AddSome(world, participants, 3, plan);
  MayTakeBack(world, plan);
}

void Mixed(World& world, const Participants& participants, Plan& plan) {
  if (!world.rng.Chance(100)) plan.gid = GidOf(plan);
  FillDatabases(world, participants, plan);
  AddSome(world, participants, 2, plan);
  if (world.rng.Chance(50)) plan.branches.front().fails = true;
  MayTakeBack(world, plan);
}

void StepByStep(World& world, const Participants& participants, Plan& plan) {
  plan.gid = GidOf(plan);
  plan.interactive = true;
  plan.rolls_back = world.rng.Chance(150);
  if (world.rng.Chance(850)) FillDatabases(world, participants, plan);
  AddSome(world, participants, 2, plan);
}

void ByClient(World& world, const Participants& participants, Plan& plan) {
  StepByStep(world, participants, plan);
  if (participants.keeping == 0) return;
  PlannedPartner& partner = AddPartner(world, participants.keeping, plan);
  partner.by_client = true;
  partner.never_votes = world.rng.Chance(60);
  if (world.rng.Chance(300)) AddPartner(world, participants.keeping, plan).by_client = true;
}

void Nested(World& world, const Participants& participants, Plan& plan) {
  if (world.rng.Chance(700)) {
    Mixed(world, participants, plan);
    if (world.rng.Chance(300)) plan.branches.clear();
  } else {
    StepByStep(world, participants, plan);
  }
  const size_t parent = world.rng.Below(plan.partners.size());
  AddPartner(world, participants.partners, plan).enlisted_by = parent;
}

}  // namespace assent::sim
