// SPDX-License-Identifier: Apache-2.0
// The client against the real HTTP server, with a fake engine that has canned answers.
#include "client/client.h"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "client/testing.h"
#include "coordinator/requests.h"
#include "server/front.h"

namespace assent::client {
namespace {

using coordinator::Request;
using coordinator::Route;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr const char* kGtrid = "0123456789abcdef0123456789abcdef01234567";

class CannedEngine : public coordinator::Front {
 public:
  void Submit(Request request, coordinator::Reply reply) override {
    std::lock_guard lock(mutex_);
    last_ = std::move(request);
    ++count;
    if (silent) {
      kept_.push_back(std::move(reply));
      return;
    }
    switch (last_.route) {
      case Route::kRun: {
        v1::RunResponse response;
        response.add_results()->set_affected(3);
        return reply({200, 0, response});
      }
      case Route::kList: {
        v1::ListResponse list;
        list.add_transactions()->set_gid(std::get<coordinator::ListQuery>(last_.body).resource);
        return reply({200, 0, list});
      }
      case Route::kResources: {
        v1::ResourcesResponse resources;
        resources.add_resources()->set_name("pc_game");
        return reply({200, 0, resources});
      }
      case Route::kInstall: {
        v1::ResourceView view;
        view.set_name(last_.gid);
        return reply({200, 0, view});
      }
      case Route::kExecute: {
        v1::Problem problem;
        problem.set_type("urn:assent:rolled-back");
        problem.set_status(409);
        problem.set_outcome(v1::ROLLED_BACK);
        return reply({409, 2, problem});
      }
      default: {
        v1::Transaction transaction;
        transaction.set_gid(last_.gid);
        transaction.set_outcome(v1::COMMITTED);
        return reply({200, 0, transaction});
      }
    }
  }
  void EndWait(const std::string&, uint64_t) override {}
  bool Ready() const override { return true; }
  Request last() {
    std::lock_guard lock(mutex_);
    return last_;
  }

  std::atomic<bool> silent = false;
  std::atomic<int> count = 0;

 private:
  std::mutex mutex_;
  Request last_;
  std::vector<coordinator::Reply> kept_;
};

std::unique_ptr<server::ApiServer> Start(CannedEngine& engine, server::HttpOptions options = {}) {
  auto server = server::Serve(options, engine);
  EXPECT_TRUE(server) << server.error().message;
  return std::move(*server);
}

std::string UrlOf(const server::ApiServer& server) {
  return "http://127.0.0.1:" + std::to_string(server.port());
}

class ClientTest : public testing::Test {
 protected:
  ClientTest()
      : server_(Start(engine_, {.port = 0, .drain_timeout = milliseconds(10)})),
        client_(*Connection::To(UrlOf(*server_))) {}

  CannedEngine engine_;
  std::unique_ptr<server::ApiServer> server_;
  Client client_;
};

TEST_F(ClientTest, CallsEachRoute) {
  EXPECT_TRUE(client_.Begin({}));
  EXPECT_EQ(engine_.last().route, Route::kBegin);

  v1::Branch branch;
  branch.set_name("b");
  const auto enlisted = client_.Enlist("g", kGtrid, branch);
  ASSERT_TRUE(enlisted) << enlisted.error().message;
  EXPECT_EQ(enlisted->message.gid(), "g");
  EXPECT_EQ(engine_.last().transaction, kGtrid);
  EXPECT_EQ(std::get<v1::Branch>(engine_.last().body).name(), "b");

  v1::RunRequest run;
  run.set_seq(1);
  const auto ran = client_.Run("g", kGtrid, "b", run);
  ASSERT_TRUE(ran);
  EXPECT_EQ(ran->message.results(0).affected(), 3u);
  EXPECT_EQ(engine_.last().branch, "b");

  const auto committed = client_.Commit("g", kGtrid, {.wait = "1s"});
  ASSERT_TRUE(committed);
  EXPECT_EQ(OutcomeOf(*committed), v1::COMMITTED);
  EXPECT_EQ(engine_.last().wait, Duration(seconds(1)));

  v1::RollbackRequest why;
  why.set_reason("changed my mind");
  EXPECT_TRUE(client_.Rollback("g", "", why));
  EXPECT_EQ(std::get<v1::RollbackRequest>(engine_.last().body).reason(), "changed my mind");

  EXPECT_TRUE(client_.Get("g"));
  EXPECT_EQ(engine_.last().route, Route::kGet);
  EXPECT_EQ(client_.List({.resource = "a b&c"})->message.transactions(0).gid(), "a b&c");
  EXPECT_EQ(client_.Resources()->message.resources(0).name(), "pc_game");
  EXPECT_EQ(client_.Install("pc_game")->message.name(), "pc_game");
}

TEST_F(ClientTest, ReturnsProblems) {
  v1::ExecuteRequest request;
  request.set_gid("g");
  const auto answer = client_.Execute(request);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 409);
  ASSERT_TRUE(answer->problem);
  EXPECT_EQ(answer->problem->type(), "urn:assent:rolled-back");
  EXPECT_EQ(answer->retry_after_s, 2u);
  EXPECT_EQ(OutcomeOf(*answer), v1::ROLLED_BACK);

