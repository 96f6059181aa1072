// SPDX-License-Identifier: Apache-2.0
// The shard's timers: a heap in which disarmed timers stay until they are due or the heap is
// compacted.
//
// Contract: disarming removes no timer; the owner recognizes a disarmed timer by its generation.
// Compact drops the timers that the owner reports as dead; WantsCompaction says when that pays
// (amortized constant cost per timer). Threads: the shard's only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/time.h"

namespace assent::coordinator {

// Kinds of timers in addition to core::Timer.
inline constexpr uint8_t kWaiterTimer = 100;  // the generation is the waiter's id
inline constexpr uint8_t kSweepTimer = 101;
inline constexpr uint8_t kSpaceTimer = 102;

struct Due {
  Monotonic at;
  uint64_t handle = 0;  // of the transaction
  uint64_t generation = 0;
  uint32_t branch = 0;
  uint8_t kind = 0;
};

class TimerQueue {
 public:
  bool empty() const { return heap_.empty(); }
  size_t size() const { return heap_.size(); }
  const Due& top() const { return heap_.front(); }

  void Push(const Due& due) {
    heap_.push_back(due);
    std::push_heap(heap_.begin(), heap_.end(), Later);
  }
  Due Pop() {
    std::pop_heap(heap_.begin(), heap_.end(), Later);
    const Due due = heap_.back();
    heap_.pop_back();
    return due;
  }

  bool WantsCompaction() const { return heap_.size() > threshold_; }
  template <typename Dead>
  void Compact(Dead&& dead) {
    std::erase_if(heap_, dead);
    std::make_heap(heap_.begin(), heap_.end(), Later);
    threshold_ = std::max(kSmall, 2 * heap_.size());
  }

 private:
  static constexpr size_t kSmall = 65'536;
  static bool Later(const Due& a, const Due& b) { return a.at > b.at; }

  std::vector<Due> heap_;
  size_t threshold_ = kSmall;
};

}  // namespace assent::coordinator
