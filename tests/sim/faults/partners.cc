// SPDX-License-Identifier: Apache-2.0
// What befalls partners and the calls to them.
#include "tests/sim/faults/list.h"

namespace assent::sim {

using namespace std::chrono_literals;

namespace {

// Per mille: in some of the seeds between `least` and `most`, in the others none.
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

void PartnerCalls(Stage& stage) {
  const Some some(stage.world.rng);
  PartnerFaults& calls = stage.calls;
  calls.not_reached = some(400, 10, 100);
  calls.lost = some(600, 10, 100);
  calls.answer_lost = some(600, 10, 100);
  calls.late = some(600, 10, 100);
  calls.twice = some(600, 20, 200);
  calls.turned_away = some(200, 10, 60);
  stage.heal.push_back([&calls] {
    calls.not_reached = calls.lost = calls.answer_lost = calls.late = calls.twice = 0;
    calls.turned_away = 0;
  });
}

void PartnerManners(Stage& stage) {
  const Some some(stage.world.rng);
  PartnerFaults& calls = stage.calls;
  calls.slow = some(500, 10, 150);
  calls.busy = some(500, 20, 200);
  calls.errors = some(500, 20, 150);
  calls.works_on = some(300, 20, 150);
  calls.try_refused = some(400, 10, 60);
  calls.end_refused = some(500, 20, 300);
  stage.heal.push_back([&stage] {
    stage.calls.slow = stage.calls.busy = stage.calls.errors = stage.calls.works_on = 0;
    stage.calls.try_refused = stage.calls.end_refused = 0;
    for (Partner* partner : stage.partners) partner->EndRefusals();
  });
}

void PartnerRestarts(Stage& stage) {
  if (stage.partners.empty()) return;
  stage.Every(1s, 12s, [&stage] {
    Partner& partner = stage.AnyPartner();
    if (!partner.up()) return;
    stage.world.Count(Fault::kPartnerRestart);
    stage.world.Tell(0x9d00, [&] { return partner.name() + "  goes down"; });
    partner.Stop();
    stage.world.At(stage.world.rng.Between(20ms, 6s), [&stage, &partner] {
      partner.Start();
      stage.world.Tell(0x9d01, [&] { return partner.name() + "  is up again"; });
    });
  });
}

void PartnersCutOff(Stage& stage) {
  if (stage.partners.empty()) return;
  stage.Every(1s, 15s, [&stage] {
    Partner& partner = stage.AnyPartner();
    if (partner.cut_off) return;
    stage.world.Count(Fault::kPartnerCut);
    stage.world.Tell(0x9d02, [&] { return partner.name() + "  is cut off"; });
    partner.cut_off = true;
    stage.world.At(stage.world.rng.Between(100ms, 10s), [&stage, &partner] {
      partner.cut_off = false;
      stage.world.Tell(0x9d03, [&] { return partner.name() + "  is reached again"; });
    });
  });
  stage.heal.push_back([&stage] {
    for (Partner* partner : stage.partners) partner->cut_off = false;
  });
}

// A wrong deployment: its paths are not there for a while.
void PartnersMisplaced(Stage& stage) {
  if (stage.partners.empty()) return;
  stage.Every(2s, 15s, [&stage] {
    stage.AnyPartner().never_until = stage.world.Now() + stage.world.rng.Between(50ms, 4s);
  });
  stage.heal.push_back([&stage] {
    for (Partner* partner : stage.partners) partner->never_until = {};
  });
}

// One of them never does its part again. The others, and the databases, must not wait for it.
void PartnerBreaks(Stage& stage) {
  if (stage.partners.empty()) return;
  stage.world.At(stage.world.rng.Between(1s, 14s), [&stage] {
    Partner& partner = stage.AnyPartner();
    stage.world.Count(Fault::kPartnerGone);
    stage.world.Tell(0x9d04, [&] { return partner.name() + "  breaks for good"; });
    partner.BreakForGood();
  });
}

}  // namespace assent::sim
