// SPDX-License-Identifier: Apache-2.0
// Exponential backoff: how long to wait before the next attempt.
//
// Contract: the delay is `first`, then doubles with each attempt up to `cap`; it never exceeds
// `cap`. The caller adds jitter by subtracting a random part of the delay.
// Units and ranges: `first` and `cap` are greater than zero.
// Threads: plain values.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.h"

namespace assent {

// The delay before the next attempt, after `attempts` earlier ones: `first` for 0.
inline Duration BackoffDelay(Duration first, Duration cap, uint64_t attempts) {
  Duration delay = std::min(first, cap);
  for (uint64_t i = 0; i < attempts && delay < cap; ++i) {
    delay = delay > cap / 2 ? cap : delay * 2;
  }
  return delay;
}

// Produces the same delays one by one.
class Backoff {
 public:
  Backoff(Duration first, Duration cap) : first_(std::min(first, cap)), cap_(cap) {}

  // Returns the next delay.
  Duration Next() {
    delay_ = delay_ > Duration(0) ? BackoffDelay(delay_, cap_, 1) : first_;
    return delay_;
  }
  // The last result of Next; 0 before the first call and after Reset.
  Duration delay() const { return delay_; }
  // Makes the next delay `first` again.
  void Reset() { delay_ = Duration(0); }

 private:
  Duration first_, cap_;
  Duration delay_{0};
};

}  // namespace assent
