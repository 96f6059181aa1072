// SPDX-License-Identifier: Apache-2.0
// The engine with threads around it: many bring input concurrently, and each is applied once.
#include "coordinator/engine.h"

#include <gtest/gtest.h>

#include <deque>
#include <future>

#include "base/random.h"
#include "log/directory.h"
#include "log/file_system.h"
#include "tests/support/temp.h"
#include "xa/flight.h"

namespace assent::coordinator {
namespace {

using core::Operation;

// Answers on a thread of its own, in the order of the calls; refuses each `refuse_every`th prepare.
class ThreadedResource final : public xa::ResourceManager {
 public:
  explicit ThreadedResource(std::string name) : name_(std::move(name)) {}
  ~ThreadedResource() override { Stop(); }

  const std::string& name() const override { return name_; }
  void Start(xa::CompletionSink& sink) override {
    sink_ = &sink;
    thread_ = std::thread([this] { Run(); });
  }
  void Stop() override {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
  }
  void Submit(xa::Flight flight) override {
    if (silent && flight.calls.front().operation == Operation::kPrepare) return;
    const std::lock_guard lock(mutex_);
    flights_.push_back(std::move(flight));
    wake_.notify_one();
  }
  void Cancel(const xa::Xid&) override {}
  void Scan(const core::Gtrid&, std::function<void(xa::ScanResult)>) override {}
  Result<std::shared_ptr<const xa::CheckedSql>> Check(const std::string&) const override {
    return std::shared_ptr<const xa::CheckedSql>();
  }
  xa::ResourceStatus Status() const override { return {}; }
  void PurgeWitness(std::vector<xa::Xid>) override {}
  void Install(std::function<void(Result<std::string>)>) override {}

  uint64_t refuse_every = 0;
  bool silent = false;  // to a prepare
  // By the thread, read after Stop.
  uint64_t commits = 0, roll_backs = 0, refused = 0;

 private:
  void Run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      wake_.wait(lock, [this] { return stop_ || !flights_.empty(); });
      if (flights_.empty()) return;
      const xa::Flight flight = std::move(flights_.front());
      flights_.pop_front();
      lock.unlock();
      xa::ExecuteInOrder(
          flight, [this](const xa::Call& call) { return Answer(call); },
          [this](xa::Completion completion) { sink_->OnCompletion(std::move(completion)); });
      lock.lock();
    }
  }
  xa::Completion Answer(const xa::Call& call) {
    xa::Completion completion;
    completion.call = call.call;
    completion.operation = call.operation;
    completion.xid = call.xid;
    if (call.operation == Operation::kCommit) ++commits;
    if (call.operation == Operation::kRollBack) ++roll_backs;
    if (call.operation == Operation::kPrepare && refuse_every != 0 &&
        ++prepares_ % refuse_every == 0) {
      completion.code = xa::Code::kRbIntegrity;
      ++refused;
    }
    return completion;
  }

  const std::string name_;
  xa::CompletionSink* sink_ = nullptr;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<xa::Flight> flights_;
  uint64_t prepares_ = 0;
  bool stop_ = false;
  std::thread thread_;
};

class EngineTest : public testing::Test {
 protected:
  void Start() {
    log::Options options;
    options.directory = directory_.File("log");
    options.ballast_bytes = 0;
    auto recovered = log::Open(log::PosixFileSystem(), options);
    ASSERT_TRUE(recovered) << recovered.error().message;
    auto log = log::DecisionLog::Start(log::PosixFileSystem(), std::move(*recovered), {},
                                       SystemRandom(), engine_);
    ASSERT_TRUE(log) << log.error().message;
    log_ = std::move(*log);
    engine_.Start(*log_, {});
    ASSERT_TRUE(test::Eventually(std::chrono::seconds(30), [&] { return engine_.Ready(); }));
  }
  void TearDown() override {
    engine_.Stop();
    if (log_) log_->Stop();
  }

  std::future<int> Execute(const std::string& gid, const std::string& deadline = "") {
    Request request;
    request.route = Route::kExecute;
    v1::ExecuteRequest body;
    if (!gid.empty()) body.set_gid(gid);
    if (!deadline.empty()) body.set_deadline(deadline);
    for (const char* name : {"a", "b"}) {
      v1::Branch* branch = body.mutable_atomic()->add_branches();
      branch->set_name(name);
      branch->mutable_xa()->set_resource(name);
      branch->mutable_xa()->add_statements()->set_sql("UPDATE t SET a = 1");
    }
    request.body = std::move(body);
    auto status = std::make_shared<std::promise<int>>();
    auto answered = status->get_future();
    engine_.Submit(std::move(request), [status = std::move(status)](const Answer& answer) {
      status->set_value(answer.status);
    });
    return answered;
  }

