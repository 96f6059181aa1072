// SPDX-License-Identifier: Apache-2.0
// For tests: drives a resource manager as the engine does, and waits for its answers.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/random.h"
#include "xa/port.h"

namespace assent::sql {

// An XID that no other test of this process has used.
inline xa::Xid NewXid(uint32_t branch = 1) {
  static std::atomic<uint64_t> sequence{1};
  static const std::string nonce = SystemRandom().Bytes(3);
  return {core::Gtrid::Make("ASNTTEST", 1, nonce, sequence++), branch};
}

class TestSink : public xa::CompletionSink {
 public:
  void OnCompletion(xa::Completion completion) override {
    const std::lock_guard lock(mutex_);
    order_.push_back(completion.call);
    completions_[completion.call].push_back(std::move(completion));
    changed_.notify_all();
  }
  void OnHealth(const std::string&, xa::Health health) override {
    const std::lock_guard lock(mutex_);
    health_.push_back(health);
    changed_.notify_all();
  }

  // The answer to `call`; nothing if there is none in time.
  std::optional<xa::Completion> Wait(uint64_t call, std::chrono::seconds deadline) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, deadline, [&] { return completions_.contains(call); })) return {};
    return completions_[call].front();
  }
  bool Answered(uint64_t call) {
    const std::lock_guard lock(mutex_);
    return completions_.contains(call);
  }
  size_t Answers(uint64_t call) {
    const std::lock_guard lock(mutex_);
    return completions_.contains(call) ? completions_[call].size() : 0;
  }
  bool WaitHealth(xa::Health health, std::chrono::seconds deadline = std::chrono::seconds(30)) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, deadline,
                             [&] { return !health_.empty() && health_.back() == health; });
  }
  // The calls that were answered, in the order of their completions.
  std::vector<uint64_t> Order() {
    const std::lock_guard lock(mutex_);
    return order_;
  }
  std::vector<xa::Health> Changes() {
    const std::lock_guard lock(mutex_);
    return health_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<uint64_t, std::vector<xa::Completion>> completions_;
  std::vector<uint64_t> order_;
  std::vector<xa::Health> health_;
};

class TestDriver {
 public:
  explicit TestDriver(std::unique_ptr<xa::ResourceManager> rm) : rm_(std::move(rm)) {
    rm_->Start(sink_);
  }
  ~TestDriver() { rm_->Stop(); }

  xa::ResourceManager& rm() { return *rm_; }
  TestSink& sink() { return sink_; }

  uint64_t Submit(xa::Call call) {
    call.call = ++calls_;
    const uint64_t number = call.call;
    rm_->Submit(std::move(call));
    return number;
  }
  // Numbers the calls in order and submits them as one flight.
  std::vector<uint64_t> SubmitFlight(std::vector<xa::Call> calls) {
    std::vector<uint64_t> numbers;
    for (xa::Call& call : calls) numbers.push_back(call.call = ++calls_);
    rm_->Submit(xa::Flight(std::move(calls)));
    return numbers;
  }
  xa::Completion Wait(uint64_t call, std::chrono::seconds deadline = std::chrono::seconds(60)) {
    std::optional<xa::Completion> done = sink_.Wait(call, deadline);
    CHECK(done.has_value()) << "no answer to call " << call;
    return std::move(*done);
  }
  static xa::Call CallOf(core::Operation operation, const xa::Xid& xid,
                         xa::BranchOptions options = {}) {
    xa::Call call;
    call.operation = operation;
    call.xid = xid;
    call.options = options;
    call.prepare_sent = true;
    return call;
  }
  static xa::Call RunOf(const xa::Xid& xid, std::vector<xa::Statement> statements) {
    xa::Call call;
    call.operation = core::Operation::kRun;
    call.xid = xid;
    call.statements = std::make_shared<const std::vector<xa::Statement>>(std::move(statements));
    return call;
  }
  uint64_t Post(core::Operation operation, const xa::Xid& xid, xa::BranchOptions options = {}) {
    return Submit(CallOf(operation, xid, options));
  }
  xa::Completion Do(core::Operation operation, const xa::Xid& xid, xa::BranchOptions options = {}) {
    return Wait(Post(operation, xid, options));
  }
  uint64_t PostRun(const xa::Xid& xid, std::vector<xa::Statement> statements) {
    return Submit(RunOf(xid, std::move(statements)));
  }
  xa::Completion Run(const xa::Xid& xid, const std::string& sql, std::vector<xa::Value> values = {},
                     std::optional<uint64_t> expect_rows = {}) {
    return Wait(PostRun(xid, {{sql, std::move(values), expect_rows}}));
  }
  // For a branch that was never asked to prepare.
  xa::Completion RollBackActive(const xa::Xid& xid) {
    xa::Call call;
    call.operation = core::Operation::kRollBack;
    call.xid = xid;
    return Wait(Submit(std::move(call)));
  }
  xa::Completion Find(const xa::Xid& xid, bool settle) {
    xa::Call call;
    call.operation = core::Operation::kFind;
    call.xid = xid;
    call.settle = settle;
    call.prepared_by = Scan().stamp;
    return Wait(Submit(std::move(call)));
  }
  xa::ScanResult Scan(const core::Gtrid& own = {}) {
    std::mutex mutex;
    std::condition_variable changed;
    std::optional<xa::ScanResult> result;
    rm_->Scan(own, [&](xa::ScanResult scanned) {
      const std::lock_guard lock(mutex);
      result = std::move(scanned);
      changed.notify_all();
    });
    std::unique_lock lock(mutex);
    CHECK(changed.wait_for(lock, std::chrono::seconds(60), [&] { return result.has_value(); }))
        << "the scan was not answered";
    return std::move(*result);
  }
  bool Lists(const xa::Xid& xid) {
    const xa::ScanResult scan = Scan();
    CHECK(scan.complete) << scan.error;
    for (const xa::Listed& listed : scan.listed) {
      if (listed.xid == xid) return true;
    }
    return false;
  }
  Result<std::string> Install() {
    std::mutex mutex;
    std::condition_variable changed;
    std::optional<Result<std::string>> result;
    rm_->Install([&](Result<std::string> done) {
      const std::lock_guard lock(mutex);
      result.emplace(std::move(done));
      changed.notify_all();
    });
    std::unique_lock lock(mutex);
    CHECK(changed.wait_for(lock, std::chrono::seconds(60), [&] { return result.has_value(); }))
        << "the installation was not answered";
    return std::move(*result);
  }

 private:
  TestSink sink_;
  std::unique_ptr<xa::ResourceManager> rm_;
  std::atomic<uint64_t> calls_{0};
};

}  // namespace assent::sql
