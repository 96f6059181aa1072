// SPDX-License-Identifier: Apache-2.0
// Messages lost, late, answered twice; calls that hang; databases cut off.
#include "tests/sim/faults/list.h"

namespace assent::sim {

using namespace std::chrono_literals;

void Network(Stage& stage) {
  Rng& rng = stage.world.rng;
  NetFaults& net = stage.net;
  if (rng.Chance(600)) net.request_lost = 10 + static_cast<uint32_t>(rng.Below(60));
  if (rng.Chance(600)) net.reply_lost = 10 + static_cast<uint32_t>(rng.Below(60));
  if (rng.Chance(400)) net.hangs = 5 + static_cast<uint32_t>(rng.Below(40));
  if (rng.Chance(400)) net.slow = 10 + static_cast<uint32_t>(rng.Below(100));
  if (rng.Chance(400)) net.outlives = 200 + static_cast<uint32_t>(rng.Below(800));
  if (rng.Chance(300)) net.scan_fails = 100 + static_cast<uint32_t>(rng.Below(500));
  stage.heal.push_back([&net] {
    net.request_lost = net.reply_lost = net.hangs = net.slow = net.scan_fails = 0;
    net.outlives = 0;
  });
}

void Partitions(Stage& stage) {
  stage.Every(1s, 15s, [&stage] {
    SimResource* resource = stage.resources[stage.AnyDatabase()];
    if (resource->partitioned) return;
    stage.world.Count(Fault::kPartition);
    stage.world.Tell(0x9a47, [&] { return resource->name() + "  is cut off"; });
    resource->partitioned = true;
    stage.world.At(stage.world.rng.Between(100ms, 12s), [&stage, resource] {
      resource->partitioned = false;
      stage.world.Tell(0x9a48, [&] { return resource->name() + "  is reached again"; });
      resource->NoticeUp();
    });
  });
  stage.heal.push_back([&stage] {
    for (SimResource* resource : stage.resources) resource->partitioned = false;
  });
}

void ForgetfulClients(Stage& stage) {
  Rng& rng = stage.world.rng;
  stage.clients.answer_lost = 20 + static_cast<uint32_t>(rng.Below(200));
  stage.clients.twice = static_cast<uint32_t>(rng.Below(200));
  stage.clients.dies = static_cast<uint32_t>(rng.Below(400));
  stage.heal.push_back([&stage] { stage.clients = {}; });
}

}  // namespace assent::sim
