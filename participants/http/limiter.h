// SPDX-License-Identifier: Apache-2.0
// The limiter of one lane of an endpoint: how many calls go at once, and when none does.
//
// Calls go in two lanes, tries and phase two (confirm, cancel), each with a limiter of its own:
// what frees a reservation never queues behind what makes one, and a few confirms that a partner
// always fails at do not close it to tries. After failures in a row the lane is backed off from;
// when that is over, one call, whatever comes first, is the probe: its answer ends the back-off,
// its failure doubles it. A try that comes meanwhile is turned away. Phase two waits, and what has
// waited for `hold_at_most` goes whatever the limiter knows, with room of its own; while the lane
// is backed off from one each `overdue_pace`, for what an endpoint fails at (a TLS handshake) may
// cost the others dear.
//
// Pure: time and jitter are arguments. Threads: one at a time.
#pragma once

#include <cstdint>

#include "base/backoff.h"
#include "base/time.h"

namespace assent::http {

struct LimiterOptions {
  uint32_t max_in_flight = 64;
  uint32_t max_overdue = 64;  // beyond it: phase two that was held back for long enough
  uint32_t failures_to_back_off = 3;
  Duration back_off_first{100'000'000}, back_off_cap{30'000'000'000};
  Duration hold_at_most{30'000'000'000};  // the cap of the coordinator's own retries
  Duration overdue_pace{20'000'000};
};

enum class Lane : uint8_t { kTry, kPhaseTwo };

class Limiter {
 public:
  enum class Verdict : uint8_t { kGo, kWait, kTurnAway };
  struct Admission {
    Verdict verdict{};
    bool probe = false;
  };
  enum class Result : uint8_t {
    kAnswered,  // whatever the answer: the partner is there
    kFailed,
    kNothing  // it says nothing of the endpoint: ended by us
  };

  Limiter(Lane lane, const LimiterOptions& options) : lane_(lane), options_(options) {}

  // May a call go that has waited since `since`? kGo counts it as in flight until Ended.
  Admission Admit(Monotonic since, Monotonic now);
  // `retry_after`: what the partner asked for, 0 for nothing. `random`: any number, for the jitter.
  void Ended(bool probe, Result result, Duration retry_after, Monotonic now, uint64_t random);

  // When a phase-two call that waits since `since` is to be asked for again, if nothing ends
  // before.
  Monotonic AskAgainAt(Monotonic since) const;
  bool IsBackingOff() const { return is_blocked_; }
  bool IsProbing() const { return is_probing_; }
  Duration back_off() const { return backoff_.delay(); }
  Duration Left(Monotonic now) const;  // of the back-off
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
  bool asked_for_ = false;  // the partner itself asked to be left alone
  Monotonic blocked_until_;
  Monotonic next_overdue_;  // while blocked
  Backoff backoff_{options_.back_off_first, options_.back_off_cap};
};

}  // namespace assent::http
