// SPDX-License-Identifier: Apache-2.0
// Faults of the coordinator's disk and clock: errors, no free space, slow syncs, flipped bits,
// clock jumps.
#include "tests/sim/faults/list.h"

namespace assent::sim {

using namespace std::chrono_literals;

void DiskErrors(Environment& env) {
  Rng& rng = env.sim.rng;
  auto& faults = env.disk.faults;
  if (rng.Chance(500)) faults.sync_fails = 2 + static_cast<uint32_t>(rng.Below(20));
  if (rng.Chance(300)) faults.write_fails = 2 + static_cast<uint32_t>(rng.Below(20));
  if (rng.Chance(500)) faults.short_write = 20 + static_cast<uint32_t>(rng.Below(300));
  if (rng.Chance(500)) env.process.SlowSyncs(10 + static_cast<uint32_t>(rng.Below(60)));
  env.heal.push_back([&env] {
    env.disk.faults = {};
    env.process.SlowSyncs(0);
  });
}

void DiskFull(Environment& env) {
  env.Every(1s, 8s, [&env] { env.disk.faults.full = !env.disk.faults.full; });
  env.heal.push_back([&env] { env.disk.faults.full = false; });
}

void BitFlips(Environment& env) {
  env.Every(3s, 20s, [&env] {
    env.auditor.FlipBitOfACopy(env.process.settings().engine, env.process.settings().log);
  });
}

void ClockJumps(Environment& env) {
  env.Every(2s, 15s, [&env] {
    env.sim.Count(Fault::kClockJump);
    // The jumps add up to less than the time for which outcomes are kept.
    env.sim.wall_offset_ns = env.sim.rng.Between(-20min, 20min).count();
    env.sim.Trace(0xc10c, [] { return std::string("the wall clock jumps"); });
  });
}

}  // namespace assent::sim
