// SPDX-License-Identifier: Apache-2.0
// The network between callers and partners: calls are lost, late, delivered twice or reordered.
//
// Contract: `done` of each Send is called exactly once, at most `limit` later, whatever happens to
// the call. The call may still arrive after that. Threads: one.
#pragma once

#include <functional>
#include <memory>

#include "tests/sim/partner.h"
#include "tests/sim/simulator.h"

namespace assent::sim {

class PartnerNet {
 public:
  PartnerNet(Simulator& sim, const PartnerFaults& faults) : sim_(sim), faults_(faults) {}

  struct Result {
    tcc::Answer answer = tcc::Answer::kUnknown;
    PartnerAnswer said;
    const char* detail = "";
  };
  using Done = std::function<void(const Result&)>;
  void Send(Partner& to, PartnerRequest request, Duration limit, Done done);
  // Calls that may still arrive or are in progress.
  uint64_t in_flight() const { return in_flight_; }

 private:
  struct Caller;
  void Deliver(Partner& to, PartnerRequest request, Duration way, std::shared_ptr<Caller> caller,
               bool answer_lost);
  void Respond(const std::shared_ptr<Caller>& caller, Duration after, const Result& result);
  Duration Lateness(const Partner& to);

  Simulator& sim_;
  const PartnerFaults& faults_;
  uint64_t next_number_ = 1, in_flight_ = 0;
};

}  // namespace assent::sim
