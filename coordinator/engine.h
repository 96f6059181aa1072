// SPDX-License-Identifier: Apache-2.0
// The engine: gives the shard its turns, fed by the front, the log and the resource managers.
//
// Whoever brings something while nobody is at the shard takes the turn and works at once, on its
// own thread: a vote that comes in on a connection's thread goes on to the next call without waking
// anybody. Whoever comes meanwhile leaves its piece in the queue of the one who has the turn. A
// helper gives the turn to the engine's own thread after a few rounds; that thread also has the
// timers, the posted tasks, and what many transactions wait for at once.
//
// Contract: Start takes a log that is open and recovered, and everything that recovery rebuilt.
// After Start the engine answers every request once. When the log fails, or proves to be stale,
// `fatal` is called on the thread that saw it; it must end the process at once, for nobody may be
// answered any more. Threads: Submit, Post and the sinks' functions by any that holds no lock which
// a resource manager, the log or a reply could want. The shard is only ever touched by the one who
// has the turn. Stop joins the engine's thread; after it the shard is not touched any more.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "coordinator/requests.h"
#include "coordinator/shard.h"
#include "coordinator/validate.h"
#include "log/decision_log.h"

namespace assent::coordinator {

class Engine final : public Front,
                     public log::DurableSink,
                     public xa::CompletionSink,
                     public tcc::CompletionSink {
 public:
  using Fatal = std::function<void(FatalReason, const std::string&)>;

  // `resources` and `partners` (may be none) outlive the engine. Their Start has not been called
  // yet.
  Engine(const EngineOptions& options, std::vector<xa::ResourceManager*> resources,
         tcc::Partners* partners, const Clock& clock, Random& random, Fatal fatal);
  ~Engine() override;

  // Before Start: scans will be judged (recovery/), and no resource is touched before its first.
  void AwaitFirstScans() { await_first_scans_ = true; }
  // The log was made with this engine as its sink. `url`: where a partner finds us; may be empty.
  void Start(log::DecisionLog& log, Restored restored, std::string url = {});
  // Joins the thread. What is undecided is left to presumed abort, what is decided to the next
  // start.
  void Stop();

  // Runs on the engine's thread.
  void Post(std::function<void(Shard&)> task);

  // Front
  void Submit(Request request, Reply reply) override;
  void EndWait(const std::string& gid, uint64_t ticket) override;
  bool Ready() const override { return ready_.load(std::memory_order_acquire); }
  ShardCounters Counters() const;

  // log::DurableSink
  void OnDurable(log::Lsn up_to) override;
  void OnFailure(const Error& error) override;
  void OnPressure(log::Lsn below) override;
  void OnSpace() override;

  // xa::CompletionSink
  void OnCompletion(xa::Completion completion) override;
  void OnHealth(const std::string& resource, xa::Health health) override;

  // tcc::CompletionSink
  void OnCompletion(tcc::Completion completion) override;

 private:
  class Journal;
  struct Inputs {
    std::vector<std::pair<Request, Reply>> requests;
    std::vector<xa::Completion> completions;
    std::vector<tcc::Completion> answers;
    std::vector<std::function<void(Shard&)>> tasks;
    bool empty() const {
      return requests.empty() && completions.empty() && answers.empty() && tasks.empty();
    }
    void clear() {
      requests.clear();
      completions.clear();
      answers.clear();
      tasks.clear();
    }
  };
  using Lock = std::unique_lock<std::mutex>;
  enum class By : uint8_t { kHelper, kEngine };

  // Adds to the queue, and sees to it that somebody takes the turn.
  template <typename F>
  void Enqueue(By by, F&& add);
  void Run(Restored restored);
  // With the turn: works until there is nothing left, or gives the turn to the engine's thread.
  // False: the engine stops, and the turn stays with its thread.
  bool WorkOff(Lock& lock, By by);
  void Handle(By by, log::Lsn durable);
  bool TimerIsDue() const { return clock_.Now() >= next_timer_; }
  void HandOver(Lock& lock);

  const EngineOptions options_;
  std::vector<xa::ResourceManager*> managers_;
  std::map<std::string, xa::ResourceManager*> resources_;
  tcc::Partners* const partners_;
  const Clock& clock_;
  Random& random_;
  const Fatal fatal_;
  const Validator validator_;
  bool await_first_scans_ = false;
  std::unique_ptr<Journal> log_;
  std::unique_ptr<Shard> shard_;

  mutable std::mutex mutex_;      // guards what follows
  std::condition_variable wake_;  // the engine's thread
  Inputs queued_;
  bool taken_ = true;         // somebody has the turn; at first it is the engine's, to restore
  bool handed_over_ = false;  // the turn is the engine's, and its thread may not know yet
  bool wants_turn_ = false;   // a timer is due while somebody else has the turn
  bool stopping_ = false;
  log::Lsn durable_ = 0;
  log::Lsn seen_durable_ = 0;
  size_t wait_for_disk_ = 0;  // records, as of the last turn
  Monotonic next_timer_{};    // likewise
  Monotonic sleeps_until_{};  // the engine's thread
  ShardCounters counters_;    // as of the last turn
  std::atomic<bool> ready_{false};

  Inputs working_;  // whoever has the turn
  std::thread thread_;
};

}  // namespace assent::coordinator
