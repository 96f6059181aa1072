// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/partner_net.h"

namespace assent::sim {

using namespace std::chrono_literals;

struct PartnerNet::Caller {
  Done done;
  bool answered = false;
};

namespace {

PartnerNet::Result Silence(const char* detail) { return {tcc::Answer::kUnknown, {}, detail}; }

}  // namespace

void PartnerNet::Respond(const std::shared_ptr<Caller>& caller, Duration after,
                         const Result& result) {
  if (!caller) return;
  sim_.At(after, [caller, result] {
    if (!std::exchange(caller->answered, true)) caller->done(result);
  });
}

Duration PartnerNet::Lateness(const Partner& to) {
  const bool bounded = to.settings().purging;
  return sim_.rng.Between(1ms, bounded ? 8s : sim_.rng.Chance(200) ? Duration(60s) : 15s);
}

void PartnerNet::Send(Partner& to, PartnerRequest request, Duration limit, Done done) {
  Rng& rng = sim_.rng;
  request.number = next_number_++;
  auto caller = std::make_shared<Caller>();
  caller->done = std::move(done);
  const bool refused = !to.up() && !to.cut_off;
  if (refused || rng.Chance(faults_.not_reached)) {
    sim_.Count(Fault::kPartnerNotReached);
    return Respond(caller, std::min<Duration>(limit, rng.Between(100us, 50ms)),
                   {tcc::Answer::kNotSent, {}, "no connection"});
  }
  Respond(caller, limit, Silence("no answer in time"));
  if (to.cut_off || rng.Chance(faults_.lost)) {
    sim_.Count(Fault::kCallLost);
    if (rng.Chance(500)) Respond(caller, rng.Between(1ms, 100ms), Silence("the connection broke"));
    return;
  }
  Duration way = rng.Between(30us, 500us);
  if (rng.Chance(faults_.late)) {
    sim_.Count(Fault::kCallLate);
    way = limit + Lateness(to);
  }
  if (request.operation == tcc::Operation::kTry && rng.Chance(faults_.turned_away)) {
    sim_.Count(Fault::kTurnedAway);
    request.turned_away = true;
  }
  const bool answer_lost = rng.Chance(faults_.answer_lost);
  Deliver(to, request, way, caller, answer_lost);
  if (!rng.Chance(faults_.twice)) return;
  sim_.Count(Fault::kCallTwice);
  Deliver(to, request, rng.Between(30us, 500us) + (rng.Chance(500) ? Lateness(to) : Duration(0)),
          nullptr, false);
}

void PartnerNet::Deliver(Partner& to, PartnerRequest request, Duration way,
                         std::shared_ptr<Caller> caller, bool answer_lost) {
  ++in_flight_;
  sim_.At(way, [this, &to, request = std::move(request), caller, answer_lost]() mutable {
    if (!to.up() || to.cut_off) {
      --in_flight_;
      return Respond(caller, 1ms, Silence("the connection broke"));
    }
    request.heard = caller != nullptr && !caller->answered;
    const auto reply = [this, &to, caller, answer_lost](const PartnerAnswer& answer) {
      --in_flight_;
      if (answer_lost || to.cut_off) {
        sim_.Count(Fault::kCallAnswerLost);
        return Respond(caller, 1ms, Silence("the connection broke"));
      }
      Result result{tcc::AnswerOf(answer.status), answer, ""};
      if (answer.status == 0) result = Silence("the connection broke");
      Respond(caller, sim_.rng.Between(30us, 300us), result);
    };
    request.turned_away ? reply({409, {}, {}}) : to.Serve(request, reply);
  });
}

}  // namespace assent::sim
