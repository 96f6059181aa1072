// SPDX-License-Identifier: Apache-2.0
#include "server/http_server.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "server/http_server_fixture.h"
#include "server/testing.h"

namespace assent::server {
namespace {

using std::chrono::milliseconds;

TEST(HttpServer, AnswersManyRequestsOnOneConnection) {
  const auto server = Start(Echo);
  RawClient client(server->port());
  for (int i = 0; i < 100; ++i) {
    client.SendRequest("POST", "/" + std::to_string(i), "body");
    const RawAnswer answer = client.Receive();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "POST /" + std::to_string(i) + " body");
    EXPECT_NE(answer.head.find("\r\nDate: "), std::string::npos);
  }
}

TEST(HttpServer, FindsHeadersInAnyCase) {
  std::string seen;
  const auto server = Start([&](HttpRequest request, Respond respond) {
    seen = request.Header("X-THING");
    respond([] { return Text(""); });
    return Taken{};
  });
  RawClient client(server->port());
  client.SendRequest("GET", "/", "", "x-Thing:  one two \r\n");
  EXPECT_EQ(client.Receive().status, 200);
  EXPECT_EQ(seen, "one two");
}

TEST(HttpServer, AnswersPipelinedRequestsInTheirOrder) {
  PendingRequests pending;
  const auto server = Start(pending.handler());
  RawClient client(server->port());
  std::string all;
  for (int i = 0; i < 5; ++i) all += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\n\r\n";
  client.Send(all);
  pending.WaitFor(5);
  for (size_t i : {4u, 2u, 0u, 1u, 3u}) pending.Answer(i);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(client.Receive().body, "/" + std::to_string(i));
}

TEST(HttpServer, StopsReadingAtSixtyFourOpenRequestsAndResumesLater) {
  PendingRequests pending;
  const auto server = Start(pending.handler());
  RawClient client(server->port());
  std::string all;
  for (int i = 0; i < 100; ++i) all += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\n\r\n";
  client.Send(all);
  pending.WaitFor(64);
  RawClient other(server->port());
  other.SendRequest("GET", "/other");
  pending.WaitFor(65);  // had the server read on, this would not be the next one
  EXPECT_EQ(pending.count(), 65u);
  for (size_t i = 0; i < 64; ++i) pending.Answer(i);
  pending.WaitFor(101);
  for (size_t i = 64; i < 101; ++i) pending.Answer(i);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(client.Receive().body, "/" + std::to_string(i));
}

TEST(HttpServer, ServesConnectionsConcurrently) {
  PendingRequests pending;
  HttpOptions options;
  options.threads = 2;
  const auto server = Start(pending.handler(), options);
  RawClient first(server->port());
  RawClient second(server->port());
  first.SendRequest("GET", "/first");
  pending.WaitFor(1);
  second.SendRequest("GET", "/second");
  pending.WaitFor(2);
  pending.Answer(1);
  EXPECT_EQ(second.Receive().body, "/second");
  pending.Answer(0);
  EXPECT_EQ(first.Receive().body, "/first");
}

TEST(HttpServer, ReadsARequestByteByByteAndChunkedBodies) {
  const auto server = Start(Echo);
  RawClient client(server->port());
  const std::string_view request =
      "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
      "chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
  for (char c : request) client.Send(std::string_view(&c, 1));
  EXPECT_EQ(client.Receive().body, "POST /x abcde");
}

TEST(HttpServer, ClosesWhenAskedTo) {
  const auto server = Start(Echo);
  RawClient modern(server->port());
  modern.SendRequest("GET", "/", "", "Connection: close\r\n");
  const RawAnswer answer = modern.Receive();
  EXPECT_EQ(answer.status, 200);
  EXPECT_NE(answer.head.find("Connection: close"), std::string::npos);
  EXPECT_TRUE(modern.IsClosed());
  RawClient old(server->port());
  old.Send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(old.Receive().status, 200);
  EXPECT_TRUE(old.IsClosed());
}

TEST(HttpServer, AnswersAHalfClosedClient) {
  PendingRequests pending;
  const auto server = Start(pending.handler());
  RawClient client(server->port());
  client.SendRequest("GET", "/late");
  client.ShutDownSending();
  pending.WaitFor(1);
  pending.Answer(0);
  EXPECT_EQ(client.Receive().body, "/late");
  EXPECT_TRUE(client.IsClosed());
}

TEST(HttpServer, SendsNoBodyInAnswerToHead) {
  const auto server = Start(Echo);
  RawClient client(server->port());
  client.Send(
      "HEAD /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const RawAnswer both = client.Receive();  // its Content-Length counts the body that is not there
  EXPECT_NE(both.head.find("Content-Length: 8"), std::string::npos);
  EXPECT_EQ(both.body, "HTTP/1.1");
}

TEST(HttpServer, SendsContinueIfTheClientExpectsIt) {
  const auto server = Start(Echo);
  RawClient client(server->port());
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.Receive().status, 100);
  client.Send("hi");
  EXPECT_EQ(client.Receive().body, "POST / hi");
  client.SendRequest("POST", "/", "ho");
  EXPECT_EQ(client.Receive().status, 200);
}

TEST(HttpServer, NamesThePortThatIsInUse) {
  const auto server = Start(Echo);
  HttpOptions options;
  options.port = server->port();
  const auto second = HttpServer::Listen(options, Echo);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kInUse);
  EXPECT_NE(second.error().message.find("127.0.0.1:" + std::to_string(server->port())),
            std::string::npos);
}

