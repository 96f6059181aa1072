// SPDX-License-Identifier: Apache-2.0
// Many calls to one endpoint: connection reuse, the limiter, cancelling calls, stopping.
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "participants/http/partner_fixture.h"
#include "participants/http/testing.h"
#include "tests/support/temp.h"

namespace assent::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using tcc::Health;
using tcc::Operation;
using testing::HasSubstr;
using A = tcc::Answer;

void AnswerOk(Peer& peer, const Request&) { peer.Write(Ok()); }
void SaySilent(Peer& peer, const Request&) { peer.WaitForClose(); }

bool Soon(const std::function<bool()>& predicate) {
  return test::Eventually(seconds(20), predicate);
}

TEST(Connections, AreKeptForTheNextCall) {
  Partner partner(AnswerOk);
  Adapter adapter;
  for (int i = 0; i < 10; ++i) EXPECT_EQ(adapter.Try(partner.Url()).answer, A::kDone);
  EXPECT_EQ(partner.connections(), 1);
  EXPECT_EQ(partner.requests(), 10);
  ASSERT_TRUE(Soon([&] { return adapter.StatusOf(partner.Url()).idle == 1; }));
  const auto status = adapter.StatusOf(partner.Url());
  EXPECT_EQ(status.connects, 1u);
  EXPECT_EQ(status.requests, 10u);
  EXPECT_EQ(status.in_flight, 0u);
}

TEST(Connections, AreNotUsedAgainWhereThePartnerSaysSo) {
  Partner partner(
      [](Peer& peer, const Request&) { peer.Write(Answer(200, "Connection: close\r\n")); });
  Adapter adapter;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(adapter.Try(partner.Url()).answer, A::kDone);
  EXPECT_EQ(partner.connections(), 3);
}

// Otherwise an unrequested answer would be taken for the next call's.
TEST(Connections, OnWhichSomethingCameUnaskedAreNotUsedAgain) {
  Partner partner([](Peer& peer, const Request&) { peer.Write(Ok() + Answer(409)); });
  Adapter adapter;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(adapter.Try(partner.Url()).answer, A::kDone);
  EXPECT_EQ(partner.connections(), 3);
}

TEST(Connections, ThatThePartnerClosedAreNoticedWhileTheyAreIdle) {
  Partner partner([](Peer& peer, const Request&) {
    peer.Write(Ok());
    peer.Close();
  });
  Adapter adapter;
  for (uint64_t i = 1; i <= 3; ++i) {
    EXPECT_EQ(adapter.Try(partner.Url()).answer, A::kDone) << i;
    ASSERT_TRUE(Soon([&] {  // this call's connection is kept before its status is published
      const tcc::EndpointStatus status = adapter.StatusOf(partner.Url());
      return status.requests == i && status.in_flight == 0 && status.idle == 0;
    }));
  }
  EXPECT_EQ(partner.connections(), 3);
}

TEST(Connections, ThatNobodyUsesAreClosed) {
  Partner partner(AnswerOk);
  HttpOptions options;
  options.idle_timeout = milliseconds(40);
  Adapter adapter(std::move(options));
  EXPECT_EQ(adapter.Try(partner.Url()).answer, A::kDone);
  EXPECT_TRUE(Soon([&] { return adapter.StatusOf(partner.Url()).idle == 0; }));
}

// An unresponsive partner delays its own calls and no others.
TEST(Endpoints, DoNotWaitForEachOther) {
  Partner silent(SaySilent), good(AnswerOk);
  Adapter adapter;
  std::vector<uint64_t> stuck;
  for (int i = 0; i < 200; ++i) stuck.push_back(adapter.Start(Operation::kTry, silent.Url()));
  ASSERT_TRUE(Soon([&] { return adapter.StatusOf(silent.Url()).waiting == 200 - 64; }));
  EXPECT_EQ(adapter.StatusOf(silent.Url()).in_flight, 64u);
  EXPECT_EQ(adapter.Try(good.Url()).answer, A::kDone);
  for (uint64_t call : stuck) EXPECT_EQ(adapter.completions().Count(call), 0);
}

TEST(Endpoints, HaveALaneForPhaseTwoThatTriesDoNotFill) {
  Partner partner([](Peer& peer, const Request& request) {
    request.head.starts_with("POST /try ") ? peer.WaitForClose() : void(peer.Write(Ok()));
  });
  HttpOptions options;
  options.limiter.max_in_flight = 2;
  Adapter adapter(std::move(options));
  for (int i = 0; i < 5; ++i) adapter.Start(Operation::kTry, partner.Url());
  EXPECT_EQ(adapter.Ask(Operation::kCancel, partner.Url()).answer, A::kDone);
}

