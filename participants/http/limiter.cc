// SPDX-License-Identifier: Apache-2.0
#include "participants/http/limiter.h"

#include <algorithm>

#include "base/check.h"

namespace assent::http {

Limiter::Admission Limiter::Admit(Monotonic since, Monotonic now) {
  const auto go = [&](bool probe) {
    ++in_flight_;
    is_probing_ = is_probing_ || probe;
    return Admission{Verdict::kGo, probe};
  };
  const bool overdue = lane_ == Lane::kPhaseTwo && now - since >= options_.hold_at_most;
  const uint32_t bound = options_.max_in_flight + (overdue ? options_.max_overdue : 0);
  if (!is_blocked_) {
    return in_flight_ < bound ? go(false) : Admission{Verdict::kWait};
  }
  if (!is_probing_ && now >= blocked_until_) return go(true);
  if (overdue && in_flight_ < bound && now >= next_overdue_) {
    next_overdue_ = now + options_.overdue_pace;
    return go(false);
  }
  return {lane_ == Lane::kTry ? Verdict::kReject : Verdict::kWait};
}

void Limiter::Ended(bool probe, Result result, Duration retry_after, Monotonic now,
                    uint64_t random) {
  CHECK(in_flight_ > 0) << "a call ended that was never admitted";
  --in_flight_;
  if (probe) is_probing_ = false;
  if (result == Result::kNothing) return;
  if (result == Result::kAnswered) {
    failures_ = 0;
    // The answer to another call does not shorten a backoff that the partner requested.
    if (requested_ && now < blocked_until_) return;
    is_blocked_ = requested_ = false;
    backoff_.Reset();
    return;
  }
  ++failures_;
  if (retry_after > Duration(0)) {
    Block(is_blocked_ ? std::max(blocked_until_, now + retry_after) : now + retry_after);
    requested_ = true;
    return;
  }
  // Calls that were in flight together fail together: this counts as one failure of the endpoint.
  if (is_blocked_ ? !probe : failures_ < options_.failures_to_back_off) return;
  const Duration delay = backoff_.Next();
  requested_ = false;
  const auto half = static_cast<uint64_t>(delay.count() / 2);
  const auto jitter = static_cast<int64_t>(half == 0 ? 0 : random % half);
  Block(now + (delay - Duration(jitter)));
}

Monotonic Limiter::AskAgainAt(Monotonic since) const {
  const Monotonic overdue_at = since + options_.hold_at_most;
  if (!is_blocked_) return overdue_at;
  const Monotonic at = std::max(overdue_at, next_overdue_);
  return is_probing_ ? at : std::min(at, blocked_until_);
}

Duration Limiter::Left(Monotonic now) const {
  return is_blocked_ ? std::max(blocked_until_ - now, Duration(0)) : Duration(0);
}

}  // namespace assent::http
