// SPDX-License-Identifier: Apache-2.0
// The engine: feeds the shard with what the front, the log and the participants bring, by flat
// combining (combiner.h).
//
// Whoever brings something while nobody is at the shard carries it out at once, on its own thread:
// a vote that comes in on a connection's thread goes on to the next call without waking anybody.
// The engine's own thread has the timers, the posted tasks, and what many transactions wait for at
// once.
//
// Contract: Start takes a log that is open and recovered, and everything that recovery rebuilt.
// After Start the engine answers every request once. When the log fails, or proves to be stale,
// `fatal` is called on the thread that saw it; it must end the process at once, for nobody may be
// answered any more. Threads: Submit, Post and the sinks' functions by any that holds no lock which
// a resource manager, the log or a reply could want. The shard is only ever touched by the one who
// combines. Stop joins the engine's thread; after it the shard is not touched any more.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/combiner.h"
#include "coordinator/requests.h"
#include "coordinator/shard.h"
#include "coordinator/validate.h"
#include "log/decision_log.h"

namespace assent::coordinator {

class Engine final : public Front,
                     public log::DurableSink,
                     public xa::CompletionSink,
                     public tcc::CompletionSink,
                     private Combiner::Target {
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

  // Puts a piece into the queue, for whoever combines.
  template <typename F>
  void Enqueue(Combiner::By by, F&& add);

  // Combiner::Target
  bool NeedsOwner() const override { return !queued_.tasks.empty(); }
  bool Collect() override;
  void Apply(Combiner::By by) override;
  Monotonic Applied() override;

  const EngineOptions options_;
  std::vector<xa::ResourceManager*> managers_;
  const Resources resources_;
  tcc::Partners* const partners_;
  BranchDirectory branches_;
  const Clock& clock_;
  Random& random_;
  const Fatal fatal_;
  const Validator validator_;
  bool await_first_scans_ = false;
  std::unique_ptr<Journal> log_;
  std::unique_ptr<Shard> shard_;

  // Guarded by the combiner's lock.
  Inputs queued_;
  log::Lsn durable_ = 0;
  log::Lsn seen_durable_ = 0;
  size_t wait_for_disk_ = 0;  // records, as of the last turn
  ShardCounters counters_;    // likewise
  // Of whoever combines.
  Inputs working_;
  log::Lsn working_durable_ = 0;  // 0: nothing new

  std::atomic<bool> ready_{false};
  Combiner combiner_;
};

}  // namespace assent::coordinator