// The open file limit is divided: the rest is reserved for the log and the databases.
TEST(Endpoints, HaveNoMoreSocketsTogetherThanTheirShare) {
  std::optional<Partner> silent(SaySilent);
  Partner good(AnswerOk);
  HttpOptions options;
  options.sockets = std::make_shared<SocketShare>(2);
  Adapter adapter(std::move(options));
  std::vector<uint64_t> stuck;
  for (int i = 0; i < 2; ++i) stuck.push_back(adapter.Start(Operation::kTry, silent->Url()));
  ASSERT_TRUE(Soon([&] { return adapter.StatusOf(silent->Url()).in_flight == 2; }));
  const auto refused = adapter.Try(good.Url());
  EXPECT_EQ(refused.answer, A::kNotSent);
  EXPECT_THAT(refused.detail, HasSubstr("2 connections to partners are open"));
  silent.reset();
  for (uint64_t call : stuck) (void)adapter.completions().Wait(call);
  EXPECT_TRUE(Soon([&] { return adapter.Try(good.Url()).answer == A::kDone; }));
}

TEST(Endpoints, BoundWhatWaits) {
  Partner partner(SaySilent);
  HttpOptions options;
  options.limiter.max_in_flight = 1;
  options.max_waiting = 2;
  Adapter adapter(std::move(options));
  for (int i = 0; i < 3; ++i) adapter.Start(Operation::kTry, partner.Url());
  const auto completion = adapter.Try(partner.Url());
  EXPECT_EQ(completion.answer, A::kNotSent);
  EXPECT_THAT(completion.detail, HasSubstr("2 calls to " + partner.Url() + " are already waiting"));
}

TEST(Endpoints, ReturnATryWhoseDeadlinePassesWhileItWaits) {
  Partner partner(SaySilent);
  HttpOptions options;
  options.limiter.max_in_flight = 1;
  Adapter adapter(std::move(options));
  adapter.Start(Operation::kTry, partner.Url());
  auto call = adapter.Make(Operation::kTry, partner.Url());
  call.time_left = milliseconds(50);
  EXPECT_EQ(adapter.completions().Wait(adapter.Start(call)).answer, A::kNotSent);
  EXPECT_EQ(partner.requests(), 1);
}

TEST(Limits, BackOffFromAPartnerThatFailsAndProbeIt) {
  std::atomic<bool> is_well = false;
  Partner partner([&](Peer& peer, const Request&) { peer.Write(is_well ? Ok() : Answer(500)); });
  HttpOptions options;
  options.limiter.back_off_first = options.limiter.back_off_cap = milliseconds(300);
  Adapter adapter(std::move(options));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(adapter.Try(partner.Url()).answer, A::kUnknown);
  ASSERT_TRUE(Soon([&] { return adapter.StatusOf(partner.Url()).health == Health::kBackingOff; }));
  auto status = adapter.StatusOf(partner.Url());
  EXPECT_EQ(status.failures, 3u);
  EXPECT_EQ(status.detail, "answered 500");
  EXPECT_EQ(status.back_off, milliseconds(300));

  const auto turned_away = adapter.Try(partner.Url());
  EXPECT_EQ(turned_away.answer, A::kNotSent);
  EXPECT_THAT(turned_away.detail, HasSubstr("is in backoff: answered 500"));
  EXPECT_GT(turned_away.retry_after, Duration(0));

  // A later try is the probe, and the partner answers it.
  is_well = true;
  ASSERT_TRUE(Soon([&] { return adapter.Try(partner.Url()).answer == A::kDone; }));
  ASSERT_TRUE(Soon([&] { return adapter.StatusOf(partner.Url()).health == Health::kUp; }));
  EXPECT_EQ(adapter.StatusOf(partner.Url()).failures, 0u);
}

TEST(Limits, LetAConfirmWaitAndProbe) {
  std::atomic<bool> is_well = false;
  Partner partner([&](Peer& peer, const Request&) { peer.Write(is_well ? Ok() : Answer(500)); });
  HttpOptions options;
  options.limiter.back_off_first = options.limiter.back_off_cap = milliseconds(100);
  Adapter adapter(std::move(options));
  const auto confirm = [&] { return adapter.Ask(Operation::kConfirm, partner.Url()).answer; };
  for (int i = 0; i < 3; ++i) EXPECT_EQ(confirm(), A::kUnknown);
  ASSERT_TRUE(Soon([&] { return adapter.StatusOf(partner.Url()).health == Health::kBackingOff; }));
  is_well = true;
  EXPECT_EQ(confirm(), A::kDone);
}

