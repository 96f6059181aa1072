// The engine: one thread around the shard, fed by the front, the log and the resource managers.
//
// Contract: Start takes a log that is open and recovered, and everything that recovery rebuilt.
// After Start the engine answers every request once. When the log fails, or proves to be stale,
// `fatal` is called on the thread that saw it; it must end the process at once, for nobody may be
// answered any more. Threads: Submit, Post and the sinks' functions by any. Inputs are queued under
// a short lock and taken in bulk; the engine's thread sleeps only when there is nothing. Stop joins
// it.
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

class Engine final : public Front, public log::DurableSink, public xa::CompletionSink {
 public:
  using Fatal = std::function<void(FatalReason, const std::string&)>;

  // `resources` outlive the engine. Their Start has not been called yet.
  Engine(const EngineOptions& options, std::vector<xa::ResourceManager*> resources,
         const Clock& clock, Random& random, Fatal fatal);
  ~Engine() override;

  // The log was made with this engine as its sink.
  void Start(log::DecisionLog& log, Restored restored);
  // Joins the thread. What is undecided is left to presumed abort, what is decided to the next
  // start.
  void Stop();

  // Runs on the engine's thread.
  void Post(std::function<void(Shard&)> task);

  // Front
  void Submit(Request request, Reply reply) override;
  bool Ready() const override { return ready_.load(std::memory_order_acquire); }
  ShardCounters Counters() const;

  // log::DurableSink
  void OnDurable(log::Lsn up_to) override;
  void OnFailure(const Error& error) override;
  void OnPressure(log::Lsn below) override;

  // xa::CompletionSink
  void OnCompletion(xa::Completion completion) override;
  void OnHealth(const std::string& resource, xa::Health health) override;

 private:
  class Journal;
  struct Inputs {
    std::vector<std::pair<Request, Reply>> requests;
    std::vector<xa::Completion> completions;
    std::vector<std::function<void(Shard&)>> tasks;
    bool empty() const { return requests.empty() && completions.empty() && tasks.empty(); }
    void clear() {
      requests.clear();
      completions.clear();
      tasks.clear();
    }
  };

  void Run();
  void Handle(Inputs& inputs);
  template <typename F>
  void Enqueue(F&& add);

  const EngineOptions options_;
  std::vector<xa::ResourceManager*> managers_;
  std::map<std::string, xa::ResourceManager*> resources_;
  const Clock& clock_;
  Random& random_;
  const Fatal fatal_;
  const Validator validator_;
  std::unique_ptr<Journal> log_;
  std::unique_ptr<Shard> shard_;

  std::mutex mutex_;  // guards queued_, sleeping_, stopping_
  std::condition_variable wake_;
  Inputs queued_;
  bool sleeping_ = false;
  bool stopping_ = false;
  std::atomic<log::Lsn> durable_{0};
  std::atomic<bool> ready_{false};
  mutable std::mutex counters_mutex_;
  ShardCounters counters_;
  std::thread thread_;
};

}  // namespace assent::coordinator
