// What the clients do: transfers whose deltas add up to nothing, and their odd relatives.
#include <numeric>

#include "tests/sim/workloads/list.h"

namespace assent::sim {
namespace {

std::string GidOf(const Plan& plan) {
  std::string gid = "gid-" + std::to_string(plan.tag);
  if (plan.wide) gid.resize(60, 'x');
  return gid;
}

std::vector<size_t> Some(World& world, size_t databases, size_t count) {
  std::vector<size_t> all(databases);
  std::iota(all.begin(), all.end(), size_t{0});
  for (size_t i = all.size(); i > 1; --i) std::swap(all[i - 1], all[world.rng.Below(i)]);
  all.resize(std::min(count, databases));
  return all;
}

// Deltas that add up to nothing.
void FillTransfer(World& world, size_t databases, Plan& plan) {
  const size_t count = world.rng.Chance(700) ? 2 : 2 + world.rng.Below(databases - 1);
  int64_t rest = 0;
  for (size_t database : Some(world, databases, count)) {
    PlannedBranch branch;
    branch.database = database;
    branch.delta = 1 + static_cast<int64_t>(world.rng.Below(100));
    branch.statements = 1;
    rest += branch.delta;
    plan.branches.push_back(branch);
  }
  plan.branches.back().delta -= rest;
}

}  // namespace

void Transfer(World& world, size_t databases, Plan& plan) {
  if (!world.rng.Chance(100)) plan.gid = GidOf(plan);
  FillTransfer(world, databases, plan);
  // A branch beside it that only reads.
  if (!world.rng.Chance(150) || plan.branches.size() == databases) return;
  for (size_t database = 0; database < databases; ++database) {
    bool taken = false;
    for (const PlannedBranch& branch : plan.branches) taken |= branch.database == database;
    if (taken) continue;
    PlannedBranch reader;
    reader.database = database;
    reader.writes = false;
    reader.read_only = world.rng.Chance(500);
    plan.branches.push_back(reader);
    return;
  }
}

void Single(World& world, size_t databases, Plan& plan) {
  if (world.rng.Chance(500)) plan.gid = GidOf(plan);
  PlannedBranch branch;
  branch.database = world.rng.Below(databases);
  branch.delta = 7;
  branch.statements = 1 + static_cast<uint32_t>(world.rng.Below(2));
  plan.branches.push_back(branch);
}

void Reading(World& world, size_t databases, Plan& plan) {
  if (world.rng.Chance(500)) plan.gid = GidOf(plan);
  for (size_t database : Some(world, databases, 1 + world.rng.Below(2))) {
    PlannedBranch branch;
    branch.database = database;
    branch.writes = false;
    branch.read_only = world.rng.Chance(700);
    plan.branches.push_back(branch);
  }
}

void Failing(World& world, size_t databases, Plan& plan) {
  plan.gid = GidOf(plan);
  FillTransfer(world, databases, plan);
  plan.branches[world.rng.Below(plan.branches.size())].fails = true;
}

void Interactive(World& world, size_t databases, Plan& plan) {
  plan.gid = GidOf(plan);
  FillTransfer(world, databases, plan);
  plan.interactive = true;
  plan.rolls_back = world.rng.Chance(200);
}

}  // namespace assent::sim
