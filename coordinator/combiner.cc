// SPDX-License-Identifier: Apache-2.0
#include "coordinator/combiner.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace assent::coordinator {
namespace {

constexpr Duration kLongestSleep = std::chrono::seconds(1);

}  // namespace

void Combiner::Start(std::function<void()> first) {
  thread_ = std::thread([this, first = std::move(first)] {
    first();
    Run();
  });
}

bool Combiner::Stop() {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return false;
    stopping_ = true;
    wake_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
  return true;
}

void Combiner::HandOver(Lock& lock) {
  handed_over_ = true;
  lock.unlock();  // the woken thread needs it immediately
  wake_.notify_one();
}

bool Combiner::Combine(Lock& lock, By by) {
  for (int round = 0;; ++round) {
    if (by == By::kCaller &&
        (round == kCallerRounds || owner_waits_ || stopping_ || target_.NeedsOwner())) {
      HandOver(lock);
      return true;
    }
    if (stopping_) return false;
    const bool is_due = by == By::kOwner && IsDue();
    if (!target_.Collect() && !is_due) break;
    lock.unlock();
    target_.Apply(by);
    lock.lock();
    due_ = target_.Applied();
  }
  taken_ = false;
  if (by == By::kCaller && due_ < sleeps_until_) wake_.notify_one();
  return true;
}

void Combiner::Run() {
  Lock lock(mutex_);
  due_ = target_.Applied();
  handed_over_ = true;  // for items published meanwhile
  for (;;) {
    if (handed_over_ || (!taken_ && (stopping_ || IsDue()))) {
      taken_ = true;
      handed_over_ = false;
      owner_waits_ = false;
      if (!Combine(lock, By::kOwner)) return;
      continue;
    }
    const Monotonic now = clock_.Now();
    owner_waits_ = taken_ && now >= due_;
    const Duration left =
        owner_waits_ ? kLongestSleep : std::clamp(due_ - now, Duration::zero(), kLongestSleep);
    sleeps_until_ = now + left;
    wake_.wait_for(lock, left);
    sleeps_until_ = Monotonic{};
  }
}

}  // namespace assent::coordinator