  const auto refused = client_.Get("no/gid");
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->problem->field(), "gid");
}

TEST_F(ClientTest, ReturnsErrorsOfTheHttpLayer) {
  v1::ExecuteRequest request;
  request.set_deadline(std::string(2 << 20, 'x'));
  const auto answer = client_.Execute(request);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 413);
  ASSERT_TRUE(answer->problem);
  EXPECT_NE(answer->problem->detail().find("body-too-large"), std::string::npos);
  EXPECT_TRUE(client_.Get("g"));  // on a new connection
}

TEST_F(ClientTest, ReportsUnknownOnATimeout) {
  engine_.silent = true;
  const auto answer = client_.Get("g", "", {.timeout = milliseconds(30)});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kTimeout);
  EXPECT_NE(answer.error().message.find("not known"), std::string::npos);
  EXPECT_EQ(engine_.count, 1);
  engine_.silent = false;
  EXPECT_TRUE(client_.Get("g"));  // the late answer to the first request is not mistaken for this
}

TEST_F(ClientTest, ReportsUnknownIfTheServerStops) {
  engine_.silent = true;
  std::thread stopper([&] {
    const auto until = std::chrono::steady_clock::now() + seconds(10);
    while (engine_.count == 0 && std::chrono::steady_clock::now() < until)
      std::this_thread::yield();
    server_->Stop();
  });
  const auto answer = client_.Get("g");
  stopper.join();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kTimeout);
}

TEST_F(ClientTest, ReportsUnavailableIfNothingListens) {
  const std::string url = UrlOf(*server_);
  server_->Stop();
  server_.reset();
  Client client(*Connection::To(url));
  const auto answer = client.Get("g");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(answer.error().message.find(url.substr(7)), std::string::npos);
}

TEST(Client, ReconnectsAfterTheServerClosed) {
  CannedEngine engine;
  auto server = Start(engine, {.port = 0});
  const uint16_t port = server->port();
  Client client(*Connection::To(UrlOf(*server)));
  ASSERT_TRUE(client.Get("g"));
  server.reset();
  server = Start(engine, {.port = port});
  const auto answer = client.Get("g");
  ASSERT_TRUE(answer) << answer.error().message;
}

TEST(Connection, ReadsAnAnswerThatComesInPieces) {
  const CannedServer server({"HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-",
                             "Length: 6\r\n\r\nab", "cd", "ef"});
  auto connection = Connection::To(server.url());
  const auto answer = connection->Send("GET", "/", {}, "", std::chrono::seconds(10));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, "abcdef");
}

TEST(Connection, ReadsAnAnswerAfterInterimResponses) {
  const CannedServer server(
      {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n"
       "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"});
  auto connection = Connection::To(server.url());
  const auto answer = connection->Send("GET", "/", {}, "", std::chrono::seconds(10));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, "ok");
}

TEST(Connection, ReadsAStatusLineWithoutTheSpaceAfterItsCode) {
  const CannedServer server({"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\no", "k"});
  auto connection = Connection::To(server.url());
  const auto answer = connection->Send("GET", "/", {}, "", std::chrono::seconds(10));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "ok");
}

TEST(Connection, ReadsUrls) {
  EXPECT_EQ(Connection::To("http://127.0.0.1:7430")->server(), "127.0.0.1:7430");
  EXPECT_EQ(Connection::To("http://[::1]:7430/")->server(), "[::1]:7430");
  EXPECT_EQ(Connection::To("http://coordinator")->server(), "coordinator");
  EXPECT_EQ(Connection::To("localhost:7430")->server(), "localhost:7430");
  EXPECT_EQ(Connection::To("[::1]:7430")->server(), "[::1]:7430");
  for (const char* url :
       {"", "coordinator", "localhost:", "localhost:7430/path", "ftp://x", "http://",
        "http://x:", "http://x:0", "http://x:70000", "http://x:1x", "http://x/path", "http://u@x",
        "http://[::1", "https://x", "http://a\r\nb"}) {
    const auto connection = Connection::To(url);
    ASSERT_FALSE(connection) << url;
    EXPECT_EQ(connection.error().code, ErrorCode::kInvalid);
  }
}

}  // namespace
}  // namespace assent::client
