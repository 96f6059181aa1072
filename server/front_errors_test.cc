// SPDX-License-Identifier: Apache-2.0
// The errors of the API's routes.
#include <gtest/gtest.h>

#include "server/front_fixture.h"

namespace assent::server {
namespace {

TEST_F(Api, NamesTheInvalidQueryParameter) {
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

TEST_F(Api, NamesTheInvalidFieldOfTheBody) {
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

TEST_F(Api, RefusesInvalidNamesInThePath) {
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
  // An answer contains only valid UTF-8, even where it quotes the request.
  for (const char* target : {"/v1/transactions?%ff=1", "/v1/transactions?state=%ff",
                             "/v1/transactions/%ff", "/v1/%ff"}) {
    EXPECT_EQ(Refused(400, "GET", target).detail(), "the path or the query is not UTF-8") << target;
  }
  EXPECT_EQ(Refused(400, "GET", "/v1/transactions/a%2").detail(),
            "a percent sign is not followed by two hexadecimal digits");
  EXPECT_EQ(Refused(400, "GET", "/v1/transactions/").field(), "gid");
}

TEST_F(Api, RequiresTheTransactionHeader) {
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
              "duplicate header");
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

TEST_F(Api, ChecksTheHostOfAnAbsoluteFormTarget) {
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

}  // namespace
}  // namespace assent::server
