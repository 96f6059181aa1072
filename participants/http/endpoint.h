// SPDX-License-Identifier: Apache-2.0
// One endpoint (scheme, host, port): its limiter, the calls that wait, its kept connections.
//
// Contract: every call that is submitted is delivered exactly one completion. Threads: one, that of
// its loop; nothing here blocks, and nothing that it calls comes back into it but
// PartnerConnection's `done`, later.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/signing/signer.h"
#include "base/time.h"
#include "participants/http/limiter.h"
#include "participants/http/options.h"
#include "participants/http/partner_connection.h"
#include "tcc/port.h"

namespace assent::http {

// Where a URL leads: found out once, and not at each call.
struct Target {
  Url url;
  std::string origin;
  std::string request_head;
  std::vector<signing::Signer> signers;
};

// One call on its way.
struct Exchange {
  tcc::Call call;
  std::shared_ptr<const Target> target;
  Monotonic since;     // submitted
  Monotonic deadline;  // of the transaction
  Monotonic until;     // a try: its deadline; else never
  Monotonic went;      // given to a connection
  bool probe = false;  // of the limiter
  bool ended_by_us = false;
  bool dials = false;  // its connection is new
  std::shared_ptr<PartnerConnection> connection;

  Lane lane() const {
    return call.operation == tcc::Operation::kTry ? Lane::kTry : Lane::kPhaseTwo;
  }
};

// What an endpoint needs of the loop that it lives on.
struct EndpointServices {
  std::function<std::shared_ptr<PartnerConnection>()> connect;
  std::function<void(Monotonic)> wake_at;  // Pump is to be called then; the last one counts
  std::function<void(tcc::Completion)> deliver;
  std::function<void(const tcc::EndpointStatus&)> publish;
};

class Endpoint {
 public:
  Endpoint(std::string name, const HttpOptions& options, EndpointServices services);

  void Submit(std::shared_ptr<Exchange> exchange);
  bool Cancel(uint64_t call);  // false: not one of its own
  void CancelAll(const std::string& why);
  // Sends what may go, and gives back what may not.
  void Pump();
  // Closes connections that nobody used for long, or that the partner closed. True: nothing is left
  // that is worth keeping.
  bool Sweep();

 private:
  struct Kept {
    std::shared_ptr<PartnerConnection> connection;
    Monotonic since;
  };
  // In the order in which they came.
  using Queue = std::map<uint64_t, std::shared_ptr<Exchange>>;

  Queue& QueueOf(Lane lane) { return waiting_[static_cast<size_t>(lane)]; }
  Limiter& LimiterOf(Lane lane) { return limiters_[static_cast<size_t>(lane)]; }
  // False: it has to wait.
  bool TryToGo(const std::shared_ptr<Exchange>& exchange, Monotonic now);
  void PumpLane(Lane lane, Monotonic now);
  void GiveUpLate(Monotonic now);
  std::shared_ptr<Exchange> Take(Lane lane, Queue::iterator at);
  void Go(const std::shared_ptr<Exchange>& exchange, Monotonic now);
  std::shared_ptr<PartnerConnection> TakeKept(Monotonic now);
  void OnDone(const std::shared_ptr<Exchange>& exchange, const Received& received);
  Limiter::Result Judge(const Exchange& exchange, const Received& received,
                        const tcc::Completion& completion, Monotonic now) const;
  void ArmWake(Monotonic now);
  void Publish();

  const HttpOptions& options_;
  const EndpointServices services_;
  const Clock& clock_ = SystemClock();
  Limiter limiters_[2];
  Queue waiting_[2];
  uint64_t next_sequence_ = 0;
  std::set<std::pair<Monotonic, uint64_t>> late_at_;  // tries that wait
  std::unordered_map<uint64_t, std::pair<Lane, uint64_t>> waiting_calls_;
  std::unordered_map<uint64_t, std::shared_ptr<Exchange>> in_flight_;
  std::vector<Kept> kept_;  // the youngest last
  Monotonic last_used_;
  tcc::EndpointStatus status_;
};

}  // namespace assent::http
