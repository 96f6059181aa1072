// SPDX-License-Identifier: Apache-2.0
#include "server/http_server.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "server/testing.h"

namespace assent::server {
namespace {

using std::chrono::milliseconds;

HttpResponse Text(std::string body) { return {200, "text/plain", {}, std::move(body)}; }

// Answers at once with what it was asked.
Taken Echo(HttpRequest request, Respond respond) {
  respond(
      [text = request.method + " " + request.target + " " + request.body] { return Text(text); });
  return {};
}

// Keeps every request until the test answers it, from the test's thread.
class Held {
 public:
  Handler handler() {
    return [this](HttpRequest request, Respond respond) {
      std::lock_guard lock(mutex_);
      held_.emplace_back(std::move(request), std::move(respond));
      changed_.notify_all();
      return Taken{};
    };
  }
  void WaitFor(size_t count) {
    std::unique_lock lock(mutex_);
    ASSERT_TRUE(
        changed_.wait_for(lock, std::chrono::seconds(10), [&] { return held_.size() >= count; }));
  }
  void Answer(size_t index) {
    std::lock_guard lock(mutex_);
    held_[index].second([text = held_[index].first.target] { return Text(text); });
  }
  size_t count() {
    std::lock_guard lock(mutex_);
    return held_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::pair<HttpRequest, Respond>> held_;
};

std::unique_ptr<HttpServer> Start(Handler handler, HttpOptions options = {}) {
  options.port = 0;
  auto server = HttpServer::Listen(options, std::move(handler));
  EXPECT_TRUE(server) << server.error().message;
  return std::move(*server);
}

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

TEST(HttpServer, HandsOverHeadersInAnyCase) {
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
  Held held;
  const auto server = Start(held.handler());
  RawClient client(server->port());
  std::string all;
  for (int i = 0; i < 5; ++i) all += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\n\r\n";
  client.Send(all);
  held.WaitFor(5);
  for (size_t i : {4u, 2u, 0u, 1u, 3u}) held.Answer(i);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(client.Receive().body, "/" + std::to_string(i));
}

TEST(HttpServer, StopsReadingPastSixtyFourOpenRequestsAndGoesOnLater) {
  Held held;
  const auto server = Start(held.handler());
  RawClient client(server->port());
  std::string all;
  for (int i = 0; i < 100; ++i) all += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\n\r\n";
  client.Send(all);
  held.WaitFor(64);
  RawClient other(server->port());
  other.SendRequest("GET", "/other");
  held.WaitFor(65);  // had the server read on, this would not be the next one
  EXPECT_EQ(held.count(), 65u);
  for (size_t i = 0; i < 64; ++i) held.Answer(i);
  held.WaitFor(101);
  for (size_t i = 64; i < 101; ++i) held.Answer(i);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(client.Receive().body, "/" + std::to_string(i));
}

TEST(HttpServer, ServesConnectionsSideBySide) {
  Held held;
  HttpOptions options;
  options.threads = 2;
  const auto server = Start(held.handler(), options);
  RawClient first(server->port());
  RawClient second(server->port());
  first.SendRequest("GET", "/first");
  held.WaitFor(1);
  second.SendRequest("GET", "/second");
  held.WaitFor(2);
  held.Answer(1);
  EXPECT_EQ(second.Receive().body, "/second");
  held.Answer(0);
  EXPECT_EQ(first.Receive().body, "/first");
}

TEST(HttpServer, TakesARequestByteByByteAndChunkedBodies) {
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

TEST(HttpServer, AnswersAClientThatHasShutItsSendingSide) {
  Held held;
  const auto server = Start(held.handler());
  RawClient client(server->port());
  client.SendRequest("GET", "/late");
  client.ShutDownSending();
  held.WaitFor(1);
  held.Answer(0);
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

TEST(HttpServer, SaysContinueWhenAskedTo) {
  const auto server = Start(Echo);
  RawClient client(server->port());
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.Receive().status, 100);
  client.Send("hi");
  EXPECT_EQ(client.Receive().body, "POST / hi");
  client.SendRequest("POST", "/", "ho");
  EXPECT_EQ(client.Receive().status, 200);
}

TEST(HttpServer, RefusesWhatIsNoHttpAndCloses) {
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
  Held held;
  const auto server = Start(held.handler());
  RawClient client(server->port());
  client.Send("GET /good HTTP/1.1\r\nHost: a\r\n\r\nbad\r\n\r\n");
  held.WaitFor(1);
  held.Answer(0);
  EXPECT_EQ(client.Receive().body, "/good");
  EXPECT_EQ(client.Receive().status, 400);
  EXPECT_TRUE(client.IsClosed());
}

TEST(HttpServer, RefusesABodyPastItsBound) {
  HttpOptions options;
  options.max_body_bytes = 1000;
  const auto server = Start(Echo, options);
  RawClient exact(server->port());
  exact.SendRequest("POST", "/", std::string(1000, 'x'));
  EXPECT_EQ(exact.Receive().status, 200);
  RawClient announced(server->port());
  // The client sends it all the same, and still gets to read why.
  announced.SendRequest("POST", "/", std::string(200'000, 'x'));
  EXPECT_EQ(announced.Receive().status, 413);
  RawClient chunked(server->port());
  chunked.Send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  chunked.Send("7d0\r\n" + std::string(2000, 'x') + "\r\n0\r\n\r\n");
  const RawAnswer answer = chunked.Receive();
  EXPECT_EQ(answer.status, 413);
  EXPECT_NE(answer.body.find("larger than 1000 bytes"), std::string::npos) << answer.body;
}

TEST(HttpServer, RefusesAHeaderPastItsBound) {
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

TEST(HttpServer, GivesUpOnClientsThatDrip) {
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
  Held held;
  HttpOptions options;
  options.idle_timeout = milliseconds(60);
  options.header_timeout = milliseconds(60);
  options.body_timeout = milliseconds(60);
  const auto server = Start(held.handler(), options);
  RawClient waiting(server->port());
  waiting.SendRequest("GET", "/slow");
  held.WaitFor(1);
  RawClient idle(server->port());
  EXPECT_TRUE(idle.IsClosed());  // so the time has passed for both
  held.Answer(0);
  EXPECT_EQ(waiting.Receive().body, "/slow");
  EXPECT_TRUE(waiting.IsClosed());
}

TEST(HttpServer, RefusesConnectionsPastTheirBound) {
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

TEST(HttpServer, SaysWhoseThePortIs) {
  const auto server = Start(Echo);
  HttpOptions options;
  options.port = server->port();
  const auto second = HttpServer::Listen(options, Echo);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kInUse);
  EXPECT_NE(second.error().message.find("127.0.0.1:" + std::to_string(server->port())),
            std::string::npos);
}

TEST(HttpServer, RefusesAnAddressThatIsNoneOrNotOurs) {
  HttpOptions options;
  options.port = 0;
  options.address = "localhost";
  EXPECT_EQ(HttpServer::Listen(options, Echo).error().code, ErrorCode::kInvalid);
  options.address = "192.0.2.1";
  EXPECT_EQ(HttpServer::Listen(options, Echo).error().code, ErrorCode::kUnavailable);
}

TEST(HttpServer, AnswersWhatIsDueBeforeItStops) {
  Held held;
  HttpOptions options;
  options.drain_timeout = std::chrono::seconds(10);
  const auto server = Start(held.handler(), options);
  RawClient client(server->port());
  RawClient idle(server->port());
  client.SendRequest("GET", "/due");
  held.WaitFor(1);
  std::thread stopper([&] { server->Stop(); });
  EXPECT_TRUE(idle.IsClosed());
  held.Answer(0);
  const RawAnswer answer = client.Receive();
  EXPECT_EQ(answer.body, "/due");
  EXPECT_NE(answer.head.find("Connection: close"), std::string::npos);
  stopper.join();
}

TEST(HttpServer, DropsAnswersThatComeAfterItHasStopped) {
  Held held;
  HttpOptions options;
  options.drain_timeout = milliseconds(10);
  auto server = Start(held.handler(), options);
  RawClient client(server->port());
  client.SendRequest("GET", "/");
  held.WaitFor(1);
  server->Stop();
  held.Answer(0);
  server.reset();
  EXPECT_EQ(client.Receive().status, 0);
}

TEST(HttpServer, DropsAnswersForClientsThatHaveGone) {
  Held held;
  const auto server = Start(held.handler());
  auto gone = std::make_unique<RawClient>(server->port());
  gone->SendRequest("GET", "/gone");
  held.WaitFor(1);
  gone.reset();
  held.Answer(0);
  RawClient client(server->port());
  client.SendRequest("GET", "/here");
  held.WaitFor(2);
  held.Answer(1);
  EXPECT_EQ(client.Receive().body, "/here");
}

TEST(HttpServer, WritesAnswersLargerThanTheSocketTakes) {
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
