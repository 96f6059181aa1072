// SPDX-License-Identifier: Apache-2.0
// The partner's server over HTTP, with a database that cannot be reached: everything before the
// barrier. tests/partner covers the rest.
#include "client/partner/server.h"

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/syscall.h>

#include <atomic>
#include <cerrno>
#include <future>
#include <thread>

#include "client/partner/testing.h"
#include "server/testing.h"

namespace {

std::atomic<int> failing_accepts{0}, failing_threads{0};

// Consumes one of the failures to inject; returns whether there was one.
bool Takes(std::atomic<int>& failing) {
  int left = failing;
  while (left > 0 && !failing.compare_exchange_weak(left, left - 1)) {
  }
  return left > 0;
}

}  // namespace

// These replace the functions of the C library in this program, to inject failures.
extern "C" int accept4(int descriptor, sockaddr* address, socklen_t* size, int flags) {
  const auto accepted = static_cast<int>(syscall(SYS_accept4, descriptor, address, size, flags));
  if (accepted < 0 || !Takes(failing_accepts)) return accepted;
  close(accepted);
  errno = EPROTO;  // accept reports an error of the accepted connection
  return -1;
}

extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                              void* (*run)(void*), void* with) noexcept {
  static const auto next =
      reinterpret_cast<decltype(&pthread_create)>(dlsym(RTLD_NEXT, "pthread_create"));
  if (Takes(failing_threads)) return EAGAIN;
  return next(thread, attributes, run, with);
}

