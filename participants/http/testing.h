// SPDX-License-Identifier: Apache-2.0
// For tests: drives the adapter with calls and waits for completions.
//
// Every wait ends after 20 s with a test failure.
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "participants/http/partners.h"

namespace assent::http {

class Completions final : public tcc::CompletionSink {
 public:
  void OnCompletion(tcc::Completion completion) override {
    std::lock_guard lock(mutex_);
    const uint64_t call = completion.call;
    ++counts_[call];
    last_[call] = std::move(completion);
    changed_.notify_all();
  }
  tcc::Completion Wait(uint64_t call) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(
        changed_.wait_for(lock, std::chrono::seconds(20), [&] { return counts_.count(call) > 0; }))
        << "no completion of call " << call;
    return last_[call];
  }
  int Count(uint64_t call) {
    std::lock_guard lock(mutex_);
    const auto found = counts_.find(call);
    return found == counts_.end() ? 0 : found->second;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<uint64_t, int> counts_;
  std::map<uint64_t, tcc::Completion> last_;
};

class Adapter {
 public:
  explicit Adapter(HttpOptions options = {}) {
    auto made = MakePartners(std::move(options));
    EXPECT_TRUE(made) << made.error().message;
    partners_ = std::move(*made);
    partners_->Start(completions_);
  }
  ~Adapter() { partners_->Stop(); }

  tcc::Call Make(tcc::Operation operation, const std::string& url) {
    tcc::Call call;
    call.call = ++calls_;
    call.operation = operation;
    call.key = {core::Gtrid::Make("12345678", 1, "abc", call.call), "voucher"};
    call.gid = "coupon";
    call.urls = std::make_shared<tcc::Urls>(tcc::Urls::FromBase(url));
    call.payload = std::make_shared<tcc::Payload>(tcc::Payload{"application/json", "{\"user\":7}"});
    call.time_left = std::chrono::seconds(30);
    call.deadline = SystemClock().Wall() + call.time_left;
    call.horizon = SystemClock().Wall();
    return call;
  }
  // Sends without waiting.
  uint64_t Start(tcc::Call call) {
    const uint64_t number = call.call;
    partners_->Submit(std::move(call));
    return number;
  }
  uint64_t Start(tcc::Operation operation, const std::string& url) {
    return Start(Make(operation, url));
  }
  tcc::Completion Ask(tcc::Operation operation, const std::string& url) {
    return completions_.Wait(Start(operation, url));
  }
  tcc::Completion Try(const std::string& url) { return Ask(tcc::Operation::kTry, url); }
  tcc::EndpointStatus StatusOf(const std::string& name) {
    for (const auto& status : partners_->Status()) {
      if (status.name == name) return status;
    }
    return {};
  }

  tcc::Partners& partners() { return *partners_; }
  Completions& completions() { return completions_; }

 private:
  Completions completions_;
  std::unique_ptr<tcc::Partners> partners_;
  uint64_t calls_ = 0;
};

}  // namespace assent::http
