// SPDX-License-Identifier: Apache-2.0
// Partners of a one-call transaction: what must be durable before a call is sent, and what clients
// see.
#include <gtest/gtest.h>

#include "coordinator/interactive_fixture.h"

namespace assent::coordinator {
namespace {

using core::Operation;
using tcc::Answer;
using tcc::Operation::kCancel;
using tcc::Operation::kConfirm;
using tcc::Operation::kTry;

TEST(Partners, NoTryGoesOutBeforeTheOpenRecordIsDurable) {
  ShardFixture test;
  const size_t request = test.Send(OneCall("g", {"hotel", "flight"}, false));
  EXPECT_EQ(test.LogKinds(), "open");
  EXPECT_EQ(test.log.urgencies.at(0), log::Urgency::kForce);
  EXPECT_TRUE(test.partners.calls.empty());
  test.FlushLog();
  ASSERT_EQ(test.partners.calls.size(), 2u);
  const tcc::Call& call = test.partners.calls.front();
  EXPECT_EQ(call.urls->try_url, "http://127.0.0.1:9101/hotel/try");
  EXPECT_EQ(call.payload->bytes, "{\"n\":1}");
  EXPECT_EQ(call.gid, "g");
  EXPECT_EQ(call.attempt, 1u);
  EXPECT_FALSE(call.try_sent_before);
  test.Reply("hotel", kTry);
  test.Reply("flight", kTry);
  EXPECT_EQ(test.LogKinds(), "open commit");
  EXPECT_TRUE(test.partners.calls.empty()) << "no confirm before the decision is durable";
  test.FlushLog();
  test.Reply("hotel", kConfirm);
  EXPECT_EQ(test.StatusOf(request), 0);
  test.Reply("flight", kConfirm);
  ASSERT_EQ(test.StatusOf(request), 200);
  const v1::Transaction& view = ViewOf(test.AnswerOf(request));
  EXPECT_EQ(view.outcome(), v1::COMMITTED);
  EXPECT_EQ(view.branches(0).url(), "http://127.0.0.1:9101/hotel");
  EXPECT_EQ(view.branches(0).resource(), "");
  EXPECT_EQ(test.LogKinds(), "open commit end");
}

TEST(Partners, TriesPrecedeSqlAndOneDecisionCoversBoth) {
  ShardFixture test;
  const size_t request = test.Send(OneCall("g", {"hotel"}, true));
  test.FlushLog();
  EXPECT_TRUE(test.a.calls.empty());
  test.Reply("hotel", kTry);
  test.Reply(test.a, Operation::kOpen);
  test.Reply(test.a, Operation::kRun);
  test.Reply(test.a, Operation::kPrepare);
  EXPECT_EQ(test.LogKinds(), "open commit");
  test.FlushLog();
  test.Reply("hotel", kConfirm);
  test.Reply(test.a, Operation::kCommit);
  EXPECT_EQ(test.StatusOf(request), 200);
}

TEST(Partners, ARefusedTryTouchesNoDatabaseAndIsNotCancelledWhenItWasTheOnlyAttempt) {
  ShardFixture test;
  const size_t request = test.Send(OneCall("g", {"hotel"}, true));
  test.FlushLog();
  test.Reply("hotel", kTry, Answer::kRefused);
  EXPECT_TRUE(test.partners.calls.empty());
  EXPECT_TRUE(test.a.calls.empty());
  test.FlushLog();
  ASSERT_EQ(test.StatusOf(request), 409);
  const v1::Problem& problem = ProblemOf(test.AnswerOf(request));
  EXPECT_EQ(problem.cause().reason(), "PREPARE_REFUSED");
  EXPECT_EQ(problem.cause().branch(), "hotel");
  EXPECT_EQ(problem.cause().decided_by(), "RESOURCE");
  EXPECT_EQ(test.LogKinds(), "open outcome end");
}

TEST(Partners, ARefusalAfterAnAttemptThatMayHaveArrivedIsCancelled) {
  ShardFixture test;
  test.Send(OneCall("g", {"hotel"}, false));
  test.FlushLog();
  test.Reply("hotel", kTry, Answer::kUnknown);
  EXPECT_TRUE(test.partners.calls.empty()) << "not immediately";
  test.Advance(std::chrono::seconds(1));
  ASSERT_EQ(test.partners.calls.size(), 1u);
  EXPECT_EQ(test.partners.calls.front().attempt, 2u);
  EXPECT_TRUE(test.partners.calls.front().try_sent_before);
  test.Reply("hotel", kTry, Answer::kRefused);
  test.Reply("hotel", kCancel);
}

TEST(Partners, ATryThatWasNeverSentIsNotCancelled) {
  ShardFixture test;
  test.Send(OneCall("g", {"hotel"}, false));
  test.FlushLog();
  test.Reply("hotel", kTry, Answer::kNotSent);
  test.Advance(std::chrono::seconds(1));
  EXPECT_FALSE(test.partners.calls.front().try_sent_before);
  test.Advance(std::chrono::seconds(30));
  ASSERT_EQ(test.partners.cancelled.size(), 1u) << "the deadline ends the call";
  test.Reply("hotel", kTry, Answer::kNotSent);
  EXPECT_TRUE(test.partners.calls.empty());
}

TEST(Partners, TheDeadlineNamesThePartnerThatWasSilent) {
  ShardFixture test;
  const size_t request = test.Send(OneCall("", {"hotel"}, false));
  test.FlushLog();
  test.Reply("hotel", kTry, Answer::kUnknown);
  test.Advance(std::chrono::seconds(1));
  test.Advance(std::chrono::seconds(30));
  ASSERT_EQ(test.partners.cancelled.size(), 1u) << "the deadline ends the second attempt";
  test.Reply("hotel", kTry, Answer::kUnknown);
  ASSERT_EQ(test.StatusOf(request), 0) << "the request waits for phase two";
  test.Reply("hotel", kCancel);
  ASSERT_EQ(test.StatusOf(request), 409);
  EXPECT_EQ(ProblemOf(test.AnswerOf(request)).cause().reason(), "DEADLINE");
  EXPECT_EQ(ProblemOf(test.AnswerOf(request)).cause().branch(), "hotel");
}

TEST(Partners, ARefusedConfirmNeedsAnOperatorAndIsSentAgain) {
  ShardFixture test;
  const size_t request = test.Send(OneCall("g", {"hotel"}, false));
  test.FlushLog();
  test.Reply("hotel", kTry);
  test.FlushLog();
  test.Reply("hotel", kConfirm, Answer::kRefused);
  test.Advance(std::chrono::seconds(3));
  ASSERT_EQ(test.StatusOf(request), 200);
  EXPECT_EQ(ViewOf(test.AnswerOf(request)).outcome(), v1::COMMITTED);
  EXPECT_EQ(ViewOf(test.AnswerOf(request)).branches(0).state(), v1::BranchView::NEEDS_OPERATOR);
  test.Reply("hotel", kConfirm);
  EXPECT_EQ(test.LogKinds(), "open commit end");
}

TEST(Partners, AReservationThatWouldExpireFirstRollsBack) {
  ShardFixture test;
  const size_t request = test.Send(OneCall("", {"hotel", "flight"}, false));
  test.FlushLog();
  const tcc::Call call = test.partners.calls.front();
  test.partners.calls.pop_front();
  tcc::Completion completion;
  completion.call = call.call;
  completion.operation = call.operation;
  completion.answer = Answer::kDone;
  completion.expires_at = test.clock.Wall() + std::chrono::seconds(5);
  test.shard->OnCompletion(completion);
  test.Advance(std::chrono::milliseconds(3999));
  EXPECT_TRUE(test.partners.cancelled.empty());
  test.Advance(std::chrono::milliseconds(2));
  EXPECT_EQ(test.partners.cancelled.size(), 1u) << "a second before it ends";
  test.Reply("flight", kTry);
  test.Reply("hotel", kCancel);
  test.Reply("flight", kCancel);
  EXPECT_EQ(ProblemOf(test.AnswerOf(request)).cause().reason(), "EXPIRED");
}

// A partner that needs another one enlists it in the transaction of its call.
TEST(Partners, APartnerMayEnlistAnotherWhileItIsBeingTried) {
  ShardFixture test;
  const size_t request = test.Send(OneCall("g", {"hotel"}, true));
  test.FlushLog();
  const std::string transaction = test.partners.calls.front().key.gtrid.ToHex();
  const auto enlist = [&](const std::string& name) {
    Request nested;
    nested.route = Route::kEnlist;
    nested.gid = "g";
    nested.transaction = transaction;
    v1::Branch branch;
    AddPartner(name, &branch);
    nested.body = branch;
    return test.Send(std::move(nested));
  };
  const size_t spa = enlist("spa");
  EXPECT_EQ(test.LogKinds(), "open enlist");
  test.FlushLog();
  const tcc::Call hotel = test.partners.calls.front();
  test.partners.calls.pop_front();
  test.Reply("spa", kTry);
  EXPECT_EQ(test.StatusOf(spa), 200);
  EXPECT_TRUE(test.a.calls.empty()) << "the hotel has not voted";
  test.partners.calls.push_back(hotel);
  test.Reply("hotel", kTry);
  EXPECT_EQ(test.StatusOf(enlist("late")), 409) << "SQL is running";
  test.Reply(test.a, Operation::kOpen);
  test.Reply(test.a, Operation::kRun);
  test.Reply(test.a, Operation::kPrepare);
  test.FlushLog();
  test.Reply(test.a, Operation::kCommit);
  test.Reply("hotel", kConfirm);
  test.Reply("spa", kConfirm);
  EXPECT_EQ(test.StatusOf(request), 200);
}

// The transaction would end before the added statements have run.
TEST(Partners, AOneCallTransactionAcceptsNoSqlAndNoCommit) {
  ShardFixture test;
  const size_t request = test.Execute("g");
  test.Reply(test.a, Operation::kOpen);
  test.Reply(test.b, Operation::kOpen);
  const std::string transaction = test.a.calls.front().xid.gtrid.ToHex();
  const auto send = [&](Route route, auto body) {
    Request other;
    other.route = route;
    other.gid = "g";
    other.branch = "on-a";
    other.transaction = transaction;
    other.body = std::move(body);
    return test.Send(std::move(other));
  };
  const size_t commit = send(Route::kCommit, std::monostate());
  ASSERT_EQ(test.StatusOf(commit), 409);
  EXPECT_EQ(ProblemOf(test.AnswerOf(commit)).type(), "urn:assent:one-call");
  v1::RunRequest run;
  run.set_seq(1);
  run.add_statements()->set_sql("SELECT 1");
  EXPECT_EQ(test.StatusOf(send(Route::kRun, run)), 409);
  v1::Branch branch;
  branch.set_name("more");
  branch.mutable_xa()->set_resource("b");
  EXPECT_EQ(test.StatusOf(send(Route::kEnlist, branch)), 409);
  test.Reply(test.a, Operation::kRun);
  test.Reply(test.b, Operation::kRun);
  test.Reply(test.a, Operation::kPrepare);
  test.Reply(test.b, Operation::kPrepare);
  test.FlushLog();
  test.Reply(test.a, Operation::kCommit);
  test.Reply(test.b, Operation::kCommit);
  EXPECT_EQ(test.StatusOf(request), 200);
}

TEST(Partners, ADeclaredBranchThatIsEnlistedAgainIsAnsweredAtItsYes) {
  ShardFixture test;
  test.Send(OneCall("g", {"hotel", "flight"}, false));
  test.FlushLog();
  ASSERT_EQ(test.partners.calls.size(), 2u);
  Request enlist;
  enlist.route = Route::kEnlist;
  enlist.gid = "g";
  enlist.transaction = test.partners.calls.front().key.gtrid.ToHex();
  v1::Branch branch;
  AddPartner("hotel", &branch);
  enlist.body = branch;
  const size_t again = test.Send(std::move(enlist));
  EXPECT_EQ(test.StatusOf(again), 0) << "its try is in flight";
  test.Reply("hotel", kTry);
  ASSERT_EQ(test.StatusOf(again), 200) << "the flight's own try may wait for this";
  EXPECT_EQ(ViewOf(test.AnswerOf(again)).branches(0).state(), v1::BranchView::PREPARED);
}

}  // namespace
}  // namespace assent::coordinator
