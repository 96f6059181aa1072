// SPDX-License-Identifier: Apache-2.0
// The routes over a real server, in front of an engine that answers from a small table.
#include "server/front.h"
#include "server/loopback.h"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "coordinator/requests.h"
#include "server/json/codec.h"
#include "server/testing.h"

namespace assent::server {
namespace {

using coordinator::Answer;
using coordinator::Request;
using coordinator::Route;

constexpr const char* kGtrid = "0123456789abcdef0123456789abcdef01234567";
constexpr std::string_view kJson = "Content-Type: application/json\r\n";

// Remembers what it was asked; answers on a thread of its own, as the engine does.
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

  // Calls, and expects a problem that the engine did not see.
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

TEST_F(Api, ExecutesAndPrintsTheTransaction) {
  const RawAnswer answer = Call("POST", "/v1/transactions:execute?wait=1.5s",
                                R"({"gid": "g", "atomic": {"branches": [{"name": "a"}]}})");
  EXPECT_EQ(answer.status, 200);
  EXPECT_NE(answer.head.find("Content-Type: application/json\r\n"), std::string::npos);
  EXPECT_EQ(answer.body, std::string(R"({"gid":"g","transaction":")") + kGtrid +
                             R"(","kind":"ATOMIC","state":"COMMITTED","outcome":"COMMITTED"})");
  const Request request = engine_.last();
  EXPECT_EQ(request.route, Route::kExecute);
  EXPECT_EQ(request.wait, Duration(std::chrono::milliseconds(1500)));
  EXPECT_EQ(request.fingerprint.size(), 16u);
  EXPECT_EQ(std::get<v1::ExecuteRequest>(request.body).atomic().branches(0).name(), "a");
}

TEST_F(Api, HandsEachRouteToTheEngine) {
  struct Case {
    const char* method;
    const char* target;
    const char* body;
    Route route;
    const char* gid;
    const char* branch;
    int status;
  };
  const Case cases[] = {
      {"POST", "/v1/transactions", R"({"gid": "g"})", Route::kBegin, "", "", 200},
      {"POST", "/v1/transactions", "", Route::kBegin, "", "", 200},
      {"POST", "/v1/transactions/g-1/branches", R"({"name": "b"})", Route::kEnlist, "g-1", "", 200},
      {"POST", "/v1/transactions/g/branches/b.2:run", R"({"seq": 1})", Route::kRun, "g", "b.2",
       200},
      {"POST", "/v1/transactions/g:commit", "", Route::kCommit, "g", "", 202},
      {"POST", "/v1/transactions/g%3Acommit?wait=0s", "{}", Route::kCommit, "g", "", 202},
      {"POST", "/v1/transactions/g:rollback", "", Route::kRollBack, "g", "", 200},
      {"POST", "/v1/transactions/g:rollback", R"({"reason": "x"})", Route::kRollBack, "g", "", 200},
      {"GET", "/v1/transactions/g?wait=2s", "", Route::kGet, "g", "", 200},
      {"GET", "/v1/transactions/unknown", "", Route::kGet, "unknown", "", 404},
      {"GET", "/v1/transactions", "", Route::kList, "", "", 200},
      {"GET", "/v1/resources", "", Route::kResources, "", "", 200},
      {"POST", "/v1/resources/pc_game:install", "", Route::kInstall, "pc_game", "", 200},
  };
  for (const Case& c : cases) {
    const RawAnswer answer = Call(c.method, c.target, c.body, WithTransaction());
    EXPECT_EQ(answer.status, c.status) << c.method << " " << c.target << "\n" << answer.body;
    const Request request = engine_.last();
    EXPECT_EQ(request.route, c.route) << c.target;
    EXPECT_EQ(request.gid, c.gid) << c.target;
    EXPECT_EQ(request.branch, c.branch) << c.target;
    EXPECT_EQ(request.transaction, kGtrid) << c.target;
  }
}

TEST_F(Api, ReadsTheQueryOfAList) {
  const RawAnswer answer = Call("GET", std::string("/v1/transactions?state=ROLLED_BACK&resource=pc"
                                                   "%5Fgame&limit=7&live=true&before=") +
                                           kGtrid);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, R"({"transactions":[]})");
  const auto list = std::get<coordinator::ListQuery>(engine_.last().body);
  EXPECT_EQ(list.state, "ROLLED_BACK");
  EXPECT_EQ(list.resource, "pc_game");
  EXPECT_EQ(list.limit, 7u);
  EXPECT_EQ(list.before, kGtrid);
  EXPECT_TRUE(list.live);
  EXPECT_EQ(Call("GET", "/v1/transactions?live=false").status, 200);
  EXPECT_FALSE(std::get<coordinator::ListQuery>(engine_.last().body).live);
}

