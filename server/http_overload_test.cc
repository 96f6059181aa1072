// SPDX-License-Identifier: Apache-2.0
// How the HTTP server handles clients that hang up, that do not read, and that are too many.
#include "server/http_server.h"

#include <gtest/gtest.h>

#include <ctime>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>

#include "server/http_server_fixture.h"
#include "server/testing.h"

namespace assent::server {
namespace {

// Serves /wait until its client hangs up, /work until the test ends it, and anything else at once.
class Service {
 public:
  Handler handler() {
    return [this](HttpRequest request, Respond respond) {
      const std::lock_guard lock(mutex_);
      reserved_ += request.is_reserved ? 1 : 0;
      Taken taken;
      if (request.target == "/wait") {
        ++waiting_;
        taken.on_hang_up = [this, respond] { End(respond); };
      } else if (request.target == "/work") {
        working_.push_back(std::move(respond));
      } else if (request.target == "/large") {
        taken.size = AnswerSize::kLarge;
        ++large_;
        respond([] { return Text(std::string(kLarge, 'x')); });
      } else {
        respond([target = request.target] { return Text(target); });
      }
      changed_.notify_all();
      return taken;
    };
  }
  template <typename Predicate>
  bool WaitUntil(Predicate predicate) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), predicate);
  }
  template <typename Predicate>
  bool WaitUntil(Predicate predicate, std::chrono::steady_clock::time_point until) {
    std::unique_lock lock(mutex_);
    return changed_.wait_until(lock, until, predicate);
  }
  bool WaitForWaiting(int count) {
    return WaitUntil([&] { return waiting_ == count; });
  }
  bool WaitForWorking(size_t count) {
    return WaitUntil([&] { return working_.size() == count; });
  }
  void EndWork() {
    const std::lock_guard lock(mutex_);
    for (const Respond& respond : working_) {
      respond([] { return Text("done"); });
    }
    working_.clear();
  }
  int large() {
    const std::lock_guard lock(mutex_);
    return large_;
  }
  int reserved() {
    const std::lock_guard lock(mutex_);
    return reserved_;
  }

  static constexpr size_t kLarge = 4 << 20;

 private:
  void End(const Respond& respond) {
    const std::lock_guard lock(mutex_);
    --waiting_;
    respond([] { return Text("ended"); });
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Respond> working_;
  int waiting_ = 0;
  int large_ = 0;
  int reserved_ = 0;
};

int StatusOf(uint16_t port, std::string_view target) {
  RawClient client(port);
  client.SendRequest("GET", target);
  return client.Receive().status;
}

// More clients than there are slots send a request, wait and hang up; the next client is served.
TEST(Overload, ClientsThatHangUpFreeTheirSlots) {
  for (const char* header : {"", "Connection: close\r\n"}) {
    Service service;
    HttpOptions options;
    options.max_connections = 4;
    options.reserved_connections = 0;
    options.max_half_closed = 4;
    const auto server = Start(service.handler(), options);
    for (int round = 0; round < 5; ++round) {
      for (int i = 0; i < 4; ++i) {
        RawClient client(server->port());
        client.SendRequest("GET", "/wait", "", header);
        ASSERT_TRUE(service.WaitForWaiting(1)) << header;
        if (i == 3) break;  // the next round begins with one that still waits
      }
      ASSERT_TRUE(service.WaitForWaiting(0)) << header;
    }
    EXPECT_EQ(StatusOf(server->port(), "/"), 200);
  }
}

TEST(Overload, AHalfClosedClientGetsTheAnswerOfItsEndedWait) {
  Service service;
  const auto server = Start(service.handler());
  RawClient client(server->port());
  client.SendRequest("GET", "/wait");
  ASSERT_TRUE(service.WaitForWaiting(1));
  client.ShutDownSending();
  EXPECT_EQ(client.Receive().body, "ended");
  EXPECT_TRUE(client.IsClosed());
}

TEST(Overload, WorkContinuesAfterAHalfCloseWithoutAnOpenSlot) {
  Service service;
  HttpOptions options;
  options.max_connections = 1;
  options.reserved_connections = 0;
  const auto server = Start(service.handler(), options);
  RawClient client(server->port());
  client.SendRequest("POST", "/work");
  ASSERT_TRUE(service.WaitForWorking(1));
  EXPECT_EQ(StatusOf(server->port(), "/"), 503);
  client.ShutDownSending();
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (StatusOf(server->port(), "/") != 200) {
    ASSERT_LT(std::chrono::steady_clock::now(), until);
  }
  service.EndWork();
  EXPECT_EQ(client.Receive().body, "done");
  EXPECT_TRUE(client.IsClosed());
}

TEST(Overload, ClosesHalfClosedClientsAboveTheLimit) {
  Service service;
  HttpOptions options;
  options.max_half_closed = 1;
  const auto server = Start(service.handler(), options);
  RawClient first(server->port());
  RawClient second(server->port());
  first.SendRequest("POST", "/work");
  ASSERT_TRUE(service.WaitForWorking(1));
  first.ShutDownSending();
  second.SendRequest("POST", "/work");
  ASSERT_TRUE(service.WaitForWorking(2));
  second.ShutDownSending();
  EXPECT_TRUE(second.IsClosed());
  service.EndWork();
  EXPECT_EQ(first.Receive().body, "done");
}

