// SPDX-License-Identifier: Apache-2.0
// For tests: the API over a real server, in front of a fake engine with canned answers.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "coordinator/requests.h"
#include "server/front.h"
#include "server/json/codec.h"
#include "server/testing.h"

namespace assent::server {

using coordinator::Answer;
using coordinator::Request;
using coordinator::Route;

inline constexpr const char* kGtrid = "0123456789abcdef0123456789abcdef01234567";
inline constexpr std::string_view kJson = "Content-Type: application/json\r\n";

// Remembers the last request, and answers on another thread, as the engine does.
class CannedEngine : public coordinator::Front {
 public:
  void Submit(Request request, coordinator::Reply reply) override {
    std::lock_guard lock(mutex_);
    last_ = std::move(request);
    ++count_;
    if (reply_thread_.joinable()) reply_thread_.join();
    reply_thread_ = std::thread([reply, answer = AnswerTo(last_)] { reply(answer); });
  }
  void EndWait(const std::string&, uint64_t) override {}
  bool Ready() const override { return ready; }
  ~CannedEngine() override {
    if (reply_thread_.joinable()) reply_thread_.join();
  }
  Request last() {
    std::lock_guard lock(mutex_);
    return last_;
  }
  int count() {
    std::lock_guard lock(mutex_);
    return count_;
  }

  std::atomic<bool> ready = true;

 private:
  static Answer AnswerTo(const Request& request) {
    if (request.gid == "unknown") {
      v1::Problem problem;
      problem.set_type("urn:assent:unknown-transaction");
      problem.set_status(404);
      problem.set_detail("no transaction \"unknown\"");
      return {404, 0, problem};
    }
    switch (request.route) {
      case Route::kExecute: {
        if (std::get<v1::ExecuteRequest>(request.body).gid() == "busy") {
          v1::Problem problem;
          problem.set_type("urn:assent:busy");
          problem.set_status(503);
          return {503, 3, problem};
        }
        v1::Transaction transaction;
        transaction.set_gid(std::get<v1::ExecuteRequest>(request.body).gid());
        transaction.set_transaction(kGtrid);
        transaction.set_kind(v1::ATOMIC);
        transaction.set_state(v1::Transaction::COMMITTED);
        transaction.set_outcome(v1::COMMITTED);
        return {200, 0, transaction};
      }
      case Route::kRun: {
        v1::RunResponse response;
        response.add_results()->set_affected(1);
        return {200, 0, response};
      }
      case Route::kList: return {200, 0, v1::ListResponse()};
      case Route::kResources: return {200, 0, v1::ResourcesResponse()};
      case Route::kInstall: {
        v1::ResourceView view;
        view.set_name(request.gid);
        return {200, 0, view};
      }
      default: {
        v1::Transaction transaction;
        transaction.set_gid(request.gid);
        transaction.set_state(v1::Transaction::ACTIVE);
        return {request.route == Route::kCommit ? 202 : 200, 0, transaction};
      }
    }
  }

  std::mutex mutex_;
  Request last_;
  int count_ = 0;
  std::thread reply_thread_;
};

class Api : public testing::Test {
 protected:
  Api() {
    HttpOptions options;
    options.port = 0;
    auto server = Serve(options, engine_);
    EXPECT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
    client_.emplace(server_->port());
  }

  RawAnswer Call(std::string_view method, std::string_view target, std::string_view body = "",
                 std::string_view headers = kJson) {
    client_->SendRequest(method, target, body, headers);
    return client_->Receive();
  }

  // Makes a call, and expects a problem without a request to the engine.
  v1::Problem Refused(int status, std::string_view method, std::string_view target,
                      std::string_view body = "", std::string_view headers = kJson) {
    const int before = engine_.count();
    const RawAnswer answer = Call(method, target, body, headers);
    EXPECT_EQ(answer.status, status) << method << " " << target << "\n" << answer.body;
    EXPECT_EQ(engine_.count(), before) << method << " " << target;
    EXPECT_NE(answer.head.find("Content-Type: application/problem+json\r\n"), std::string::npos);
    v1::Problem problem;
    EXPECT_TRUE(ParseJson(answer.body, &problem)) << answer.body;
    EXPECT_EQ(problem.status(), static_cast<uint32_t>(status));
    EXPECT_EQ(problem.type().substr(0, 11), "urn:assent:");
    return problem;
  }

  static std::string WithTransaction() {
    return std::string(kJson) + "Assent-Transaction: " + kGtrid + "\r\n";
  }

  CannedEngine engine_;
  std::unique_ptr<ApiServer> server_;
  std::optional<RawClient> client_;
};

}  // namespace assent::server
