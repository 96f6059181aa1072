// SPDX-License-Identifier: Apache-2.0
// One exchange with a real partner on loopback: what the partner receives, and the result of each
// kind of misbehavior.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "participants/http/partner_fixture.h"
#include "participants/http/testing.h"
#include "tests/support/temp.h"

namespace assent::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using tcc::Operation;
using testing::HasSubstr;
using testing::StartsWith;
using A = tcc::Answer;

// Short timeouts.
HttpOptions Impatient() {
  HttpOptions options;
  options.request_timeout = milliseconds(200);
  options.limiter.failures_to_back_off = 1'000;
  return options;
}

tcc::Completion TryOf(const Partner::Script& script, HttpOptions options = {}) {
  Partner partner(script);
  Adapter adapter(std::move(options));
  return adapter.Try(partner.Url());
}

TEST(Exchange, SendsEachOperationToItsUrlWithPayloadAndHeaders) {
  std::mutex mutex;
  std::vector<Request> seen;
  Partner partner([&](Peer& peer, const Request& request) {
    {
      std::lock_guard lock(mutex);
      seen.push_back(request);
    }
    peer.Write(Ok());
  });
  Adapter adapter;
  const std::string url = partner.Url() + "/vouchers";
  for (Operation operation : {Operation::kTry, Operation::kConfirm, Operation::kCancel}) {
    const auto completion = adapter.Ask(operation, url);
    EXPECT_EQ(completion.answer, A::kDone) << completion.detail;
    EXPECT_EQ(completion.status, 200);
    EXPECT_EQ(completion.operation, operation);
    EXPECT_EQ(completion.key.branch, "voucher");
  }
  std::lock_guard lock(mutex);
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_THAT(seen[0].head, StartsWith("POST /vouchers/try HTTP/1.1\r\n"));
  EXPECT_THAT(seen[1].head, StartsWith("POST /vouchers/confirm HTTP/1.1\r\n"));
  EXPECT_THAT(seen[2].head, StartsWith("POST /vouchers/cancel HTTP/1.1\r\n"));
  EXPECT_THAT(seen[2].head, HasSubstr("\r\nAssent-Operation: cancel\r\n"));
  for (const Request& request : seen) EXPECT_EQ(request.body, "{\"user\":7}");
}

TEST(Exchange, SignsForTheUrlsThatHaveASecret) {
  std::promise<std::string> head;
  Partner partner([&](Peer& peer, const Request& request) {
    head.set_value(request.head);
    peer.Write(Ok());
  });
  HttpOptions options;
  options.signing = {{partner.Url() + "/vouchers", {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}}};
  Adapter adapter(std::move(options));
  EXPECT_EQ(adapter.Try(partner.Url() + "/vouchers").answer, A::kDone);
  EXPECT_THAT(head.get_future().get(), HasSubstr("\r\nwebhook-signature: v1,"));
}

TEST(Exchange, SortsStatusesAndReadsRetryAfter) {
  std::atomic<int> status = 0;
  Partner partner(
      [&](Peer& peer, const Request&) { peer.Write(Answer(status, "Retry-After: 1\r\n")); });
  const std::pair<int, A> cases[] = {{201, A::kDone},  {202, A::kWorking}, {302, A::kUnknown},
                                     {404, A::kNever}, {409, A::kRefused}, {425, A::kWorking},
                                     {429, A::kLater}, {500, A::kUnknown}, {502, A::kUnknown},
                                     {503, A::kLater}};
  for (const auto& [sent, expected] : cases) {
    status = sent;
    Adapter adapter;
    const auto completion = adapter.Try(partner.Url());
    EXPECT_EQ(completion.answer, expected) << sent;
    EXPECT_EQ(completion.status, sent);
    const bool waits = expected == A::kLater || expected == A::kWorking;
    EXPECT_EQ(completion.retry_after, seconds(waits ? 1 : 0)) << sent;
  }
}

TEST(Exchange, ARefusedConnectionIsNotSent) {
  Adapter adapter;
  const auto completion = adapter.Try("http://127.0.0.1:" + std::to_string(test::FreePort()));
  EXPECT_EQ(completion.answer, A::kNotSent);
  EXPECT_THAT(completion.detail, HasSubstr("refused"));
}

TEST(Exchange, SilenceIsUnknown) {
  const auto completion =
      TryOf([](Peer& peer, const Request&) { peer.WaitForClose(); }, Impatient());
  EXPECT_EQ(completion.answer, A::kUnknown);
  EXPECT_EQ(completion.status, 0);
  EXPECT_EQ(completion.detail, "no response before the timeout");
}

