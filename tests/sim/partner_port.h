// SPDX-License-Identifier: Apache-2.0
// The adapter to the modelled partners: the coordinator's side of the network, with the seeded bugs
// of an adapter.
//
// It satisfies the contract of tcc/port.h: one completion for each call, each call sent at most
// once, no try sent after its deadline; Cancel completes a call as unknown or as not sent. Reset is
// the end of the coordinator's process; calls already sent continue without it. Threads: one.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tcc/port.h"
#include "tests/sim/facts.h"
#include "tests/sim/partner_net.h"
#include "tests/sim/process_port.h"

namespace assent::sim {

class SimPartners final : public tcc::Partners {
 public:
  SimPartners(Simulator& sim, PartnerNet& net) : sim_(sim), net_(net) {}

  void Attach(ProcessPort* process) { process_ = process; }
  void Reset() { calls_.clear(); }
  std::function<void(const Part&, const Sent&)> on_send;  // the auditor's
  std::vector<Partner*> partners;

  void Start(tcc::CompletionSink&) override {}
  void Stop() override {}
  void Submit(tcc::Call call) override;
  void Cancel(uint64_t call) override;
  Result<void> Check(const std::string& url, const std::string& field) const override;
  std::vector<tcc::EndpointStatus> Status() const override { return {}; }

 private:
  struct Waiting {
    tcc::Call call;
    bool left = false;  // it has been sent
  };

  Partner* At(const std::string& url) const;
  void Send(const tcc::Call& call);
  void Complete(uint64_t number, PartnerNet::Result result);
  bool ApplyBug(tcc::Call& call);
  void ApplyBug(const tcc::Call& call, tcc::Completion& completion);
  void Observe(const tcc::Call& call, tcc::Answer answer);

  Simulator& sim_;
  PartnerNet& net_;
  ProcessPort* process_ = nullptr;
  std::map<uint64_t, Waiting> calls_;
  using Place = std::pair<core::Gtrid, std::string>;
  struct Tried {
    uint64_t epoch = 0;  // of the last try
    bool refused = false;
  };
  std::map<Place, Tried> tried_;
};

}  // namespace assent::sim
