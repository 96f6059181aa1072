// SPDX-License-Identifier: Apache-2.0
// Flat combining (Hendler and others): many threads publish work for one data structure, and the
// thread that finds the structure free applies the work of all.
//
// A thread publishes an item in a queue under a short lock. If no thread is combining, it becomes
// the combiner and applies all published items immediately, on its own thread. So a vote that
// arrives on a connection's thread leads to the next call without waking another thread. If another
// thread is combining, it applies the item too, and the publisher returns. Unlike in the paper
// (below), publishers do not wait for results, and there is an owner thread: it takes over from a
// caller after a few rounds, and applies timed work.
//
// Contract: each published item is collected and applied exactly once, by one thread at a time.
// After Stop nothing is applied. Threads: any thread may call Publish and Locked, without holding a
// lock that Apply may need; the owner calls Start and Stop. Source: Hendler, Incze, Shavit,
// Tzafrir: "Flat Combining and the Synchronization-Parallelism Tradeoff", SPAA 2010.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>

#include "base/time.h"

namespace assent::coordinator {

class Combiner {
 public:
  enum class By : uint8_t {
    kCaller,  // the publishing thread, if no thread is combining
    kOwner    // the owner thread
  };
  // A caller has other work to do: after this many rounds it hands over to the owner thread.
  static constexpr int kCallerRounds = 16;

  // The queue, and the data structure that its items are applied to.
  class Target {
   public:
    virtual ~Target() = default;
    // Locked. Whether the owner thread must apply the published items.
    virtual bool NeedsOwner() const = 0;
    // Locked. Moves the published items to where Apply finds them. False: there are none.
    virtual bool Collect() = 0;
    // Not locked, one thread at a time. Applies the collected items; kOwner: also timed work.
    virtual void Apply(By by) = 0;
    // Locked, after Start's `first` and after each Apply. Updates the data that other threads read
    // by Combiner::Locked, and returns when timed work is due next.
    virtual Monotonic Applied() = 0;
  };

  // Both outlive it. Published items wait until Start has run its `first`.
  Combiner(Target& target, const Clock& clock) : target_(target), clock_(clock) {}
  ~Combiner() { Stop(); }

  // Starts the owner thread, which runs `first` and then combines.
  void Start(std::function<void()> first);
  // Joins the owner thread; items published later are never applied. False: already stopped.
  bool Stop();

  // Calls `add` under the lock: it puts an item into the target's queue and returns who may apply
  // it.
  template <typename F>
  void Publish(F&& add) {
    Lock lock(mutex_);
    const By by = add();
    if (taken_) return;
    taken_ = true;
    if (by == By::kOwner) {
      HandOver(lock);
    } else {
      (void)Combine(lock, By::kCaller);
    }
  }
  // Calls `read` under the lock and returns its result.
  template <typename F>
  auto Locked(F&& read) const {
    const std::lock_guard lock(mutex_);
    return read();
  }

 private:
  using Lock = std::unique_lock<std::mutex>;

  void Run();
  // On the combiner: applies until the queue is empty, or hands over. False: stopped; the owner
  // thread remains the combiner.
  bool Combine(Lock& lock, By by);
  void HandOver(Lock& lock);
  bool IsDue() const { return clock_.Now() >= due_; }

  Target& target_;
  const Clock& clock_;
  mutable std::mutex mutex_;      // guards what follows, and the target's queue
  std::condition_variable wake_;  // wakes the owner thread
  bool taken_ = true;             // a thread is combining; initially the owner, for its `first`
  bool handed_over_ = false;      // the owner thread is the combiner now, but may still sleep
  bool owner_waits_ = false;      // timed work is due while another thread is combining
  bool stopping_ = false;
  Monotonic due_{};
  Monotonic sleeps_until_{};  // the owner thread
  std::thread thread_;
};

}  // namespace assent::coordinator
