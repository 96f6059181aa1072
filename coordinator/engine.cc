// SPDX-License-Identifier: Apache-2.0
#include "coordinator/engine.h"

#include "base/check.h"
#include "base/event_log.h"
#include "coordinator/view.h"

namespace assent::coordinator {
namespace {

using By = Combiner::By;

// The flusher's thread continues the work of so few records itself; with more waiting, the engine's
// thread does, so that the flusher can write the next batch.
constexpr size_t kFewRecords = 4;

}  // namespace

class Engine::Journal final : public LogPort {
 public:
  explicit Journal(log::DecisionLog& log) : log_(log) {}
  log::Lsn Append(std::string payload, log::Urgency urgency) override {
    return log_.Append(std::move(payload), urgency);
  }
  void Release(const std::vector<log::Lsn>& lsns) override {
    if (!lsns.empty()) log_.Release(lsns);
  }
  uint64_t FreeBytes() const override { return log_.FreeBytes(); }
  void Want(uint64_t bytes) override { log_.Want(bytes); }
  std::string Obstacle() const override { return log_.Obstacle(); }

 private:
  log::DecisionLog& log_;
};

Engine::Engine(const EngineOptions& options, std::vector<xa::ResourceManager*> resources,
               tcc::Partners* partners, const Clock& clock, Random& random, Fatal fatal)
    : options_(options),
      managers_(std::move(resources)),
      resources_([this] {
        Resources by_name;
        for (xa::ResourceManager* manager : managers_) by_name[manager->name()] = manager;
        return by_name;
      }()),
      partners_(partners),
      clock_(clock),
      random_(random),
      fatal_(std::move(fatal)),
      validator_(options_, resources_, partners_, &branches_),
      combiner_(*this, clock_) {}

Engine::~Engine() { Stop(); }

void Engine::Start(log::DecisionLog& log, Restored restored, std::string url) {
  CHECK(!shard_) << "the engine is started twice";
  log_ = std::make_unique<Journal>(log);
  ShardContext context;
  context.options = options_;
  context.clock = &clock_;
  context.random = &random_;
  context.log = log_.get();
  context.identity = log.identity();
  context.resources = resources_;
  context.branches = &branches_;
  context.partners = partners_;
  context.coordinator_url = std::move(url);
  context.await_first_scans = await_first_scans_;
  context.fatal = fatal_;
  shard_ = std::make_unique<Shard>(std::move(context));
  for (xa::ResourceManager* manager : managers_) manager->Start(*this);
  if (partners_ != nullptr) partners_->Start(*this);
  combiner_.Start([this, restored = std::make_shared<Restored>(std::move(restored))] {
    shard_->Restore(std::move(*restored));
    ready_.store(true, std::memory_order_release);
  });
}

void Engine::Stop() {
  ready_.store(false, std::memory_order_release);
  if (!combiner_.Stop()) return;
  for (xa::ResourceManager* manager : managers_) manager->Stop();
  if (partners_ != nullptr) partners_->Stop();
}

template <typename F>
void Engine::Enqueue(By by, F&& add) {
  combiner_.Publish([&] {
    add(queued_);
    return by;
  });
}

void Engine::Post(std::function<void(Shard&)> task) {
  Enqueue(By::kOwner, [&](Inputs& inputs) { inputs.tasks.push_back(std::move(task)); });
}

void Engine::Submit(Request request, Reply reply) {
  if (!Ready()) {
    Answer answer = AnswerProblem(503, "busy", "Not ready",
                                  "the coordinator is starting or stopping: try again");
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
    if (request.print) {
      v1::ResourceView view;
      view.set_name(name);
      view.set_detail(resources_.at(name)->InstallText());
      reply(Answer{200, 0, std::move(view)});
      return;
    }
    resources_.at(name)->Install([name, reply = std::move(reply)](Result<std::string> done) {
      if (!done) {
        reply(AnswerProblem(500, "resource", "Table not installed", done.error().message, "name"));
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
  if (request.route == Route::kCheck) {
    Post([resource = resources_.at(request.gid), reply = std::move(reply)](Shard& shard) {
      resource->Examine({shard.TakeGtrid(), 1},
                        [name = resource->name(), reply](std::vector<xa::Finding> findings) {
                          reply(AnswerFindings(name, findings));
                        });
    });
    return;
  }
  Enqueue(By::kCaller, [&](Inputs& inputs) {
    inputs.requests.emplace_back(std::move(request), std::move(reply));
  });
}

void Engine::EndWait(const std::string& gid, uint64_t ticket) {
  Post([gid, ticket](Shard& shard) { shard.EndWait(gid, ticket); });
}

void Engine::OnCompletion(xa::Completion completion) {
  Enqueue(By::kCaller,
          [&](Inputs& inputs) { inputs.completions.push_back(std::move(completion)); });
}

void Engine::OnCompletion(tcc::Completion completion) {
  Enqueue(By::kCaller, [&](Inputs& inputs) { inputs.answers.push_back(std::move(completion)); });
}

void Engine::OnHealth(const std::string& resource, xa::Health health) {
  Post([resource, health](Shard& shard) { shard.OnHealth(resource, health); });
}

void Engine::OnDurable(log::Lsn up_to) {
  combiner_.Publish([&] {
    durable_ = up_to;
    return wait_for_disk_ > kFewRecords ? By::kOwner : By::kCaller;
  });
}

void Engine::OnFailure(const Error& error) { fatal_(FatalReason::kLogFailed, error.message); }

void Engine::OnPressure(log::Lsn below) {
  Post([below](Shard& shard) { shard.OnPressure(below); });
}

void Engine::OnSpace() {
  Post([](Shard& shard) { shard.OnSpace(); });
}

ShardCounters Engine::Counters() const {
  return combiner_.Locked([&] { return counters_; });
}

bool Engine::Collect() {
  working_durable_ = durable_ != seen_durable_ ? durable_ : 0;
  seen_durable_ = durable_;
  if (queued_.empty()) return working_durable_ != 0;
  std::swap(working_, queued_);
  return true;
}

void Engine::Apply(By by) {
  if (working_durable_ != 0) shard_->OnDurable(working_durable_);
  for (xa::Completion& completion : working_.completions) {
    shard_->OnCompletion(std::move(completion));
  }
  for (tcc::Completion& answer : working_.answers) shard_->OnCompletion(std::move(answer));
  for (auto& [request, reply] : working_.requests) {
    shard_->OnRequest(std::move(request), std::move(reply));
  }
  for (auto& task : working_.tasks) task(*shard_);
  working_.clear();
  if (by == By::kOwner) shard_->RunTimers();
}

Monotonic Engine::Applied() {
  wait_for_disk_ = shard_->records_waiting();
  counters_ = shard_->counters();
  return shard_->NextTimer();
}

}  // namespace assent::coordinator