TEST(Limits, KeepTriesGoingBesideConfirmsThatAlwaysFail) {
  Partner partner([&](Peer& peer, const Request& request) {
    peer.Write(request.head.starts_with("POST /try ") ? Ok() : Answer(500));
  });
  Adapter adapter;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(adapter.Ask(Operation::kConfirm, partner.Url()).answer, A::kUnknown);
  }
  ASSERT_TRUE(Soon([&] { return adapter.StatusOf(partner.Url()).health == Health::kBackingOff; }));
  EXPECT_EQ(adapter.Try(partner.Url()).answer, A::kDone);
}

TEST(Limits, ShowTheProbeWhileItIsUnderWayAndTheBackOffThatItsFailureDoubles) {
  std::atomic<bool> is_silent = false;
  Partner partner([&](Peer& peer, const Request&) {
    is_silent ? peer.WaitForClose() : void(peer.Write(Answer(500)));
  });
  HttpOptions options;
  options.limiter.back_off_first = milliseconds(50);
  Adapter adapter(std::move(options));
  for (int i = 0; i < 3; ++i) adapter.Ask(Operation::kConfirm, partner.Url());
  ASSERT_TRUE(Soon([&] { return adapter.StatusOf(partner.Url()).health == Health::kBackingOff; }));
  EXPECT_EQ(adapter.StatusOf(partner.Url()).back_off, milliseconds(50));

  is_silent = true;
  const uint64_t confirm = adapter.Start(Operation::kConfirm, partner.Url());
  ASSERT_TRUE(Soon([&] { return adapter.StatusOf(partner.Url()).health == Health::kProbing; }));
  auto status = adapter.StatusOf(partner.Url());
  EXPECT_EQ(status.in_flight, 1u);
  EXPECT_EQ(status.failures, 3u);
  EXPECT_EQ(status.back_off, milliseconds(50));
  const uint64_t another = adapter.Start(Operation::kConfirm, partner.Url());
  ASSERT_TRUE(Soon([&] { return adapter.StatusOf(partner.Url()).waiting == 1; }))
      << "one call is the probe";
  adapter.partners().Cancel(another);
  EXPECT_EQ(adapter.completions().Wait(another).answer, A::kNotSent);
  EXPECT_EQ(adapter.completions().Count(confirm), 0);

  // We cancelled it, which proves nothing about the partner.
  adapter.partners().Cancel(confirm);
  ASSERT_TRUE(Soon([&] { return adapter.StatusOf(partner.Url()).health == Health::kBackingOff; }));
  EXPECT_EQ(adapter.StatusOf(partner.Url()).failures, 3u);

  is_silent = false;
  EXPECT_EQ(adapter.Ask(Operation::kConfirm, partner.Url()).answer, A::kUnknown);
  ASSERT_TRUE(Soon([&] { return adapter.StatusOf(partner.Url()).failures == 4; }));
  status = adapter.StatusOf(partner.Url());
  EXPECT_EQ(status.health, Health::kBackingOff);
  EXPECT_EQ(status.back_off, milliseconds(100));
}

// The partner set the time itself: there is no backoff of ours to show.
TEST(Limits, ShowAPartnerThatSentRetryAfter) {
  Partner partner(
      [](Peer& peer, const Request&) { peer.Write(Answer(503, "Retry-After: 60\r\n")); });
  Adapter adapter;
  EXPECT_EQ(adapter.Try(partner.Url()).answer, A::kLater);
  ASSERT_TRUE(Soon([&] { return adapter.StatusOf(partner.Url()).health == Health::kBackingOff; }));
  const auto status = adapter.StatusOf(partner.Url());
  EXPECT_EQ(status.failures, 1u);
  EXPECT_EQ(status.back_off, Duration(0));
  EXPECT_EQ(status.detail, "answered 503");
}

TEST(Limits, HoldNoConfirmBackBeyondTheCap) {
  std::atomic<int> confirms = 0;
  Partner partner([&](Peer& peer, const Request&) {
    peer.Write(++confirms == 1 ? Answer(503, "Retry-After: 60\r\n") : Ok());
  });
  HttpOptions options;
  options.limiter.hold_at_most = milliseconds(100);
  Adapter adapter(std::move(options));
  const auto confirm = [&] { return adapter.Ask(Operation::kConfirm, partner.Url()).answer; };
  EXPECT_EQ(confirm(), A::kLater);
  EXPECT_EQ(confirm(), A::kDone) << "although it requested a minute";
  EXPECT_EQ(confirms, 2);
}