TEST(HttpServer, RefusesAnInvalidOrForeignAddress) {
  HttpOptions options;
  options.port = 0;
  options.address = "localhost";
  EXPECT_EQ(HttpServer::Listen(options, Echo).error().code, ErrorCode::kInvalid);
  options.address = "192.0.2.1";
  EXPECT_EQ(HttpServer::Listen(options, Echo).error().code, ErrorCode::kUnavailable);
}

TEST(HttpServer, AnswersOutstandingRequestsBeforeItStops) {
  PendingRequests pending;
  HttpOptions options;
  options.drain_timeout = std::chrono::seconds(10);
  const auto server = Start(pending.handler(), options);
  RawClient client(server->port());
  RawClient idle(server->port());
  client.SendRequest("GET", "/due");
  pending.WaitFor(1);
  std::thread stopper([&] { server->Stop(); });
  EXPECT_TRUE(idle.IsClosed());
  pending.Answer(0);
  const RawAnswer answer = client.Receive();
  EXPECT_EQ(answer.body, "/due");
  EXPECT_NE(answer.head.find("Connection: close"), std::string::npos);
  stopper.join();
}

TEST(HttpServer, DropsAnswersAfterTheStop) {
  PendingRequests pending;
  HttpOptions options;
  options.drain_timeout = milliseconds(10);
  auto server = Start(pending.handler(), options);
  RawClient client(server->port());
  client.SendRequest("GET", "/");
  pending.WaitFor(1);
  server->Stop();
  pending.Answer(0);
  server.reset();
  EXPECT_EQ(client.Receive().status, 0);
}

TEST(HttpServer, DropsAnswersForClosedConnections) {
  PendingRequests pending;
  const auto server = Start(pending.handler());
  auto gone = std::make_unique<RawClient>(server->port());
  gone->SendRequest("GET", "/gone");
  pending.WaitFor(1);
  gone.reset();
  pending.Answer(0);
  RawClient client(server->port());
  client.SendRequest("GET", "/here");
  pending.WaitFor(2);
  pending.Answer(1);
  EXPECT_EQ(client.Receive().body, "/here");
}

TEST(HttpServer, WritesAnswersLargerThanTheSocketBuffer) {
  const auto server = Start([](HttpRequest, Respond respond) {
    respond([] { return Text(std::string(20'000'000, 'x')); });
    return Taken{};
  });
  RawClient client(server->port());
  client.SendRequest("GET", "/");
  EXPECT_EQ(client.Receive().body.size(), 20'000'000u);
}

}  // namespace
}  // namespace assent::server