  // Each client executes one transaction after the other.
  void RunClients(int clients, int transactions) {
    std::vector<std::thread> threads;
    for (int client = 0; client < clients; ++client) {
      threads.emplace_back([this, client, transactions] {
        for (int i = 0; i < transactions; ++i) {
          const int status = Execute("c" + std::to_string(client) + "-" + std::to_string(i)).get();
          (status == 200 ? committed_ : refused_).fetch_add(1);
          EXPECT_TRUE(status == 200 || status == 409) << status;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }

  test::TempDirectory directory_;
  ThreadedResource a_{"a"}, b_{"b"};
  Engine engine_{EngineOptions(), {&a_, &b_},
                 nullptr,         SystemClock(),
                 SystemRandom(),  [](FatalReason, const std::string& why) { FAIL() << why; }};
  std::unique_ptr<log::DecisionLog> log_;
  std::atomic<uint64_t> committed_{0}, refused_{0};
};

TEST_F(EngineTest, EveryRequestIsAnsweredOnceAndEveryBranchEndsAsDecided) {
  constexpr uint64_t kClients = 16;
  constexpr uint64_t kEach = 100;
  b_.refuse_every = 7;
  ASSERT_NO_FATAL_FAILURE(Start());
  RunClients(kClients, kEach);
  EXPECT_EQ(committed_ + refused_, kClients * kEach);
  EXPECT_TRUE(
      test::Eventually(std::chrono::seconds(10), [&] { return engine_.Counters().open == 0; }));
  const ShardCounters counters = engine_.Counters();
  EXPECT_EQ(counters.committed, committed_);
  EXPECT_EQ(counters.rolled_back, refused_);
  engine_.Stop();
  EXPECT_EQ(b_.refused, refused_);
  EXPECT_EQ(a_.commits, committed_);
  EXPECT_EQ(b_.commits, committed_);
  EXPECT_EQ(a_.roll_backs, refused_);
}

// There is no further input: the timer is the engine's own.
TEST_F(EngineTest, ADeadlineFiresWithoutOtherInput) {
  b_.silent = true;
  ASSERT_NO_FATAL_FAILURE(Start());
  EXPECT_EQ(Execute("late", "50ms").get(), 409);
}

TEST_F(EngineTest, ADeadlineFiresWhileOthersKeepTheShardBusy) {
  ASSERT_NO_FATAL_FAILURE(Start());
  std::atomic<bool> stop{false};
  std::vector<std::thread> busy;
  for (int i = 0; i < 4; ++i) {
    busy.emplace_back([&, i] {
      for (int n = 0; !stop; ++n) {
        (void)Execute("busy" + std::to_string(i) + "-" + std::to_string(n)).get();
      }
    });
  }
  Request begin;
  begin.route = Route::kBegin;
  v1::BeginRequest body;
  body.set_gid("idle");
  body.set_deadline("50ms");
  begin.body = std::move(body);
  engine_.Submit(std::move(begin), [](const Answer& answer) { EXPECT_EQ(answer.status, 200); });
  EXPECT_TRUE(test::Eventually(std::chrono::seconds(10),
                               [&] { return engine_.Counters().rolled_back == 1; }));
  stop = true;
  for (std::thread& thread : busy) thread.join();
}

// A task runs on the engine's own thread, whichever thread has the turn.
TEST_F(EngineTest, ATaskIsRunByTheEnginesThreadWhileOthersKeepTheShardBusy) {
  ASSERT_NO_FATAL_FAILURE(Start());
  std::promise<std::thread::id> first;
  engine_.Post([&](Shard&) { first.set_value(std::this_thread::get_id()); });
  const std::thread::id own = first.get_future().get();
  EXPECT_NE(own, std::this_thread::get_id());
  std::thread clients([this] { RunClients(8, 50); });
  for (int i = 0; i < 50; ++i) {
    std::promise<std::thread::id> ran;
    engine_.Post([&](Shard&) { ran.set_value(std::this_thread::get_id()); });
    EXPECT_EQ(ran.get_future().get(), own);
  }
  clients.join();
}

TEST_F(EngineTest, StopEndsUnderLoad) {
  ASSERT_NO_FATAL_FAILURE(Start());
  std::vector<std::future<int>> answers;
  for (int i = 0; i < 500; ++i) answers.push_back(Execute("s" + std::to_string(i)));
  engine_.Stop();
  EXPECT_EQ(Execute("after").get(), 503);
}

}  // namespace
}  // namespace assent::coordinator
