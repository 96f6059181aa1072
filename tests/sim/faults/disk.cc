// SPDX-License-Identifier: Apache-2.0
// The coordinator's disk and clock: errors, no room, slow syncs, flipped bits, jumps.
#include "tests/sim/faults/list.h"

namespace assent::sim {

using namespace std::chrono_literals;

void DiskErrors(Stage& stage) {
  Rng& rng = stage.world.rng;
  auto& faults = stage.disk.faults;
  if (rng.Chance(500)) faults.sync_fails = 2 + static_cast<uint32_t>(rng.Below(20));
  if (rng.Chance(300)) faults.write_fails = 2 + static_cast<uint32_t>(rng.Below(20));
  if (rng.Chance(500)) faults.short_write = 20 + static_cast<uint32_t>(rng.Below(300));
  if (rng.Chance(500)) stage.process.SlowSyncs(10 + static_cast<uint32_t>(rng.Below(60)));
  stage.heal.push_back([&stage] {
    stage.disk.faults = {};
    stage.process.SlowSyncs(0);
  });
}

void DiskFull(Stage& stage) {
  stage.Every(1s, 8s, [&stage] { stage.disk.faults.full = !stage.disk.faults.full; });
  stage.heal.push_back([&stage] { stage.disk.faults.full = false; });
}

void BitFlips(Stage& stage) {
  stage.Every(3s, 20s, [&stage] {
    stage.auditor.FlipBitOfACopy(stage.process.settings().engine, stage.process.settings().log);
  });
}

void ClockJumps(Stage& stage) {
  stage.Every(2s, 15s, [&stage] {
    stage.world.Count(Fault::kClockJump);
    // Together less than outcomes are kept.
    stage.world.wall_offset_ns = stage.world.rng.Between(-20min, 20min).count();
    stage.world.Tell(0xc10c, [] { return std::string("the wall clock jumps"); });
  });
}

}  // namespace assent::sim
