// SPDX-License-Identifier: Apache-2.0
// The engine: feeds the shard with input from the front end, the log and the participants, by flat
// combining (combiner.h).
//
// A thread that brings input while no thread uses the shard applies it immediately: a vote that
// arrives on a connection's thread leads to the next call without waking another thread. The
// engine's own thread runs the timers, the posted tasks, and durable batches that many transactions
// wait for.
//
// Contract: Start takes an open and recovered log, and everything that recovery rebuilt. After
// Start the engine answers every request once. If the log fails or proves to be stale, `fatal` is
// called on the thread that detected it; it must end the process immediately, because no client may
// be answered any more. Threads: any thread may call Submit, Post and the functions of the sinks,
// without holding a lock that a resource manager, the log or a reply may need. Only the combining
// thread touches the shard. Stop joins the engine's thread; after that nothing touches the shard.
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

  // `resources` and `partners` (may be null) outlive the engine and are not started yet.
  Engine(const EngineOptions& options, std::vector<xa::ResourceManager*> resources,
         tcc::Partners* partners, const Clock& clock, Random& random, Fatal fatal);
  ~Engine() override;

  // Call before Start if recovery/ judges scans: calls to a resource then wait for its first scan.
  void AwaitFirstScans() { await_first_scans_ = true; }
  // The sink of `log` must be this engine. `url` is the coordinator's URL for partners; may be
  // empty.
  void Start(log::DecisionLog& log, Restored restored, std::string url = {});
  // Joins the thread. Undecided transactions are left to presumed abort, decided ones to the next
  // start.
  void Stop();

  // Runs `task` on the engine's thread.
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

  // Puts an item into the queue of the combiner.
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
  size_t wait_for_disk_ = 0;  // records not yet durable, after the last Apply
  ShardCounters counters_;    // likewise
  // Used by the combining thread only.
  Inputs working_;
  log::Lsn working_durable_ = 0;  // 0: nothing new

  std::atomic<bool> ready_{false};
  Combiner combiner_;
};

}  // namespace assent::coordinator