TEST_F(Api, NamesTheQueryParameterThatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {
      {"/v1/transactions?colour=red", "colour"},
      {"/v1/transactions?state=MIXED", "state"},
      {"/v1/transactions?state=", "state"},
      {"/v1/transactions?limit=0", "limit"},
      {"/v1/transactions?limit=1001", "limit"},
      {"/v1/transactions?limit=-1", "limit"},
      {"/v1/transactions?limit=1x", "limit"},
      {"/v1/transactions?limit=1&limit=2", "limit"},
      {"/v1/transactions?before=xyz", "before"},
      {"/v1/transactions?live=", "live"},
      {"/v1/transactions?live=1", "live"},
      {"/v1/transactions?wait=1s", "wait"},
      {"/v1/transactions/g?wait=5", "wait"},
      {"/v1/transactions/g?wait=-5s", "wait"},
      {"/v1/transactions/g?wait=25h", "wait"},
      {"/v1/transactions/g?wait=1s&x=1", "x"},
      {"/v1/transactions/g?state%20resource=", "state resource"},
      {"/v1/transactions?=x", ""},
      {"/healthz?verbose=1", "verbose"},
  };
  for (const auto& [target, field] : cases) {
    const v1::Problem problem = Refused(400, "GET", target);
    EXPECT_EQ(problem.type(), "urn:assent:invalid") << target;
    EXPECT_EQ(problem.field(), field) << target;
  }
}

TEST_F(Api, NamesTheFieldOfTheBodyThatIsWrong) {
  const auto fault = [&](std::string_view body) {
    return Refused(400, "POST", "/v1/transactions:execute", body).field();
  };
  EXPECT_EQ(fault(R"({"atomic": {"branches": [{"xa": {"statements": [{"sql": 1}]}}]}})"),
            "atomic.branches[0].xa.statements[0].sql");
  EXPECT_EQ(fault(R"({"saga": {}})"), "saga");
  EXPECT_EQ(fault(R"({"gid": "a", "gid": "b"})"), "gid");
  EXPECT_EQ(fault("{\"gid\": \"\xff\"}"), "gid");
  EXPECT_EQ(fault("{"), "");
  EXPECT_EQ(fault(""), "");
  EXPECT_EQ(
      Refused(400, "POST", "/v1/transactions/g:commit", R"({"x": 1})", WithTransaction()).field(),
      "x");
}

TEST_F(Api, RefusesNamesInThePathThatAreNone) {
  const std::string long_name(65, 'a');
  for (const std::string& gid : {std::string(".hidden"), std::string("a%20b"), std::string("a%2Fb"),
                                 std::string("%C3%A9"), std::string("a'b"), long_name}) {
    EXPECT_EQ(Refused(400, "GET", "/v1/transactions/" + gid).field(), "gid") << gid;
    EXPECT_EQ(Refused(400, "POST", "/v1/transactions/" + gid + ":rollback").field(), "gid") << gid;
    EXPECT_EQ(
        Refused(400, "POST", "/v1/transactions/g/branches/" + gid + ":run", "{}", WithTransaction())
            .field(),
        "branch")
        << gid;
    EXPECT_EQ(Refused(400, "POST", "/v1/resources/" + gid + ":install").field(), "resource") << gid;
  }
  // Nothing that is not UTF-8 goes into an answer, not even quoted.
  for (const char* target : {"/v1/transactions?%ff=1", "/v1/transactions?state=%ff",
                             "/v1/transactions/%ff", "/v1/%ff"}) {
    EXPECT_EQ(Refused(400, "GET", target).detail(), "the path or the query is not UTF-8") << target;
  }
  EXPECT_EQ(Refused(400, "GET", "/v1/transactions/a%2").detail(),
            "a percent sign is not followed by two digits");
  EXPECT_EQ(Refused(400, "GET", "/v1/transactions/").field(), "gid");
}

