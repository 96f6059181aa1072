// SPDX-License-Identifier: Apache-2.0
// Faults of partners and of the calls to them.
#include "tests/sim/faults/list.h"

namespace assent::sim {

using namespace std::chrono_literals;

namespace {

// Returns a rate per mille between `least` and `most` with probability `chance`, otherwise 0.
class Some {
 public:
  explicit Some(Rng& rng) : rng_(rng) {}
  uint32_t operator()(uint32_t chance, uint32_t least, uint32_t most) const {
    return rng_.Chance(chance) ? least + static_cast<uint32_t>(rng_.Below(most - least)) : 0;
  }

 private:
  Rng& rng_;
};

}  // namespace

void PartnerCalls(Environment& env) {
  const Some some(env.sim.rng);
  PartnerFaults& calls = env.calls;
  calls.not_reached = some(400, 10, 100);
  calls.lost = some(600, 10, 100);
  calls.answer_lost = some(600, 10, 100);
  calls.late = some(600, 10, 100);
  calls.twice = some(600, 20, 200);
  calls.turned_away = some(200, 10, 60);
  env.heal.push_back([&calls] {
    calls.not_reached = calls.lost = calls.answer_lost = calls.late = calls.twice = 0;
    calls.turned_away = 0;
  });
}

void PartnerManners(Environment& env) {
  const Some some(env.sim.rng);
  PartnerFaults& calls = env.calls;
  calls.slow = some(500, 10, 150);
  calls.busy = some(500, 20, 200);
  calls.errors = some(500, 20, 150);
  calls.works_on = some(300, 20, 150);
  calls.try_refused = some(400, 10, 60);
  calls.end_refused = some(500, 20, 300);
  env.heal.push_back([&env] {
    env.calls.slow = env.calls.busy = env.calls.errors = env.calls.works_on = 0;
    env.calls.try_refused = env.calls.end_refused = 0;
    for (Partner* partner : env.partners) partner->EndRefusals();
  });
}

void PartnerRestarts(Environment& env) {
  if (env.partners.empty()) return;
  env.Every(1s, 12s, [&env] {
    Partner& partner = env.AnyPartner();
    if (!partner.up()) return;
    env.sim.Count(Fault::kPartnerRestart);
    env.sim.Trace(0x9d00, [&] { return partner.name() + "  goes down"; });
    partner.Stop();
    env.sim.At(env.sim.rng.Between(20ms, 6s), [&env, &partner] {
      partner.Start();
      env.sim.Trace(0x9d01, [&] { return partner.name() + "  is up again"; });
    });
  });
}

void PartnersCutOff(Environment& env) {
  if (env.partners.empty()) return;
  env.Every(1s, 15s, [&env] {
    Partner& partner = env.AnyPartner();
    if (partner.cut_off) return;
    env.sim.Count(Fault::kPartnerCut);
    env.sim.Trace(0x9d02, [&] { return partner.name() + "  is cut off"; });
    partner.cut_off = true;
    env.sim.At(env.sim.rng.Between(100ms, 10s), [&env, &partner] {
      partner.cut_off = false;
      env.sim.Trace(0x9d03, [&] { return partner.name() + "  is reachable again"; });
    });
  });
  env.heal.push_back([&env] {
    for (Partner* partner : env.partners) partner->cut_off = false;
  });
}

// A wrong deployment: the partner's paths do not exist for a while.
void PartnersMisplaced(Environment& env) {
  if (env.partners.empty()) return;
  env.Every(2s, 15s, [&env] {
    env.AnyPartner().never_until = env.sim.Now() + env.sim.rng.Between(50ms, 4s);
  });
  env.heal.push_back([&env] {
    for (Partner* partner : env.partners) partner->never_until = {};
  });
}

// One partner fails permanently. The other partners and the databases must not wait for it.
void PartnerBreaks(Environment& env) {
  if (env.partners.empty()) return;
  env.sim.At(env.sim.rng.Between(1s, 14s), [&env] {
    Partner& partner = env.AnyPartner();
    env.sim.Count(Fault::kPartnerGone);
    env.sim.Trace(0x9d04, [&] { return partner.name() + "  fails permanently"; });
    partner.BreakForGood();
  });
}

}  // namespace assent::sim
