// SPDX-License-Identifier: Apache-2.0
// The routes of the API: the requests that the engine gets, and the responses to its answers.
#include "server/front.h"

#include <gtest/gtest.h>

#include "server/front_fixture.h"
#include "server/loopback.h"

namespace assent::server {
namespace {

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

TEST_F(Api, PassesEachRouteToTheEngine) {
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
      {"POST", "/v1/resources/pc_game:check", "{}", Route::kCheck, "pc_game", "", 200},
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

TEST_F(Api, ReadsWhetherAnInstallationIsOnlyPrinted) {
  EXPECT_EQ(Call("POST", "/v1/resources/pc:install").status, 200);
  EXPECT_FALSE(engine_.last().print);
  EXPECT_EQ(Call("POST", "/v1/resources/pc:install?print=true").status, 200);
  EXPECT_TRUE(engine_.last().print);
  const RawAnswer refused = Call("POST", "/v1/resources/pc:install?print=yes");
  EXPECT_EQ(refused.status, 400);
  EXPECT_NE(refused.body.find("\"field\":\"print\""), std::string::npos) << refused.body;
  EXPECT_EQ(Call("POST", "/v1/resources/pc:check?print=true").status, 400);
}

TEST_F(Api, ReadsAndWritesProtobuf) {
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

  // Field 5 is reserved for sagas, and must not be ignored.
  const RawAnswer unknown =
      Call("POST", "/v1/transactions:execute", std::string("\x2a\x00", 2), headers);
  EXPECT_EQ(unknown.status, 400);
}

TEST_F(Api, WritesJsonIfTheClientAcceptsIt) {
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

TEST_F(Api, PassesProblemsOfTheEngineOn) {
  const RawAnswer unknown = Call("GET", "/v1/transactions/unknown");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_NE(unknown.head.find("application/problem+json"), std::string::npos);
  EXPECT_EQ(unknown.body, R"({"type":"urn:assent:unknown-transaction","status":404,)"
                          R"("detail":"no transaction \"unknown\""})");
  const RawAnswer busy = Call("POST", "/v1/transactions:execute", R"({"gid": "busy"})");
  EXPECT_EQ(busy.status, 503);
  EXPECT_NE(busy.head.find("\r\nRetry-After: 3\r\n"), std::string::npos);
}

TEST_F(Api, ReportsHealthAndReadiness) {
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

TEST(Serve, NamesThePortThatIsInUse) {
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

TEST(Serve, RecognizesLoopbackAddresses) {
  for (const char* address : {"127.0.0.1", "127.9.8.7", "::1"}) EXPECT_TRUE(IsLoopback(address));
  for (const char* address : {"0.0.0.0", "::", "10.0.0.1", "128.0.0.1", "localhost", ""}) {
    EXPECT_FALSE(IsLoopback(address)) << address;
  }
}

}  // namespace
}  // namespace assent::server
