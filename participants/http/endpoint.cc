// SPDX-License-Identifier: Apache-2.0
#include "participants/http/endpoint.h"

#include <algorithm>

#include "base/check.h"
#include "base/random.h"

namespace assent::http {
namespace {

constexpr Duration kForgetAfter = std::chrono::minutes(10);
// A connection that has answered this recently is reused without a check.
constexpr Duration kFresh = std::chrono::milliseconds(1);
constexpr char kTimeIsUp[] = "the deadline passed before the call was sent";

}  // namespace

Endpoint::Endpoint(std::string name, const HttpOptions& options, EndpointServices services)
    : options_(options),
      services_(std::move(services)),
      limiters_{Limiter(Lane::kTry, options.limiter), Limiter(Lane::kPhaseTwo, options.limiter)} {
  status_.name = std::move(name);
}

void Endpoint::Submit(std::shared_ptr<Exchange> exchange) {
  const uint64_t call = exchange->call.call;
  CHECK(waiting_calls_.count(call) == 0 && in_flight_.count(call) == 0)
      << "call " << call << " is already in progress";
  const Lane lane = exchange->lane();
  last_used_ = exchange->since;
  // Usually the queue is empty, and the call is sent at once.
  const Monotonic now = clock_.Now();
  if (QueueOf(lane).empty() && now < exchange->until && TryToGo(exchange, now)) return Publish();
  if (QueueOf(lane).size() >= options_.max_waiting) {
    services_.deliver(NotSent(exchange->call, std::to_string(options_.max_waiting) + " calls to " +
                                                  status_.name + " are already waiting"));
    return;
  }
  const uint64_t sequence = next_sequence_++;
  if (lane == Lane::kTry) late_at_.emplace(exchange->until, sequence);
  waiting_calls_[call] = {lane, sequence};
  QueueOf(lane).emplace(sequence, std::move(exchange));
  Pump();
}

void Endpoint::Pump() {
  const Monotonic now = clock_.Now();
  ExpireTries(now);
  PumpLane(Lane::kPhaseTwo, now);
  PumpLane(Lane::kTry, now);
  ArmWake(now);
  Publish();
}

std::shared_ptr<Exchange> Endpoint::Take(Lane lane, Queue::iterator at) {
  std::shared_ptr<Exchange> exchange = std::move(at->second);
  late_at_.erase({exchange->until, at->first});
  waiting_calls_.erase(exchange->call.call);
  QueueOf(lane).erase(at);
  return exchange;
}

void Endpoint::ExpireTries(Monotonic now) {
  while (!late_at_.empty() && late_at_.begin()->first <= now) {
    const auto at = QueueOf(Lane::kTry).find(late_at_.begin()->second);
    services_.deliver(NotSent(Take(Lane::kTry, at)->call, kTimeIsUp));
  }
}

void Endpoint::PumpLane(Lane lane, Monotonic now) {
  Queue& queue = QueueOf(lane);
  while (!queue.empty()) {
    const auto exchange = queue.begin()->second;
    if (!TryToGo(exchange, now)) return;
    (void)Take(lane, queue.begin());
  }
}

bool Endpoint::TryToGo(const std::shared_ptr<Exchange>& exchange, Monotonic now) {
  const auto admission = LimiterOf(exchange->lane()).Admit(exchange->since, now);
  switch (admission.verdict) {
    case Limiter::Verdict::kWait: return false;
    case Limiter::Verdict::kGo:
      exchange->probe = admission.probe;
      Go(exchange, now);
      return true;
    case Limiter::Verdict::kReject:
      services_.deliver(NotSent(exchange->call, status_.name + " is in backoff: " + status_.detail,
                                LimiterOf(exchange->lane()).Left(now)));
      return true;
  }
  return false;
}

std::shared_ptr<PartnerConnection> Endpoint::TakeKept(Monotonic now) {
  while (!kept_.empty()) {
    const Kept kept = std::move(kept_.back());
    kept_.pop_back();
    const bool is_fresh = now - kept.since < kFresh && kept.connection->is_idle();
    if (is_fresh || kept.connection->IsReusable()) return kept.connection;
    kept.connection->Close("");
  }
  return nullptr;
}

void Endpoint::Go(const std::shared_ptr<Exchange>& exchange, Monotonic now) {
  exchange->went = now;
  exchange->connection = TakeKept(now);
  exchange->dials = exchange->connection == nullptr;
  if (exchange->dials) exchange->connection = services_.connect();
  in_flight_[exchange->call.call] = exchange;
  Job job;
  job.connect_within = options_.connect_timeout;
  job.within = exchange->lane() == Lane::kTry
                   ? std::min(options_.request_timeout, exchange->until - now)
                   : options_.request_timeout;
  job.request = [this, exchange](std::string* to) {
    ++status_.requests;
    const Target& target = *exchange->target;
    AppendRequest(exchange->call, target.request_head, exchange->deadline - clock_.Now(),
                  clock_.Wall(), target.signers, to);
  };
  job.done = [this, exchange](const Received& received) { OnDone(exchange, received); };
  exchange->connection->Serve(std::move(job));
}

Limiter::Result Endpoint::Judge(const Exchange& exchange, const Received& received,
                                const tcc::Completion& completion, Monotonic now) const {
  if (exchange.ended_by_us) return Limiter::Result::kNothing;
  // A try with a very short deadline proves nothing about the partner.
  const bool cut_short = received.timed_out && exchange.lane() == Lane::kTry &&
                         now >= exchange.until && now - exchange.went < options_.slow_after;
  if (cut_short) return Limiter::Result::kNothing;
  const bool answered = received.status != 0 && received.status < 500;
  return answered && completion.answer != tcc::Answer::kLater ? Limiter::Result::kAnswered
                                                              : Limiter::Result::kFailed;
}

void Endpoint::OnDone(const std::shared_ptr<Exchange>& exchange, const Received& received) {
  const Monotonic now = clock_.Now();
  const auto connection = std::move(exchange->connection);
  in_flight_.erase(exchange->call.call);
  last_used_ = now;
  if (exchange->dials && connection->was_open()) ++status_.connects;
  if (kept_.size() < options_.max_idle && connection->is_idle()) {
    kept_.push_back({connection, now});
  } else {
    connection->Close("");
  }
  tcc::Completion completion = ToCompletion(exchange->call, received, clock_.Wall());
  const Limiter::Result result = Judge(*exchange, received, completion, now);
  if (result == Limiter::Result::kFailed) status_.detail = completion.detail;
  LimiterOf(exchange->lane())
      .Ended(exchange->probe, result,
             completion.answer == tcc::Answer::kLater ? completion.retry_after : Duration(0), now,
             result == Limiter::Result::kFailed ? SystemRandom().Next() : 0);
  services_.deliver(std::move(completion));
  Pump();
}

bool Endpoint::Cancel(uint64_t call) {
  if (const auto found = waiting_calls_.find(call); found != waiting_calls_.end()) {
    const auto [lane, sequence] = found->second;
    const auto exchange = Take(lane, QueueOf(lane).find(sequence));
    services_.deliver(NotSent(exchange->call, "cancelled before it was sent"));
    Publish();
    return true;
  }
  const auto found = in_flight_.find(call);
  if (found == in_flight_.end()) return false;
  found->second->ended_by_us = true;
  found->second->connection->Close("cancelled before it was answered");
  return true;
}

void Endpoint::CancelAll(const std::string& why) {
  for (const Lane lane : {Lane::kPhaseTwo, Lane::kTry}) {
    while (!QueueOf(lane).empty()) {
      services_.deliver(NotSent(Take(lane, QueueOf(lane).begin())->call, why));
    }
  }
  for (auto& [call, exchange] : in_flight_) {
    exchange->ended_by_us = true;
    exchange->connection->Close(why);
  }
}

bool Endpoint::Sweep() {
  const Monotonic now = clock_.Now();
  const size_t gone = std::erase_if(kept_, [&](const Kept& kept) {
    if (now - kept.since < options_.idle_timeout && kept.connection->IsReusable()) return false;
    kept.connection->Close("");
    return true;
  });
  if (gone > 0) Publish();
  for (const Limiter& limiter : limiters_) {
    if (limiter.Left(now) > Duration(0)) return false;
  }
  return in_flight_.empty() && waiting_calls_.empty() && kept_.empty() &&
         now - last_used_ > kForgetAfter;
}

void Endpoint::ArmWake(Monotonic now) {
  Monotonic at = late_at_.empty() ? kNever : late_at_.begin()->first;
  const Queue& phase_two = QueueOf(Lane::kPhaseTwo);
  if (!phase_two.empty()) {
    const Monotonic again = LimiterOf(Lane::kPhaseTwo).AskAgainAt(phase_two.begin()->second->since);
    // A time in the past means: wait for a call to end, which calls Pump.
    if (again > now) at = std::min(at, again);
  }
  if (at != kNever) services_.wake_at(at);
}

void Endpoint::Publish() {
  status_.health = tcc::Health::kUp;
  status_.failures = 0;
  status_.back_off = Duration(0);
  for (const Limiter& limiter : limiters_) {  // shows the worse lane
    if (limiter.IsBackingOff()) {
      const auto health = limiter.IsProbing() ? tcc::Health::kProbing : tcc::Health::kBackingOff;
      if (status_.health != tcc::Health::kBackingOff) status_.health = health;
    }
    status_.failures = std::max(status_.failures, limiter.failures());
    status_.back_off = std::max(status_.back_off, limiter.back_off());
  }
  status_.in_flight = static_cast<uint32_t>(in_flight_.size());
  status_.waiting = static_cast<uint32_t>(waiting_calls_.size());
  status_.idle = static_cast<uint32_t>(kept_.size());
  services_.publish(status_);
}

}  // namespace assent::http
