// SPDX-License-Identifier: Apache-2.0
// Flat combining: many threads bring work for one data structure, and whichever of them finds it
// free applies the work of all.
//
// A thread publishes its piece in a queue under a short lock. If nobody combines, it becomes the
// combiner and applies at once, on its own thread, what has been published; so a vote that comes in
// on a connection's thread goes on to the next call without waking another thread. If somebody
// combines, the piece is left to that one, and the thread goes its way. Other than in the paper
// nobody waits for a result, and there is an owner's thread: it takes over from a caller after a
// few rounds, and applies what falls due by itself.
//
// Contract: what is published is collected and applied exactly once, by one thread at a time.
// Between Stop and the end nothing is applied. Threads: Publish, Locked by any, with no lock held
// that Apply could want; Start and Stop by whoever owns it. Source: Hendler, Incze, Shavit,
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
    kCaller,  // the thread that publishes, if nobody combines
    kOwner    // the combiner's own thread
  };
  // A caller has work of its own: after so many rounds it hands over to the owner's thread.
  static constexpr int kCallerRounds = 16;

  // The queue, and what its pieces are applied to.
  class Target {
   public:
    virtual ~Target() = default;
    // With the lock: must the owner's thread apply what has been published?
    virtual bool NeedsOwner() const = 0;
    // With the lock: moves what has been published to where Apply finds it. False: there is none.
    virtual bool Collect() = 0;
    // Without the lock, one thread at a time. kOwner: also what is due.
    virtual void Apply(By by) = 0;
    // With the lock, after Start's `first` and each Apply: notes what others may read by Locked,
    // and says when something is due.
    virtual Monotonic Applied() = 0;
  };

  // Both outlive it. Until Start has run its `first`, what is published waits.
  Combiner(Target& target, const Clock& clock) : target_(target), clock_(clock) {}
  ~Combiner() { Stop(); }

  // Starts the owner's thread: it runs `first`, and combines.
  void Start(std::function<void()> first);
  // Joins the thread; what is published then is never applied. False: it was stopped before.
  bool Stop();

  // `add` is called with the lock: it puts a piece into the target's queue, and says who may apply
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
  // What `read` returns, called with the lock.
  template <typename F>
  auto Locked(F&& read) const {
    const std::lock_guard lock(mutex_);
    return read();
  }

 private:
  using Lock = std::unique_lock<std::mutex>;

  void Run();
  // With the turn: applies until nothing is left, or hands over. False: it is stopped, and the turn
  // stays with the owner's thread.
  bool Combine(Lock& lock, By by);
  void HandOver(Lock& lock);
  bool IsDue() const { return clock_.Now() >= due_; }

  Target& target_;
  const Clock& clock_;
  mutable std::mutex mutex_;      // guards what follows, and the target's queue
  std::condition_variable wake_;  // the owner's thread
  bool taken_ = true;             // somebody has the turn; at first the owner, for its `first`
  bool handed_over_ = false;      // the turn is the owner's, and its thread may not know yet
  bool owner_waits_ = false;      // something is due while somebody else has the turn
  bool stopping_ = false;
  Monotonic due_{};
  Monotonic sleeps_until_{};  // the owner's thread
  std::thread thread_;
};

}  // namespace assent::coordinator
