// SPDX-License-Identifier: Apache-2.0
// The limiter of one lane of an endpoint: how many calls may be in flight, and when none may.
//
// An endpoint has two lanes, tries and phase two (confirm, cancel), each with its own limiter:
// confirms and cancels, which free reservations, never queue behind tries, and a few confirms that
// always fail do not block tries. After consecutive failures the lane is in backoff. When the
// backoff ends, the next call of any kind is the probe: an answer to it ends the backoff, and a
// failure doubles the delay.
// Meanwhile new tries are rejected and phase two waits. A phase-two call that has waited for
// `hold_at_most` is sent regardless of the limiter's state, within a separate limit. During a
// backoff such calls are sent at most once per `overdue_pace`, because an endpoint's failures (a
// TLS handshake) may be expensive for the other endpoints.
//
// Pure: time and jitter are arguments.
// Threads: one at a time.
#pragma once

#include <cstdint>

#include "base/backoff.h"
#include "base/time.h"

namespace assent::http {

struct LimiterOptions {
  uint32_t max_in_flight = 64;
  uint32_t max_overdue = 64;  // in addition: overdue calls of phase two
  uint32_t failures_to_back_off = 3;
  Duration back_off_first{100'000'000}, back_off_cap{30'000'000'000};
  Duration hold_at_most{30'000'000'000};  // the cap of the coordinator's own retries
  Duration overdue_pace{20'000'000};
};

enum class Lane : uint8_t { kTry, kPhaseTwo };

class Limiter {
 public:
  enum class Verdict : uint8_t { kGo, kWait, kReject };
  struct Admission {
    Verdict verdict{};
    bool probe = false;
  };
  enum class Result : uint8_t {
    kAnswered,  // whatever the answer: the partner is reachable
    kFailed,
    kNothing  // proves nothing about the endpoint: cancelled by us
  };

  Limiter(Lane lane, const LimiterOptions& options) : lane_(lane), options_(options) {}

  // May a call that has waited since `since` go? kGo counts it as in flight until Ended.
  Admission Admit(Monotonic since, Monotonic now);
  // `retry_after`: what the partner requested, 0 for nothing. `random`: any number, for the jitter.
  void Ended(bool probe, Result result, Duration retry_after, Monotonic now, uint64_t random);

  // When to call Admit again for a phase-two call that waits since `since`, if no call ends before.
  Monotonic AskAgainAt(Monotonic since) const;
  bool IsBackingOff() const { return is_blocked_; }
  bool IsProbing() const { return is_probing_; }
  Duration back_off() const { return backoff_.delay(); }
  Duration Left(Monotonic now) const;  // until the backoff ends
  uint32_t failures() const { return failures_; }

 private:
  void Block(Monotonic until) {
    is_blocked_ = true;
    blocked_until_ = until;
  }

  Lane lane_;
  LimiterOptions options_;
  uint32_t in_flight_ = 0;
  uint32_t failures_ = 0;  // in a row
  bool is_blocked_ = false, is_probing_ = false;
  bool requested_ = false;  // the partner itself requested the backoff (Retry-After)
  Monotonic blocked_until_;
  Monotonic next_overdue_;  // while blocked
  Backoff backoff_{options_.back_off_first, options_.back_off_cap};
};

}  // namespace assent::http
