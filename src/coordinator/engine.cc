#include "coordinator/engine.h"

#include <chrono>

#include "base/check.h"
#include "base/event_log.h"
#include "coordinator/view.h"

namespace assent::coordinator {

class Engine::Journal final : public LogPort {
 public:
  explicit Journal(log::DecisionLog& log) : log_(log) {}
  log::Lsn Append(std::string payload, log::Urgency urgency) override {
    return log_.Append(std::move(payload), urgency);
  }
  void Release(const std::vector<log::Lsn>& lsns) override {
    if (!lsns.empty()) log_.Release(lsns);
  }
  uint64_t RoomBytes() const override { return log_.RoomBytes(); }

 private:
  log::DecisionLog& log_;
};

Engine::Engine(const EngineOptions& options, std::vector<xa::ResourceManager*> resources,
               const Clock& clock, Random& random, Fatal fatal)
    : options_(options),
      managers_(std::move(resources)),
      resources_([this] {
        std::map<std::string, xa::ResourceManager*> by_name;
        for (xa::ResourceManager* manager : managers_) by_name[manager->name()] = manager;
        return by_name;
      }()),
      clock_(clock),
      random_(random),
      fatal_(std::move(fatal)),
      validator_(options_, resources_) {}

Engine::~Engine() { Stop(); }

void Engine::Start(log::DecisionLog& log, Restored restored) {
  CHECK(!shard_) << "the engine is started twice";
  log_ = std::make_unique<Journal>(log);
  ShardContext context;
  context.options = options_;
  context.clock = &clock_;
  context.random = &random_;
  context.log = log_.get();
  context.identity = log.identity();
  context.resources = resources_;
  context.fatal = fatal_;
  shard_ = std::make_unique<Shard>(std::move(context));
  for (xa::ResourceManager* manager : managers_) manager->Start(*this);
  thread_ = std::thread([this, restored = std::make_shared<Restored>(std::move(restored))] {
    shard_->Restore(std::move(*restored));
    ready_.store(true, std::memory_order_release);
    Run();
  });
}

void Engine::Stop() {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    stopping_ = true;
    wake_.notify_one();
  }
  ready_.store(false, std::memory_order_release);
  if (thread_.joinable()) thread_.join();
  for (xa::ResourceManager* manager : managers_) manager->Stop();
}

template <typename F>
void Engine::Enqueue(F&& add) {
  {
    const std::lock_guard lock(mutex_);
    add(queued_);
    if (!sleeping_) return;
    sleeping_ = false;
  }
  wake_.notify_one();  // without the lock: who wakes up needs it at once
}

void Engine::Post(std::function<void(Shard&)> task) {
  Enqueue([&](Inputs& inputs) { inputs.tasks.push_back(std::move(task)); });
}

void Engine::Submit(Request request, Reply reply) {
  if (!Ready()) {
    Answer answer =
        AnswerProblem(503, "busy", "Not ready", "the coordinator starts or stops: try again");
    answer.retry_after_s = 1;
    reply(std::move(answer));
    return;
  }
  if (auto problem = validator_.Check(request)) {
    reply(std::move(*problem));
    return;
  }
  if (request.route == Route::kInstall) {
    const std::string name = request.gid;
    resources_.at(name)->Install([name, reply = std::move(reply)](Result<std::string> done) {
      if (!done) {
        reply(AnswerProblem(500, "resource", "Witness table not installed", done.error().message,
                            "name"));
        return;
      }
      v1::ResourceView view;
      view.set_name(name);
      view.set_witness(true);
      view.set_detail(*done);
      reply(Answer{200, 0, std::move(view)});
    });
    return;
  }
  Enqueue(
      [&](Inputs& inputs) { inputs.requests.emplace_back(std::move(request), std::move(reply)); });
}

void Engine::OnCompletion(xa::Completion completion) {
  Enqueue([&](Inputs& inputs) { inputs.completions.push_back(std::move(completion)); });
}

void Engine::OnHealth(const std::string& resource, xa::Health health) {
  Post([resource, health](Shard& shard) { shard.OnHealth(resource, health); });
}

void Engine::OnDurable(log::Lsn up_to) {
  durable_.store(up_to, std::memory_order_release);
  Enqueue([](Inputs&) {});
}

void Engine::OnFailure(const Error& error) { fatal_(FatalReason::kLogFailed, error.message); }

void Engine::OnPressure(log::Lsn below) {
  Post([below](Shard& shard) { shard.OnPressure(below); });
}

ShardCounters Engine::Counters() const {
  const std::lock_guard lock(counters_mutex_);
  return counters_;
}

void Engine::Handle(Inputs& inputs) {
  for (xa::Completion& completion : inputs.completions) {
    shard_->OnCompletion(std::move(completion));
  }
  for (auto& [request, reply] : inputs.requests) {
    shard_->OnRequest(std::move(request), std::move(reply));
  }
  for (auto& task : inputs.tasks) task(*shard_);
  inputs.clear();
}

void Engine::Run() {
  Inputs taken;
  log::Lsn seen = 0;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      while (queued_.empty() && !stopping_ && durable_.load(std::memory_order_acquire) == seen) {
        const Duration left = shard_->NextTimer() - clock_.Now();
        if (left <= Duration::zero()) break;
        sleeping_ = true;
        wake_.wait_for(lock, std::min<Duration>(left, std::chrono::seconds(1)));
        sleeping_ = false;
      }
      if (stopping_) return;
      std::swap(taken, queued_);
    }
    const log::Lsn durable = durable_.load(std::memory_order_acquire);
    if (durable != seen) {
      seen = durable;
      shard_->OnDurable(durable);
    }
    Handle(taken);
    shard_->RunTimers();
    const std::lock_guard lock(counters_mutex_);
    counters_ = shard_->counters();
  }
}

}  // namespace assent::coordinator
