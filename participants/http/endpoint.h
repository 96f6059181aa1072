// SPDX-License-Identifier: Apache-2.0
// One endpoint (scheme, host, port): its limiters, its waiting calls and its idle connections.
//
// Contract: every submitted call gets exactly one completion.
// Threads: one, its loop's. Nothing here blocks. What it calls does not call back into it, except
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

// A partner URL with what is derived from it, computed once and not for each call.
struct Target {
  Url url;
  std::string origin;
  std::string request_head;
  std::vector<signing::Signer> signers;
};

// A call that waits or is in flight.
struct Exchange {
  tcc::Call call;
  std::shared_ptr<const Target> target;
  Monotonic since;     // submitted
  Monotonic deadline;  // of the transaction
  Monotonic until;     // a try: its deadline; otherwise never
  Monotonic went;      // passed to a connection
  bool probe = false;  // of the limiter
  bool ended_by_us = false;
  bool dials = false;  // its connection is new
  std::shared_ptr<PartnerConnection> connection;

  Lane lane() const {
    return call.operation == tcc::Operation::kTry ? Lane::kTry : Lane::kPhaseTwo;
  }
};

// What an endpoint needs from its loop.
struct EndpointServices {
  std::function<std::shared_ptr<PartnerConnection>()> connect;
  std::function<void(Monotonic)> wake_at;  // requests a call of Pump; the last request counts
  std::function<void(tcc::Completion)> deliver;
  std::function<void(const tcc::EndpointStatus&)> publish;
};

class Endpoint {
 public:
  Endpoint(std::string name, const HttpOptions& options, EndpointServices services);

  void Submit(std::shared_ptr<Exchange> exchange);
  bool Cancel(uint64_t call);  // false: no such call here
  void CancelAll(const std::string& why);
  // Sends the calls that may go, and returns those that may not.
  void Pump();
  // Closes connections that have been idle for long or that the partner has closed. Returns true if
  // the endpoint has nothing left that is worth keeping.
  bool Sweep();

 private:
  struct Kept {
    std::shared_ptr<PartnerConnection> connection;
    Monotonic since;
  };
  // In order of arrival.
  using Queue = std::map<uint64_t, std::shared_ptr<Exchange>>;

  Queue& QueueOf(Lane lane) { return waiting_[static_cast<size_t>(lane)]; }
  Limiter& LimiterOf(Lane lane) { return limiters_[static_cast<size_t>(lane)]; }
  // False: it must wait.
  bool TryToGo(const std::shared_ptr<Exchange>& exchange, Monotonic now);
  void PumpLane(Lane lane, Monotonic now);
  void ExpireTries(Monotonic now);
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
  std::set<std::pair<Monotonic, uint64_t>> late_at_;  // waiting tries by deadline
  std::unordered_map<uint64_t, std::pair<Lane, uint64_t>> waiting_calls_;
  std::unordered_map<uint64_t, std::shared_ptr<Exchange>> in_flight_;
  std::vector<Kept> kept_;  // the most recent last
  Monotonic last_used_;
  tcc::EndpointStatus status_;
};

}  // namespace assent::http