TEST_F(Api, InsistsOnTheTransactionWhereItMatters) {
  for (const char* target : {"/v1/transactions/g/branches", "/v1/transactions/g/branches/b:run",
                             "/v1/transactions/g:commit"}) {
    EXPECT_EQ(Refused(400, "POST", target, "{}").field(), "Assent-Transaction");
    EXPECT_EQ(
        Refused(400, "POST", target, "{}", std::string(kJson) + "Assent-Transaction: 0123\r\n")
            .field(),
        "Assent-Transaction");
    EXPECT_EQ(Refused(400, "POST", target, "{}",
                      WithTransaction() + "assent-transaction: " + std::string(40, '0') + "\r\n")
                  .detail(),
              "given twice");
  }
}

TEST_F(Api, AnswersUnknownPathsAndWrongMethods) {
  for (const char* target : {"/page", "/v1", "/v2/transactions", "/v1/transactions/g/branches/b",
                             "/v1/transactions/g:explode", "/v1/transactions/g/branches/b:run/x",
                             "/v1/transactions:begin", "/healthz/"}) {
    EXPECT_EQ(Refused(404, "GET", target).type(), "urn:assent:no-such-route") << target;
  }
  const auto allow = [&](std::string_view method, std::string_view target) {
    const RawAnswer answer = Call(method, target, "");
    EXPECT_EQ(answer.status, 405) << target;
    const size_t at = answer.head.find("\r\nAllow: ");
    if (at == std::string::npos) return std::string("none");
    return answer.head.substr(at + 9, answer.head.find("\r\n", at + 9) - at - 9);
  };
  EXPECT_EQ(allow("GET", "/v1/transactions:execute"), "POST");
  EXPECT_EQ(allow("PUT", "/v1/transactions"), "POST, GET, HEAD");
  EXPECT_EQ(allow("DELETE", "/v1/transactions/g"), "GET, HEAD");
  EXPECT_EQ(allow("GET", "/v1/transactions/g:commit"), "POST");
  EXPECT_EQ(allow("POST", "/healthz"), "GET, HEAD");
}

TEST_F(Api, RefusesContentOfAnotherType) {
  for (const char* headers : {"", "Content-Type: text/plain\r\n",
                              "Content-Type: application/x-www-form-urlencoded\r\n"}) {
    EXPECT_EQ(Refused(415, "POST", "/v1/transactions:execute", "{}", headers).type(),
              "urn:assent:unsupported-media-type");
  }
  EXPECT_EQ(
      Call("POST", "/v1/transactions", "{}", "Content-Type: Application/JSON; charset=utf-8\r\n")
          .status,
      200);
}

TEST_F(Api, RefusesABodyPastOneMebibyte) {
  const RawAnswer answer =
      Call("POST", "/v1/transactions:execute", std::string((1 << 20) + 1, ' '));
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(engine_.count(), 0);
}

TEST_F(Api, SpeaksProtobufBothWays) {
  v1::ExecuteRequest request;
  request.set_gid("g");
  request.mutable_atomic()->add_branches()->set_name("a");
  const std::string headers =
      "Content-Type: application/x-protobuf\r\nAccept: application/x-protobuf\r\n";
  const RawAnswer answer =
      Call("POST", "/v1/transactions:execute", request.SerializeAsString(), headers);
  EXPECT_EQ(answer.status, 200);
  EXPECT_NE(answer.head.find("Content-Type: application/x-protobuf\r\n"), std::string::npos);
  v1::Transaction transaction;
  ASSERT_TRUE(transaction.ParseFromString(answer.body));
  EXPECT_EQ(transaction.outcome(), v1::COMMITTED);
  const std::string fingerprint = engine_.last().fingerprint;

  // The same content as JSON is the same request.
  Call("POST", "/v1/transactions:execute",
       R"({"gid":"other","atomic":{"branches":[{"name":"a"}]}})");
  EXPECT_EQ(engine_.last().fingerprint, fingerprint);

  const RawAnswer refused = Call("POST", "/v1/transactions:execute", "\xff\xff", headers);
  EXPECT_EQ(refused.status, 400);
  EXPECT_NE(refused.head.find("Assent-Problem: 1\r\n"), std::string::npos);
  v1::Problem problem;
  ASSERT_TRUE(problem.ParseFromString(refused.body));
  EXPECT_EQ(problem.type(), "urn:assent:invalid");

  // Field 5 is reserved for sagas: not to be passed over in silence.
  const RawAnswer unknown =
      Call("POST", "/v1/transactions:execute", std::string("\x2a\x00", 2), headers);
  EXPECT_EQ(unknown.status, 400);
}