TEST(Exchange, ASlowDripIsUnknown) {
  const auto drip = [](Peer& peer, const Request&) {
    for (char c : Answer(200, "", std::string(1'000, 'x'))) {
      if (!peer.Write(std::string(1, c)) || !peer.Pause(milliseconds(10))) return;
    }
  };
  const auto completion = TryOf(drip, Impatient());
  EXPECT_EQ(completion.answer, A::kUnknown);
  EXPECT_EQ(completion.detail, "the response was not complete before the timeout");
}

TEST(Exchange, ALateAnswerIsIgnored) {
  std::atomic<bool> first = true;
  Partner partner([&](Peer& peer, const Request&) {
    if (first.exchange(false)) {
      peer.WaitForClose();
      peer.Write(Ok());
    } else {
      peer.Write(Answer(409));
    }
  });
  Adapter adapter(Impatient());
  const uint64_t late = adapter.Start(Operation::kTry, partner.Url());
  EXPECT_EQ(adapter.completions().Wait(late).answer, A::kUnknown);
  EXPECT_EQ(adapter.Try(partner.Url()).answer, A::kRefused);
  EXPECT_EQ(adapter.completions().Count(late), 1);
}

TEST(Exchange, TheBodyAndItsTypeMeanNothing) {
  const auto completion = TryOf([](Peer& peer, const Request&) {
    peer.Write(Answer(200, "Content-Type: image/png\r\n", "<html>{\"ok\": false}"));
  });
  EXPECT_EQ(completion.answer, A::kDone);
}

// Ten megabytes, with and without a length: the rest is not read, so the partner cannot send it.
TEST(Exchange, AnAnswerThatIsTooLargeIsUnknownAndNotRead) {
  const std::string chunk = "10000\r\n" + std::string(65'536, 'x') + "\r\n";
  for (const std::string& head :
       {std::string("Content-Length: 10485760\r\n\r\n"),
        std::string("Content-Length: 4611686018427387904\r\n\r\n"),
        std::string("Transfer-Encoding: chunked\r\n\r\n"), std::string("\r\n")}) {
    std::promise<bool> whole;
    Partner partner([&](Peer& peer, const Request&) {
      bool written = peer.Write("HTTP/1.1 200 OK\r\n" + head);
      for (int i = 0; written && i < 160; ++i) written = peer.Write(chunk);
      whole.set_value(written);
      peer.Close();
    });
    Adapter adapter;
    const auto completion = adapter.Try(partner.Url());
    EXPECT_EQ(completion.answer, A::kUnknown) << head;
    EXPECT_EQ(completion.detail, "the response is larger than 65536 bytes") << head;
    EXPECT_FALSE(whole.get_future().get()) << head;
  }
}

TEST(Exchange, AChunkWithoutEndIsUnknownAndNotRead) {
  for (const char* begin : {"1;", "1\r\nx\r\n0\r\nTrailer: "}) {
    const auto completion = TryOf([&](Peer& peer, const Request&) {
      peer.Write(std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n") + begin);
      const std::string more(64 << 10, 'x');
      while (peer.Write(more)) {
      }
    });
    EXPECT_EQ(completion.answer, A::kUnknown);
    EXPECT_THAT(completion.detail, HasSubstr("unterminated chunk")) << begin;
  }
}

TEST(Exchange, ARedirectIsNotFollowed) {
  Partner other([](Peer& peer, const Request&) { peer.Write(Ok()); });
  for (int status : {301, 302, 303, 307, 308}) {
    const auto completion = TryOf([&](Peer& peer, const Request&) {
      peer.Write(Answer(status, "Location: " + other.Url() + "/try\r\n"));
    });
    EXPECT_EQ(completion.answer, A::kUnknown);
    EXPECT_THAT(completion.detail, HasSubstr("redirect"));
  }
  EXPECT_EQ(other.connections(), 0);
}

TEST(Exchange, ALostConnectionIsUnknownOnceTheRequestWasSent) {
  const auto reset = TryOf([](Peer& peer, const Request&) { peer.Reset(); });
  EXPECT_EQ(reset.answer, A::kUnknown) << reset.detail;
  const auto closed = TryOf([](Peer& peer, const Request&) { peer.Close(); });
  EXPECT_EQ(closed.answer, A::kUnknown);
  EXPECT_EQ(closed.detail, "the connection was closed without a response");
  const auto cut = TryOf([](Peer& peer, const Request&) {
    peer.Write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    peer.Close();
  });
  EXPECT_EQ(cut.answer, A::kUnknown) << "a truncated 200 does not count";
  EXPECT_EQ(cut.detail, "the response was cut off");
}

TEST(Exchange, GarbageIsUnknown) {
  for (const std::string& rubbish :
       {std::string("hello\r\n\r\n"), std::string(100'000, 'x'), std::string("\0\1\2\3\r\n\r\n", 8),
        std::string("HTTP/1.1 2000 OK\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nX: ") + std::string(50'000, 'x') + "\r\n\r\n",
        std::string("HTTP/1.1 101 Switching\r\n\r\n"), std::string("SSH-2.0-OpenSSH\r\n")}) {
    const auto completion = TryOf([&](Peer& peer, const Request&) {
      peer.Write(rubbish);
      peer.Close();
    });
    EXPECT_EQ(completion.answer, A::kUnknown) << rubbish.substr(0, 40);
  }
}

TEST(Exchange, InformationalAnswersPrecedeTheAnswerButNotForEver) {
  const auto hints = TryOf([](Peer& peer, const Request&) {
    peer.Write("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n" +
               Answer(201));
  });
  EXPECT_EQ(hints.answer, A::kDone);
  EXPECT_EQ(hints.status, 201);
  const auto endless = TryOf([](Peer& peer, const Request&) {
    while (peer.Write("HTTP/1.1 103 Early Hints\r\n\r\n")) continue;
  });
  EXPECT_EQ(endless.answer, A::kUnknown);
}

TEST(Exchange, AnAnswerWithoutALengthEndsWithTheConnection) {
  const auto completion = TryOf([](Peer& peer, const Request&) {
    peer.Write("HTTP/1.0 200 OK\r\n\r\nall is well");
    peer.Close();
  });
  EXPECT_EQ(completion.answer, A::kDone) << completion.detail;
}

TEST(Exchange, ReturnsWhenAReservationEnds) {
  const auto completion = TryOf([](Peer& peer, const Request&) {
    peer.Write(Answer(200, "assent-expires: 2026-01-31T12:00:00.5Z\r\n"));
  });
  EXPECT_EQ(completion.answer, A::kDone);
  EXPECT_EQ(completion.expires_at, ParseTime("2026-01-31T12:00:00.500Z"));
}

TEST(Exchange, TheDeadlineBindsATry) {
  Partner partner([](Peer& peer, const Request&) { peer.WaitForClose(); });
  Adapter adapter;  // its own timeout is ten seconds
  auto call = adapter.Make(Operation::kTry, partner.Url());
  call.time_left = milliseconds(100);
  const auto completion = adapter.completions().Wait(adapter.Start(call));
  EXPECT_EQ(completion.answer, A::kUnknown);
  EXPECT_EQ(adapter.StatusOf(partner.Url()).failures, 0u)
      << "a short deadline proves nothing about the partner";
  call = adapter.Make(Operation::kTry, partner.Url());
  call.time_left = milliseconds(-1);
  EXPECT_EQ(adapter.completions().Wait(adapter.Start(call)).answer, A::kNotSent);
  EXPECT_EQ(partner.requests(), 1);
}

// One timer serves all calls of a connection, in whatever order they are due.
TEST(Exchange, EachCallOnAKeptConnectionHasItsOwnTime) {
  Partner partner([](Peer& peer, const Request& request) {
    if (request.head.starts_with("POST /silent/")) return peer.WaitForClose();
    if (request.head.starts_with("POST /slow/")) peer.Pause(milliseconds(400));
    peer.Write(Ok());
  });
  Adapter adapter;
  const auto try_within = [&](const std::string& path, Duration left) {
    auto call = adapter.Make(Operation::kTry, partner.Url() + path);
    call.time_left = left;
    return adapter.completions().Wait(adapter.Start(call)).answer;
  };
  EXPECT_EQ(try_within("", milliseconds(200)), A::kDone);
  EXPECT_EQ(try_within("/slow", seconds(20)), A::kDone);
  EXPECT_EQ(try_within("/silent", milliseconds(100)), A::kUnknown);
  EXPECT_EQ(partner.connections(), 1);
}

TEST(Exchange, ConfirmAndCancelAreNeverTooLate) {
  std::promise<std::string> head;
  Partner partner([&](Peer& peer, const Request& request) {
    if (request.head.find("confirm") != std::string::npos) head.set_value(request.head);
    peer.Write(Ok());
  });
  Adapter adapter;
  for (Operation operation : {Operation::kConfirm, Operation::kCancel}) {
    auto call = adapter.Make(operation, partner.Url());
    call.time_left = seconds(-100);
    EXPECT_EQ(adapter.completions().Wait(adapter.Start(call)).answer, A::kDone);
  }
  EXPECT_THAT(head.get_future().get(), HasSubstr("\r\nAssent-Timeout-Ms: 0\r\n"));
}

TEST(Exchange, TheAddressesOfANameAreTriedInTurn) {
  Partner partner([](Peer& peer, const Request&) { peer.Write(Ok()); });
  HttpOptions options;
  options.allow = {"http://partner.test:*"};
  // The partner listens only on the last one.
  options.addresses["partner.test"] = {"::1", "127.0.0.2", "127.0.0.1"};
  Adapter adapter(std::move(options));
  const auto completion = adapter.Try(partner.Url("partner.test"));
  EXPECT_EQ(completion.answer, A::kDone) << completion.detail;
}

// Options under which partner.test has these addresses, in this order.
HttpOptions Known(std::vector<std::string> addresses) {
  HttpOptions options;
  options.allow = {"http://partner.test:*"};
  options.addresses["partner.test"] = std::move(addresses);
  options.connect_timeout = milliseconds(1'500);
  options.limiter.failures_to_back_off = 1'000;
  return options;
}

TEST(Exchange, ASilentAddressDoesNotUseUpTheTimeOfTheOthers) {
  Partner partner([](Peer& peer, const Request&) { peer.Write(Ok()); });
  SilentAddress silent("127.0.0.2", partner.port());
  for (const auto& addresses : {std::vector<std::string>{"127.0.0.2", "127.0.0.1"},
                                std::vector<std::string>{"127.0.0.2", "127.0.0.3", "127.0.0.1"},
                                std::vector<std::string>{"127.0.0.3", "127.0.0.2", "127.0.0.1"}}) {
    Adapter adapter(Known(addresses));
    const auto completion = adapter.Try(partner.Url("partner.test"));
    EXPECT_EQ(completion.answer, A::kDone) << completion.detail;
    // The connection is kept: later calls do not try the silent address.
    EXPECT_EQ(adapter.Try(partner.Url("partner.test")).answer, A::kDone);
    ASSERT_TRUE(test::Eventually(
        seconds(20), [&] { return adapter.StatusOf(partner.Url("partner.test")).idle == 1; }));
    EXPECT_EQ(adapter.StatusOf(partner.Url("partner.test")).connects, 1u);
    EXPECT_EQ(adapter.StatusOf(partner.Url("partner.test")).failures, 0u);
  }
}

TEST(Exchange, ANameOfWhichNoAddressAnswersIsNotSent) {
  Partner partner([](Peer& peer, const Request&) { peer.Write(Ok()); });
  SilentAddress silent("127.0.0.2", partner.port()), other("127.0.0.4", partner.port());
  const std::pair<std::vector<std::string>, const char*> cases[] = {
      {{"127.0.0.2", "127.0.0.4"}, "cannot connect: connection timed out"},
      {{"127.0.0.3", "127.0.0.2"}, "cannot connect: connection timed out"},
      {{"127.0.0.2", "127.0.0.3"}, "cannot connect: Connection refused"},
      {{"127.0.0.3", "127.0.0.5"}, "cannot connect: Connection refused"}};
  for (const auto& [addresses, detail] : cases) {
    Adapter adapter(Known(addresses));
    const auto completion = adapter.Try(partner.Url("partner.test"));
    EXPECT_EQ(completion.answer, A::kNotSent) << addresses[0] << ", " << addresses[1];
    EXPECT_EQ(completion.detail, detail) << addresses[0] << ", " << addresses[1];
    ASSERT_TRUE(test::Eventually(
        seconds(20), [&] { return adapter.StatusOf(partner.Url("partner.test")).failures == 1; }));
    EXPECT_EQ(adapter.StatusOf(partner.Url("partner.test")).connects, 0u);
  }
  EXPECT_EQ(partner.connections(), 0);
}

TEST(Exchange, ANameWithoutAnAddressIsNotSent) {
  HttpOptions options;
  options.allow = {"http://partner.invalid"};
  Adapter adapter(std::move(options));
  const auto completion = adapter.Try("http://partner.invalid");
  EXPECT_EQ(completion.answer, A::kNotSent) << completion.detail;
}

TEST(Exchange, ACallThatIsNotAllowedIsNotSent) {
  Adapter adapter;
  const auto foreign = adapter.Try("http://203.0.113.1/vouchers");
  EXPECT_EQ(foreign.answer, A::kNotSent);
  EXPECT_THAT(foreign.detail, StartsWith("try_url is not allowed"));
  Partner partner([](Peer& peer, const Request&) { peer.Write(Ok()); });
  auto call = adapter.Make(Operation::kTry, partner.Url());
  call.gid = "a\r\nX-Admin: yes";
  EXPECT_EQ(adapter.completions().Wait(adapter.Start(call)).answer, A::kNotSent);
  EXPECT_EQ(partner.connections(), 0);
}

}  // namespace
}  // namespace assent::http
