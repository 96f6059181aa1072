// SPDX-License-Identifier: Apache-2.0
// Partners that are enlisted one by one: tries, votes of clients, and requests that arrive too
// late.
#include <gtest/gtest.h>

#include "coordinator/interactive_fixture.h"

namespace assent::coordinator {
namespace {

using core::Operation;
using tcc::Operation::kCancel;
using tcc::Operation::kConfirm;
using tcc::Operation::kTry;

TEST(PartnersOneByOne, EnlistedOneByOneEachIsDurableBeforeItsTry) {
  ShardFixture test;
  Interactive tx(test);
  const size_t hotel = tx.EnlistPartner("hotel");
  EXPECT_EQ(test.LogKinds(), "enlist");
  EXPECT_TRUE(test.partners.calls.empty());
  test.FlushLog();
  test.Reply("hotel", kTry);
  EXPECT_EQ(test.StatusOf(hotel), 200);
  EXPECT_EQ(test.StatusOf(tx.EnlistPartner("hotel")), 200)
      << "a repeated enlist is the same branch";
  EXPECT_EQ(test.LogKinds(), "enlist");
  const size_t committed = tx.Commit();
  test.FlushLog();
  test.Reply("hotel", kConfirm);
  EXPECT_EQ(test.StatusOf(committed), 200);
}

TEST(PartnersOneByOne, ABranchWithTheSameNameAndOtherUrlsIsRefused) {
  ShardFixture test;
  Interactive tx(test);
  tx.EnlistPartner("hotel");
  test.FlushLog();
  test.Reply("hotel", kTry);
  EXPECT_EQ(test.StatusOf(tx.EnlistPartner("hotel", true)), 409);
}

TEST(PartnersOneByOne, CommitWaitsForTheVoteOfAClientThatCallsTheTry) {
  ShardFixture test;
  Interactive tx(test);
  const size_t hotel = tx.EnlistPartner("hotel", true);
  EXPECT_EQ(test.StatusOf(tx.Vote("hotel", v1::VoteRequest::PREPARED)), 409)
      << "not durable yet: it must not be called";
  test.FlushLog();
  EXPECT_EQ(test.StatusOf(hotel), 200);
  EXPECT_TRUE(test.partners.calls.empty());
  const size_t early = tx.Commit();
  ASSERT_EQ(test.StatusOf(early), 409);
  EXPECT_EQ(ProblemOf(test.AnswerOf(early)).title(), "Vote missing");
  EXPECT_EQ(test.StatusOf(tx.Vote("nobody", v1::VoteRequest::PREPARED)), 404);
  EXPECT_EQ(test.StatusOf(tx.Vote("hotel", v1::VoteRequest::PREPARED)), 200);
  EXPECT_EQ(test.StatusOf(tx.Vote("hotel", v1::VoteRequest::PREPARED)), 200) << "a repeated vote";
  EXPECT_EQ(test.StatusOf(tx.Vote("hotel", v1::VoteRequest::REFUSED)), 409);
  const size_t committed = tx.Commit();
  test.FlushLog();
  test.Reply("hotel", kConfirm);
  EXPECT_EQ(test.StatusOf(committed), 200);
}

TEST(PartnersOneByOne, AVoteAgainstRollsBackAndCancelsWhatTheClientMayHaveTriedTwice) {
  ShardFixture test;
  Interactive tx(test);
  tx.EnlistPartner("hotel", true);
  test.FlushLog();
  const size_t vote = tx.Vote("hotel", v1::VoteRequest::REFUSED);
  test.Reply("hotel", kCancel);
  test.FlushLog();
  EXPECT_EQ(test.StatusOf(vote), 200) << "the client wanted it";
  EXPECT_EQ(ViewOf(test.AnswerOf(vote)).outcome(), v1::ROLLED_BACK);
  EXPECT_EQ(test.StatusOf(tx.EnlistPartner("late")), 409);
}

TEST(PartnersOneByOne, AVoteForABranchThatTheCoordinatorCallsIsRefused) {
  ShardFixture test;
  Interactive tx(test);
  tx.EnlistPartner("hotel");
  test.FlushLog();
  EXPECT_EQ(test.StatusOf(tx.Vote("hotel", v1::VoteRequest::PREPARED)), 409);
}

// A client that lost the answer to a run repeats it after the transaction was rolled back: the
// answer does not wait for a partner that may never answer its cancel.
TEST(PartnersOneByOne, ARunRepeatedAfterTheDecisionIsAnsweredImmediately) {
  ShardFixture test;
  Interactive tx(test);
  tx.EnlistPartner("hotel");
  test.FlushLog();
  test.Reply("hotel", kTry);
  tx.EnlistResource("pc", "a");
  test.Reply(test.a, Operation::kOpen);
  tx.Run("pc");
  test.Reply(test.a, Operation::kRun);
  tx.RollBack();
  const size_t undecided = tx.Run("pc");
  EXPECT_EQ(test.StatusOf(undecided), 0) << "answered once it is durable";
  test.FlushLog();
  EXPECT_EQ(test.StatusOf(undecided), 409);
  EXPECT_EQ(test.StatusOf(tx.Run("pc")), 409);
  ASSERT_EQ(test.partners.calls.size(), 1u) << "its cancel has no answer yet";
}

// After a crash, only the partners of an undecided transaction are known.
TEST(PartnersOneByOne, ARequestForAnUnknownBranchGetsTheOutcome) {
  ShardFixture test;
  Interactive tx(test);
  tx.EnlistPartner("hotel");
  test.FlushLog();
  test.Reply("hotel", kTry);
  EXPECT_EQ(test.StatusOf(tx.Run("pc")), 404);
  EXPECT_EQ(test.StatusOf(tx.Vote("pc", v1::VoteRequest::PREPARED)), 404);
  tx.RollBack();
  test.FlushLog();
  const size_t late = tx.Run("pc");
  ASSERT_EQ(test.StatusOf(late), 409);
  EXPECT_EQ(ProblemOf(test.AnswerOf(late)).type(), "urn:assent:rolled-back");
  EXPECT_EQ(test.StatusOf(tx.Vote("pc", v1::VoteRequest::PREPARED)), 409);
}

TEST(PartnersOneByOne, AVoteForAnUnknownBranchOfACommittedTransactionIsAProblem) {
  ShardFixture test;
  Interactive tx(test);
  tx.EnlistPartner("hotel");
  test.FlushLog();
  test.Reply("hotel", kTry);
  tx.Commit();
  test.FlushLog();
  ASSERT_EQ(test.partners.calls.size(), 1u) << "its confirm has no answer yet";
  const size_t vote = tx.Vote("flight", v1::VoteRequest::PREPARED);
  ASSERT_EQ(test.StatusOf(vote), 409);
  EXPECT_EQ(ProblemOf(test.AnswerOf(vote)).type(), "urn:assent:already-decided");
}

TEST(PartnersOneByOne, AYesAfterTheRollBackIsAnsweredAsRolledBack) {
  ShardFixture test;
  Interactive tx(test);
  const size_t enlisted = tx.EnlistPartner("hotel");
  test.FlushLog();
  tx.RollBack();
  test.Reply("hotel", kTry);
  EXPECT_EQ(test.StatusOf(enlisted), 0) << "answered once it is durable";
  test.FlushLog();
  EXPECT_EQ(test.StatusOf(enlisted), 409);
}

}  // namespace
}  // namespace assent::coordinator