TEST_F(Api, WritesJsonToWhoeverAsksForIt) {
  v1::BeginRequest request;
  request.set_gid("g");
  const RawAnswer answer =
      Call("POST", "/v1/transactions", request.SerializeAsString(),
           "Content-Type: application/x-protobuf\r\nAccept: application/json\r\n");
  EXPECT_EQ(answer.body.substr(0, 1), "{");
  const RawAnswer same = Call("POST", "/v1/transactions", request.SerializeAsString(),
                              "Content-Type: application/x-protobuf\r\n");
  EXPECT_NE(same.head.find("application/x-protobuf"), std::string::npos);
}

TEST_F(Api, PassesTheEnginesProblemsOn) {
  const RawAnswer unknown = Call("GET", "/v1/transactions/unknown");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_NE(unknown.head.find("application/problem+json"), std::string::npos);
  EXPECT_EQ(unknown.body, R"({"type":"urn:assent:unknown-transaction","status":404,)"
                          R"("detail":"no transaction \"unknown\""})");
  const RawAnswer busy = Call("POST", "/v1/transactions:execute", R"({"gid": "busy"})");
  EXPECT_EQ(busy.status, 503);
  EXPECT_NE(busy.head.find("\r\nRetry-After: 3\r\n"), std::string::npos);
}

TEST_F(Api, SaysWhetherItIsWellAndReady) {
  EXPECT_EQ(Call("GET", "/healthz").status, 200);
  EXPECT_EQ(Call("GET", "/readyz").status, 200);
  engine_.ready = false;
  EXPECT_EQ(Call("GET", "/healthz").status, 200);
  EXPECT_EQ(Refused(503, "GET", "/readyz").type(), "urn:assent:busy");
}

TEST_F(Api, AnswersHeadWhereItAnswersGet) {
  for (const char* target : {"/healthz", "/readyz", "/v1/resources", "/v1/transactions/g", "/"}) {
    RawClient client(server_->port());
    client.Send(std::string("HEAD ") + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n" +
                "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    client.ShutDownSending();
    const RawAnswer head = client.ReceiveHead();
    EXPECT_EQ(head.status, 200) << target;
    EXPECT_NE(head.head.find("Content-Length: "), std::string::npos);
    EXPECT_EQ(client.Receive().body, "ok\n") << target;
  }
}

TEST_F(Api, JudgesTheHostOfAWholeUrl) {
  for (const auto& [target, status] : {std::pair("http://localhost:7430/healthz", 200),
                                       std::pair("http://evil.example/healthz", 403)}) {
    RawClient client(server_->port());
    client.Send(std::string("GET ") + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_EQ(client.Receive().status, status) << target;
  }
}

TEST_F(Api, RefusesPagesOfOtherOrigins) {
  EXPECT_EQ(
      Refused(403, "POST", "/v1/transactions/g:rollback", "", "Origin: http://evil.example\r\n")
          .type(),
      "urn:assent:forbidden");
  EXPECT_EQ(Refused(403, "POST", "/v1/transactions/g:rollback", "", "Origin: null\r\n").type(),
            "urn:assent:forbidden");
  EXPECT_EQ(Call("GET", "/v1/resources", "", "Origin: http://127.0.0.1\r\n").status, 200);
  RawClient rebound(server_->port());
  rebound.Send("GET /v1/resources HTTP/1.1\r\nHost: evil.example:7430\r\n\r\n");
  EXPECT_EQ(rebound.Receive().status, 403);
  for (const char* host :
       {"localhost:7430", "LocalHost:7430", "localhost.", "127.0.0.1", "[::1]:7430"}) {
    RawClient client(server_->port());
    client.Send(std::string("GET /v1/resources HTTP/1.1\r\nHost: ") + host + "\r\n\r\n");
    EXPECT_EQ(client.Receive().status, 200) << host;
  }
}

TEST(Serve, SaysWhoseThePortIs) {
  CannedEngine engine;
  HttpOptions options;
  options.port = 0;
  const auto first = Serve(options, engine);
  ASSERT_TRUE(first);
  options.port = (*first)->port();
  const auto second = Serve(options, engine);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kInUse);
}

TEST(Serve, KnowsWhatLoopbackIs) {
  for (const char* address : {"127.0.0.1", "127.9.8.7", "::1"}) EXPECT_TRUE(IsLoopback(address));
  for (const char* address : {"0.0.0.0", "::", "10.0.0.1", "128.0.0.1", "localhost", ""}) {
    EXPECT_FALSE(IsLoopback(address)) << address;
  }
}

}  // namespace
}  // namespace assent::server