TEST(Overload, AnAnsweredHalfClosedClientFreesItsSlot) {
  Service service;
  HttpOptions options;
  options.max_half_closed = 1;
  const auto server = Start(service.handler(), options);
  for (int i = 0; i < 5; ++i) {
    RawClient client(server->port());
    client.SendRequest("GET", "/wait");
    ASSERT_TRUE(service.WaitForWaiting(1));
    client.ShutDownSending();
    ASSERT_EQ(client.Receive().body, "ended") << i;
    ASSERT_TRUE(client.IsClosed());
  }
}

// The client has sent more than the server reads; the server still detects that it hung up.
TEST(Overload, DetectsAClientThatHangsUpWithAFullPipeline) {
  Service service;
  const auto server = Start(service.handler());
  {
    RawClient client(server->port());
    std::string all;
    for (int i = 0; i < 100; ++i) all += "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n";
    client.Send(all);
    ASSERT_TRUE(service.WaitForWaiting(64));
  }
  EXPECT_TRUE(service.WaitForWaiting(0));
}

TEST(Overload, AnswersEverythingThatWasSentBeforeTheEnd) {
  Service service;
  const auto server = Start(service.handler());
  RawClient client(server->port());
  constexpr int kRequests = 100;  // more than are taken at once
  std::string all;
  for (int i = 0; i < kRequests; ++i) all += "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n";
  client.Send(all);
  ASSERT_TRUE(service.WaitForWaiting(64));
  client.ShutDownSending();
  for (int i = 0; i < kRequests; ++i) ASSERT_EQ(client.Receive().body, "ended") << i;
  EXPECT_TRUE(client.IsClosed());
}

std::chrono::nanoseconds CpuTime() {
  timespec used{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

// While a request is being processed, further input and the end of the stream are left unread. The
// loop must not spin meanwhile.
TEST(Overload, UsesNoCpuWhileInputIsLeftUnread) {
  const std::string end;
  const std::string more(100'000, 'x');
  for (const std::string header : {"", "Connection: close\r\n"}) {
    for (const std::string& behind : {end, more}) {
      Service service;
      const auto server = Start(service.handler());
      RawClient client(server->port());
      std::string all;
      for (int i = 0; i < 64; ++i) all += "GET /work HTTP/1.1\r\nHost: a\r\n" + header + "\r\n";
      client.Send(all + behind);
      if (behind.empty()) client.ShutDownSending();
      ASSERT_TRUE(service.WaitForWorking(header.empty() ? 64 : 1));
      // There is no event to wait for. A spinning loop would use all available CPU time.
      const auto before = CpuTime();
      const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(400);
      (void)service.WaitUntil([&] { return std::chrono::steady_clock::now() > until; }, until);
      EXPECT_LT(CpuTime() - before, std::chrono::milliseconds(40)) << header << behind.size();
      service.EndWork();
    }
  }
}

TEST(Overload, ServesOneRequestOnAReservedConnectionAndMarksIt) {
  Service service;
  HttpOptions options;
  options.max_connections = 1;
  options.reserved_connections = 1;
  options.reserved_timeout = std::chrono::milliseconds(60);
  const auto server = Start(service.handler(), options);
  RawClient holder(server->port());
  holder.SendRequest("GET", "/wait");
  ASSERT_TRUE(service.WaitForWaiting(1));
  RawClient client(server->port());
  client.SendRequest("GET", "/a");
  client.SendRequest("GET", "/b");
  const RawAnswer answer = client.Receive();
  EXPECT_EQ(answer.body, "/a");
  EXPECT_NE(answer.head.find("Connection: close\r\n"), std::string::npos);
  EXPECT_TRUE(client.IsClosed());
  EXPECT_EQ(service.reserved(), 1);
  // A client that sends nothing gets an answer that says why the connection is closed.
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  std::string told;
  while (told.find("urn:assent:busy") == told.npos) {
    ASSERT_LT(std::chrono::steady_clock::now(), until);
    RawClient silent(server->port());
    told = silent.Receive().body;
  }
}

TEST(Overload, TakesNoMoreRequestsFromAClientThatDoesNotRead) {
  Service service;
  const auto server = Start(service.handler());
  RawClient deaf(server->port());
  std::string all;
  for (int i = 0; i < 60; ++i) all += "GET /large HTTP/1.1\r\nHost: a\r\n\r\n";
  deaf.Send(all);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(StatusOf(server->port(), "/"), 200);
  // The socket buffers absorb some answers.
  EXPECT_LE(service.large(), 10);
  // Once it reads, it gets everything.
  for (int i = 0; i < 60; ++i) ASSERT_EQ(deaf.Receive().body.size(), Service::kLarge) << i;
  EXPECT_EQ(service.large(), 60);
}

}  // namespace
}  // namespace assent::server