namespace assent::partner {
namespace {

using server::RawAnswer;
using server::RawClient;
using std::chrono::milliseconds;
using std::chrono::seconds;
using tcc::Operation;
using testing::HasSubstr;

Opener Down() {
  return []() -> Result<std::unique_ptr<Session>> {
    return Error{ErrorCode::kUnavailable, "connection refused"};
  };
}

std::vector<Partner> OnePartner(const std::string& path = "/hotel") {
  const Work work = [](Session&, const Call&) { return Done(); };
  return {{path, work, work, work}};
}

std::unique_ptr<Server> Start(ServerOptions options = {}, Opener opener = Down()) {
  auto made = Server::Listen(std::move(options), std::move(opener), OnePartner());
  EXPECT_TRUE(made) << made.error().message;
  return std::move(*made);
}

RawAnswer Ask(const Server& server, const std::string& text) {
  RawClient client(server.port());
  client.Send(text);
  return client.Receive();
}

// Expects the status and a text that contains `what`.
void ExpectAnswer(const RawAnswer& answer, int status, const std::string& what) {
  EXPECT_EQ(answer.status, status) << answer.body;
  EXPECT_THAT(answer.body, HasSubstr(what));
}

TEST(PartnerServer, NamesTheErrorOfACall) {
  const auto server = Start();
  const auto sent = CoordinatorCall(Operation::kTry);
  ExpectAnswer(Ask(*server, TextOf(sent, "/motel")), 404, "no partner");
  ExpectAnswer(Ask(*server, TextOf(sent, "/hotel/x")), 404, "no partner");
  std::string text = TextOf(sent, "/hotel");
  ExpectAnswer(Ask(*server, "PUT" + text.substr(4)), 405, "POST");
  text.replace(text.find("/hotel/try "), 11, "/hotel/cancel ");
  ExpectAnswer(Ask(*server, text), 400, "Assent-Operation");
  auto nameless = sent;
  nameless.key.branch = ".";
  ExpectAnswer(Ask(*server, TextOf(nameless, "/hotel")), 400, "Assent-Branch");
}

TEST(PartnerServer, DeniesCallsWithoutTheSecret) {
  const auto server = Start({.secrets = {kSecret}});
  const auto sent = CoordinatorCall(Operation::kTry);
  ExpectAnswer(Ask(*server, TextOf(sent, "/hotel")), 401, "webhook-id is missing");
  ExpectAnswer(Ask(*server, TextOf(sent, "/hotel", {kOtherSecret})), 401, "webhook-signature");
  ExpectAnswer(Ask(*server, TextOf(sent, "/hotel", {kSecret})), 503, "connection refused");
}

TEST(PartnerServer, Answers503WithoutADatabase) {
  const auto server = Start();
  RawClient client(server->port());
  for (const Operation operation : {Operation::kTry, Operation::kConfirm, Operation::kCancel}) {
    client.Send(TextOf(CoordinatorCall(operation), "/hotel"));
    const RawAnswer answer = client.Receive();
    ExpectAnswer(answer, 503, "connection refused");
    EXPECT_THAT(answer.head, HasSubstr("\r\nRetry-After: 1\r\n"));
  }
}

TEST(PartnerServer, IgnoresAQueryInThePath) {
  const auto server = Start();
  std::string text = TextOf(CoordinatorCall(Operation::kTry), "/hotel");
  text.replace(text.find("/hotel/try "), 11, "/hotel/try?site=1 ");
  ExpectAnswer(Ask(*server, text), 503, "connection refused");
}

TEST(PartnerServer, AnswersPipelinedCallsInTurn) {
  const auto server = Start();
  RawClient client(server->port());
  client.Send(TextOf(CoordinatorCall(Operation::kTry), "/motel") +
              TextOf(CoordinatorCall(Operation::kTry), "/hotel"));
  EXPECT_EQ(client.Receive().status, 404);
  EXPECT_EQ(client.Receive().status, 503);
}

TEST(PartnerServer, ReadsACallByteByByte) {
  const auto server = Start();
  RawClient client(server->port());
  for (const char c : TextOf(CoordinatorCall(Operation::kTry), "/hotel")) client.Send({&c, 1});
  EXPECT_EQ(client.Receive().status, 503);
}

TEST(PartnerServer, ClosesIfTheClientAsksForIt) {
  const auto server = Start();
  RawClient client(server->port());
  std::string text = TextOf(CoordinatorCall(Operation::kTry), "/hotel");
  text.insert(text.find("\r\n") + 2, "Connection: close\r\n");
  client.Send(text);
  EXPECT_THAT(client.Receive().head, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_TRUE(client.IsClosed());
}

TEST(PartnerServer, LimitsTheSizeOfRequests) {
  const auto server = Start({.http = {.max_body_bytes = 1000, .max_header_bytes = 2000}});
  auto large = CoordinatorCall(Operation::kTry);
  large.payload =
      std::make_shared<tcc::Payload>(tcc::Payload{"text/plain", std::string(1001, 'x')});
  ExpectAnswer(Ask(*server, TextOf(large, "/hotel")), 413, "body");
  large = CoordinatorCall(Operation::kTry);
  large.traceparent = std::string(3000, 'x');
  ExpectAnswer(Ask(*server, TextOf(large, "/hotel")), 431, "header");
  ExpectAnswer(Ask(*server, "SSH-2.0-OpenSSH_9.2\r\n\r\n"), 400, "HTTP");
  ExpectAnswer(Ask(*server, "POST /hotel HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;" +
                                std::string(3000, 'x')),
               431, "header");
  RawClient client(server->port());
  client.Send(TextOf(large, "/hotel"));
  EXPECT_EQ(client.Receive().status, 431);
  EXPECT_TRUE(client.IsClosed());
}

TEST(PartnerServer, RefusesSlowRequests) {
  const auto server = Start({.http = {.request_timeout = milliseconds(50)}});
  RawClient client(server->port());
  client.Send("POST /hotel/try HTTP/1.1\r\nHost");
  EXPECT_EQ(client.Receive().status, 408);
  EXPECT_TRUE(client.IsClosed());
}

TEST(PartnerServer, ClosesIdleConnections) {
  const auto server = Start({.http = {.idle_timeout = milliseconds(50)}});
  RawClient client(server->port());
  EXPECT_TRUE(client.IsClosed());
}

TEST(PartnerServer, LimitsItsOpenConnections) {
  const auto server = Start({.max_connections = 2});
  const std::string text = TextOf(CoordinatorCall(Operation::kTry), "/motel");
  for (int round = 0; round < 3; ++round) {
    RawClient first(server->port()), second(server->port());
    for (RawClient* client : {&first, &second}) {
      client->Send(text);
      EXPECT_EQ(client->Receive().status, 404) << round;
    }
    ExpectAnswer(Ask(*server, text), 503, "too many connections");
    for (RawClient* client : {&first, &second}) {
      client->ShutDownSending();
      EXPECT_TRUE(client->IsClosed());
    }
  }
}

TEST(PartnerServer, AnswersPendingCallsBeforeItStops) {
  std::promise<void> entered, released;
  const auto server = Start({}, [&]() -> Result<std::unique_ptr<Session>> {
    entered.set_value();
    released.get_future().wait();
    return Error{ErrorCode::kUnavailable, "connection refused"};
  });
  RawClient client(server->port());
  client.Send(TextOf(CoordinatorCall(Operation::kTry), "/hotel"));
  entered.get_future().wait();
  std::thread stopping([&] { server->Stop(); });
  released.set_value();
  EXPECT_EQ(client.Receive().status, 503);
  EXPECT_TRUE(client.IsClosed());
  stopping.join();
}

TEST(PartnerServer, ContinuesAfterAFailedAccept) {
  const auto server = Start();
  failing_accepts = 2;
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(RawClient(server->port()).IsClosed());
  ExpectAnswer(Ask(*server, TextOf(CoordinatorCall(Operation::kTry), "/hotel")), 503,
               "connection refused");
  EXPECT_EQ(failing_accepts, 0);
}

TEST(PartnerServer, Answers503WithoutAThread) {
  const auto server = Start();
  const std::string text = TextOf(CoordinatorCall(Operation::kTry), "/hotel");
  failing_threads = 1;
  RawClient client(server->port());
  const RawAnswer answer = client.Receive();
  ExpectAnswer(answer, 503, "no thread");
  EXPECT_THAT(answer.head, HasSubstr("\r\nRetry-After: 1\r\n"));
  EXPECT_TRUE(client.IsClosed());
  ExpectAnswer(Ask(*server, text), 503, "connection refused");
}

TEST(PartnerServer, ReportsWhyItCannotStart) {
  const auto server = Start();
  const auto listen = [](ServerOptions options, const std::string& path = "/hotel") {
    return Server::Listen(std::move(options), Down(), OnePartner(path)).error();
  };
  EXPECT_EQ(listen({.port = server->port()}).code, ErrorCode::kInUse);
  EXPECT_EQ(listen({.address = "localhost"}).code, ErrorCode::kInvalid);
  EXPECT_EQ(listen({.secrets = {"whsec_"}}).field, "secrets");
  for (const char* path : {"", "/", "hotel", "/hotel/", "/hotel?x"}) {
    EXPECT_EQ(listen({}, path).field, "path") << path;
  }
  auto twice = OnePartner();
  twice.push_back(twice[0]);
  EXPECT_EQ(Server::Listen({}, Down(), twice).error().field, "path");
}

}  // namespace
}  // namespace assent::partner