TEST(Cancels, EndACallThatIsUnderWayAndOneThatWaits) {
  Partner partner(SaySilent);
  HttpOptions options;
  options.limiter.max_in_flight = 1;
  Adapter adapter(std::move(options));
  const uint64_t sent = adapter.Start(Operation::kTry, partner.Url());
  const uint64_t waiting = adapter.Start(Operation::kTry, partner.Url());
  ASSERT_TRUE(Soon([&] { return partner.requests() == 1; }));
  adapter.partners().Cancel(waiting);
  EXPECT_EQ(adapter.completions().Wait(waiting).answer, A::kNotSent);
  adapter.partners().Cancel(sent);
  EXPECT_EQ(adapter.completions().Wait(sent).answer, A::kUnknown);
  ASSERT_TRUE(Soon([&] { return adapter.StatusOf(partner.Url()).in_flight == 0; }));
  EXPECT_EQ(adapter.StatusOf(partner.Url()).failures, 0u) << "we cancelled it";
  adapter.partners().Cancel(sent);  // already answered: nothing happens
  adapter.partners().Cancel(4'711);
  EXPECT_EQ(adapter.completions().Count(sent), 1);
}

TEST(Stop, AnswersEveryCallOnceAndTakesNoMore) {
  Partner partner(SaySilent);
  HttpOptions options;
  options.limiter.max_in_flight = 1;
  options.threads = 2;
  Adapter adapter(std::move(options));
  std::vector<uint64_t> calls;
  for (int i = 0; i < 20; ++i) calls.push_back(adapter.Start(Operation::kTry, partner.Url()));
  ASSERT_TRUE(Soon([&] { return partner.requests() == 1; }));
  adapter.partners().Stop();
  calls.push_back(adapter.Start(Operation::kConfirm, partner.Url()));
  int unknown = 0;
  for (uint64_t call : calls) {
    ASSERT_EQ(adapter.completions().Count(call), 1);
    const A answer = adapter.completions().Wait(call).answer;
    EXPECT_TRUE(answer == A::kUnknown || answer == A::kNotSent);
    unknown += answer == A::kUnknown ? 1 : 0;
  }
  EXPECT_EQ(unknown, 1);
}

// Good, failing and dying partners, called from several threads and cancelled at random: each call
// is answered once.
TEST(Stop, AnswersEveryCallOnceUnderConcurrentLoad) {
  std::atomic<int> turn = 0;
  Partner partner([&](Peer& peer, const Request&) {
    switch (turn++ % 5) {
      case 0: peer.Reset(); break;
      case 1: peer.Write(Answer(503)); break;
      case 2: peer.Write(Ok() + "x"); break;
      default: peer.Write(Ok()); break;
    }
  });
  HttpOptions options;
  options.limiter.max_in_flight = 4;
  options.limiter.failures_to_back_off = 1'000'000;
  Adapter adapter(std::move(options));
  constexpr int kThreads = 3, kCalls = 200;
  std::vector<tcc::Call> calls;
  for (int i = 0; i < kThreads * kCalls; ++i) {
    calls.push_back(adapter.Make(static_cast<Operation>(i % 3), partner.Url()));
  }
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < kCalls; ++i) {
        const tcc::Call& call = calls[static_cast<size_t>(thread * kCalls + i)];
        adapter.partners().Submit(call);
        if (i % 7 == 0) adapter.partners().Cancel(call.call);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_TRUE(Soon([&] { return turn > 50; }));
  adapter.partners().Stop();
  for (const tcc::Call& call : calls) EXPECT_EQ(adapter.completions().Count(call.call), 1);
}

TEST(Check, NamesTheFieldAndWhatIsWrong) {
  Adapter adapter;
  const tcc::Partners& partners = adapter.partners();
  EXPECT_TRUE(partners.Check("http://127.0.0.1:9101/vouchers", "url"));
  const std::string field = "atomic.branches[2].tcc.url";
  const std::tuple<const char*, ErrorCode, const char*> cases[] = {
      {"vouchers", ErrorCode::kInvalid, "not a valid URL"},
      {"ftp://127.0.0.1/", ErrorCode::kInvalid, "scheme"},
      {"http://me:pass@127.0.0.1/", ErrorCode::kInvalid, "credentials"},
      {"http://203.0.113.1/x", ErrorCode::kDenied, "not allowed"}};
  for (const auto& [url, code, word] : cases) {
    auto checked = partners.Check(url, field);
    ASSERT_FALSE(checked) << url;
    EXPECT_EQ(checked.error().code, code) << url;
    EXPECT_EQ(checked.error().field, field);
    EXPECT_THAT(checked.error().message, HasSubstr(word));
  }
}

TEST(Options, ThatAreWrongAreNamed) {
  HttpOptions options;
  options.allow = {"everywhere"};
  EXPECT_EQ(MakePartners(options).error().field, "allow");
  options = {};
  options.signing = {{"http://127.0.0.1", {"secret"}}};
  const Error error = MakePartners(options).error();
  EXPECT_EQ(error.field, "signing");
  EXPECT_THAT(error.message, Not(HasSubstr(" secret:")));
}

}  // namespace
}  // namespace assent::http
