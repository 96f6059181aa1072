// SPDX-License-Identifier: Apache-2.0
// The limits of the HTTP server: sizes, timeouts and connections.
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

#include "server/http_server_fixture.h"
#include "server/testing.h"

namespace assent::server {
namespace {

using std::chrono::milliseconds;

TEST(HttpServer, RefusesMalformedHttpAndCloses) {
  const auto server = Start(Echo);
  for (const char* text :
       {"nonsense\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "GET  / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: "
        "chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "\x16\x03\x01\x02\r\n\r\n"}) {
    RawClient client(server->port());
    client.Send(text);
    const RawAnswer answer = client.Receive();
    EXPECT_EQ(answer.status, 400) << text;
    EXPECT_NE(answer.head.find("application/problem+json"), std::string::npos);
    EXPECT_NE(answer.body.find("urn:assent:malformed-request"), std::string::npos);
    EXPECT_TRUE(client.IsClosed());
  }
}

TEST(HttpServer, AnswersEarlierRequestsBeforeItRefusesALaterOne) {
  PendingRequests pending;
  const auto server = Start(pending.handler());
  RawClient client(server->port());
  client.Send("GET /good HTTP/1.1\r\nHost: a\r\n\r\nbad\r\n\r\n");
  pending.WaitFor(1);
  pending.Answer(0);
  EXPECT_EQ(client.Receive().body, "/good");
  EXPECT_EQ(client.Receive().status, 400);
  EXPECT_TRUE(client.IsClosed());
}

TEST(HttpServer, RefusesABodyAboveTheLimit) {
  HttpOptions options;
  options.max_body_bytes = 1000;
  const auto server = Start(Echo, options);
  RawClient exact(server->port());
  exact.SendRequest("POST", "/", std::string(1000, 'x'));
  EXPECT_EQ(exact.Receive().status, 200);
  RawClient announced(server->port());
  // The client sends the body anyway, and can still read the answer.
  announced.SendRequest("POST", "/", std::string(200'000, 'x'));
  EXPECT_EQ(announced.Receive().status, 413);
  RawClient chunked(server->port());
  chunked.Send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  chunked.Send("7d0\r\n" + std::string(2000, 'x') + "\r\n0\r\n\r\n");
  const RawAnswer answer = chunked.Receive();
  EXPECT_EQ(answer.status, 413);
  EXPECT_NE(answer.body.find("larger than 1000 bytes"), std::string::npos) << answer.body;
}

TEST(HttpServer, RefusesAHeaderAboveTheLimit) {
  HttpOptions options;
  options.max_header_bytes = 1000;
  const auto server = Start(Echo, options);
  RawClient whole(server->port());
  whole.SendRequest("GET", "/", "", "X: " + std::string(2000, 'x') + "\r\n");
  EXPECT_EQ(whole.Receive().status, 431);
  RawClient endless(server->port());
  endless.Send("GET /" + std::string(5000, 'x'));
  EXPECT_EQ(endless.Receive().status, 431);
  EXPECT_TRUE(endless.IsClosed());
}

TEST(HttpServer, RefusesAChunkWhoseExtensionNeverEnds) {
  HttpOptions options;
  options.max_header_bytes = 2000;
  const auto server = Start(Echo, options);
  RawClient client(server->port());
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;" +
              std::string(3000, 'x'));
  EXPECT_EQ(client.Receive().status, 431);
}

TEST(HttpServer, ClosesSlowClients) {
  HttpOptions options;
  options.header_timeout = milliseconds(60);
  options.body_timeout = milliseconds(60);
  const auto server = Start(Echo, options);
  RawClient in_header(server->port());
  in_header.Send("GET / HTT");
  EXPECT_EQ(in_header.Receive().status, 408);
  EXPECT_TRUE(in_header.IsClosed());
  RawClient in_body(server->port());
  in_body.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");
  EXPECT_EQ(in_body.Receive().status, 408);
  RawClient silent(server->port());
  EXPECT_TRUE(silent.IsClosed());
}

TEST(HttpServer, ClosesIdleConnectionsButNotThoseThatWaitForAnAnswer) {
  PendingRequests pending;
  HttpOptions options;
  options.idle_timeout = milliseconds(60);
  options.header_timeout = milliseconds(60);
  options.body_timeout = milliseconds(60);
  const auto server = Start(pending.handler(), options);
  RawClient waiting(server->port());
  waiting.SendRequest("GET", "/slow");
  pending.WaitFor(1);
  RawClient idle(server->port());
  EXPECT_TRUE(idle.IsClosed());  // so the time has passed for both
  pending.Answer(0);
  EXPECT_EQ(waiting.Receive().body, "/slow");
  EXPECT_TRUE(waiting.IsClosed());
}

TEST(HttpServer, RefusesConnectionsAboveTheLimit) {
  HttpOptions options;
  options.max_connections = 2;
  options.reserved_connections = 0;
  const auto server = Start(Echo, options);
  auto first = std::make_unique<RawClient>(server->port());
  RawClient second(server->port());
  for (RawClient* client : {first.get(), &second}) {
    client->SendRequest("GET", "/");
    EXPECT_EQ(client->Receive().status, 200);
  }
  RawClient third(server->port());
  EXPECT_EQ(third.Receive().status, 503);
  EXPECT_TRUE(third.IsClosed());
  first.reset();
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  int status = 503;
  while (status != 200 && std::chrono::steady_clock::now() < until) {
    RawClient next(server->port());
    next.Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    status = next.Receive().status;
  }
  EXPECT_EQ(status, 200);
}

}  // namespace
}  // namespace assent::server
