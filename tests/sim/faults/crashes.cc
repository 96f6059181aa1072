// SPDX-License-Identifier: Apache-2.0
// Crashes of the coordinator's process and machine: kills, power losses, crashes between effects
// and during disk calls.
#include "tests/sim/faults/list.h"

#include "recovery/replay.h"

namespace assent::sim {

using namespace std::chrono_literals;

void Kills(Environment& env) {
  env.Every(500ms, 12s, [&env] {
    if (!env.process.running()) return;
    const bool power = env.sim.rng.Chance(500);
    env.sim.Count(power ? Fault::kPowerLoss : Fault::kProcessKill);
    const bool long_down = env.sim.rng.Chance(100);
    env.process.Crash(power ? CrashKind::kPower : CrashKind::kProcess,
                      long_down ? env.sim.rng.Between(5s, 40s) : env.sim.rng.Between(1ms, 2s));
  });
}

void CrashAtEffects(Environment& env) {
  env.Every(200ms, 10s, [&env] {
    env.process.CrashAfterEffects(1 + env.sim.rng.Below(env.sim.rng.Chance(300) ? 60 : 8));
  });
  env.heal.push_back([&env] { env.process.CrashAfterEffects(0); });
}

void CrashAtDisk(Environment& env) {
  env.Every(200ms, 6s, [&env] {
    const bool between = env.process.running() && env.sim.rng.Chance(600);
    env.disk.CutAfter(between ? 1 : env.sim.rng.Below(env.sim.rng.Chance(300) ? 120 : 8));
    // Often the cut happens during the next start.
    if (env.process.running() && env.sim.rng.Chance(300)) {
      env.sim.Count(Fault::kProcessKill);
      env.process.Crash(CrashKind::kProcess, env.sim.rng.Between(1ms, 50ms));
      env.disk.CutAfter(env.sim.rng.Below(60));
    }
  });
  env.heal.push_back([&env] {
    if (!env.disk.cut()) env.disk.Revive();
  });
}

}  // namespace assent::sim
