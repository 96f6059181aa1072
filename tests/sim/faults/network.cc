// SPDX-License-Identifier: Apache-2.0
// Faults of the network: lost and slow messages, calls that hang, partitions, and clients that lose
// or repeat requests.
#include "tests/sim/faults/list.h"

namespace assent::sim {

using namespace std::chrono_literals;

void Network(Environment& env) {
  Rng& rng = env.sim.rng;
  NetFaults& net = env.net;
  if (rng.Chance(600)) net.request_lost = 10 + static_cast<uint32_t>(rng.Below(60));
  if (rng.Chance(600)) net.reply_lost = 10 + static_cast<uint32_t>(rng.Below(60));
  if (rng.Chance(400)) net.hangs = 5 + static_cast<uint32_t>(rng.Below(40));
  if (rng.Chance(300)) net.deciding_hangs = 50 + static_cast<uint32_t>(rng.Below(200));
  if (rng.Chance(400)) net.slow = 10 + static_cast<uint32_t>(rng.Below(100));
  if (rng.Chance(400)) net.outlives = 200 + static_cast<uint32_t>(rng.Below(800));
  if (rng.Chance(300)) net.scan_fails = 100 + static_cast<uint32_t>(rng.Below(500));
  env.heal.push_back([&net] {
    net.request_lost = net.reply_lost = net.hangs = net.slow = net.scan_fails = 0;
    net.outlives = net.deciding_hangs = 0;
  });
}

void Partitions(Environment& env) {
  env.Every(1s, 15s, [&env] {
    SimResource* resource = env.resources[env.AnyDatabase()];
    if (resource->partitioned) return;
    env.sim.Count(Fault::kPartition);
    env.sim.Trace(0x9a47, [&] { return resource->name() + "  is cut off"; });
    resource->partitioned = true;
    env.sim.At(env.sim.rng.Between(100ms, 12s), [&env, resource] {
      resource->partitioned = false;
      env.sim.Trace(0x9a48, [&] { return resource->name() + "  is reachable again"; });
      resource->NoticeUp();
    });
  });
  env.heal.push_back([&env] {
    for (SimResource* resource : env.resources) resource->partitioned = false;
  });
}

void ForgetfulClients(Environment& env) {
  Rng& rng = env.sim.rng;
  env.clients.answer_lost = 20 + static_cast<uint32_t>(rng.Below(200));
  env.clients.twice = static_cast<uint32_t>(rng.Below(200));
  env.clients.dies = static_cast<uint32_t>(rng.Below(400));
  env.heal.push_back([&env] { env.clients = {}; });
}

}  // namespace assent::sim
