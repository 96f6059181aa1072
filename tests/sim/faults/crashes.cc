// SPDX-License-Identifier: Apache-2.0
// The coordinator's process and machine: killed, cut between effects, cut amid disk calls.
#include "tests/sim/faults/list.h"

#include "recovery/replay.h"

namespace assent::sim {

using namespace std::chrono_literals;

void Kills(Stage& stage) {
  stage.Every(500ms, 12s, [&stage] {
    if (!stage.process.running()) return;
    const bool power = stage.world.rng.Chance(500);
    stage.world.Count(power ? Fault::kPowerLoss : Fault::kProcessKill);
    const bool long_down = stage.world.rng.Chance(100);
    stage.process.Crash(
        power ? CrashKind::kPower : CrashKind::kProcess,
        long_down ? stage.world.rng.Between(5s, 40s) : stage.world.rng.Between(1ms, 2s));
  });
}

void CrashAtEffects(Stage& stage) {
  stage.Every(200ms, 10s, [&stage] {
    stage.process.CrashAfterEffects(1 +
                                    stage.world.rng.Below(stage.world.rng.Chance(300) ? 60 : 8));
  });
  stage.heal.push_back([&stage] { stage.process.CrashAfterEffects(0); });
}

void CrashAtDisk(Stage& stage) {
  stage.Every(200ms, 6s, [&stage] {
    const bool between = stage.process.running() && stage.world.rng.Chance(600);
    stage.disk.CutAfter(between ? 1 : stage.world.rng.Below(stage.world.rng.Chance(300) ? 120 : 8));
    // Often the next start is what it hits.
    if (stage.process.running() && stage.world.rng.Chance(300)) {
      stage.world.Count(Fault::kProcessKill);
      stage.process.Crash(CrashKind::kProcess, stage.world.rng.Between(1ms, 50ms));
      stage.disk.CutAfter(stage.world.rng.Below(60));
    }
  });
  stage.heal.push_back([&stage] {
    if (!stage.disk.cut()) stage.disk.Revive();
  });
}

}  // namespace assent::sim
