// SPDX-License-Identifier: Apache-2.0
// Transactions whose client pauses between its statements, or sends one too late.
#include <gtest/gtest.h>

#include "coordinator/interactive_fixture.h"

namespace assent::coordinator {
namespace {

using core::Operation;

// Scenario: a statement takes nearly as long as the idle limit; then the client pauses.
TEST(InteractiveTest, CountsTheIdleLimitFromTheAnswerOfALongStatement) {
  ShardFixture test;
  Interactive tx(test, "300s");
  tx.EnlistResource("pc", "a");
  test.Reply(test.a, Operation::kOpen);
  tx.Run("pc");
  test.Advance(std::chrono::seconds(25));
  test.Reply(test.a, Operation::kRun);
  test.Advance(std::chrono::seconds(25));
  EXPECT_TRUE(test.a.calls.empty()) << "the client has paused for 25 seconds, of 30";
  test.Advance(std::chrono::seconds(5));
  ASSERT_EQ(test.a.calls.size(), 1u);
  EXPECT_EQ(test.a.calls.front().operation, Operation::kRollBack);
}

// Scenario: another program still runs statements while this one commits, and afterwards.
TEST(InteractiveTest, AnswersARunThatComesTooLateWithAProblemThatNamesTheOutcome) {
  ShardFixture test;
  Interactive tx(test);
  tx.EnlistResource("pc", "a");
  test.Reply(test.a, Operation::kOpen);
  const size_t first = tx.Run("pc", 1);
  test.Reply(test.a, Operation::kRun);
  EXPECT_EQ(test.StatusOf(first), 200);
  const size_t committing = tx.Commit();
  const size_t late = tx.Run("pc", 2), again = tx.Run("pc", 1);
  EXPECT_EQ(test.StatusOf(late), 0) << "the outcome is not known";
  test.Reply(test.a, Operation::kPrepare);
  test.FlushLog();
  const size_t later = tx.Run("pc", 2);
  test.Reply(test.a, Operation::kCommit);
  EXPECT_EQ(test.StatusOf(committing), 200);
  test.FlushLog();
  for (const size_t number : {late, again, later, tx.Run("pc", 2)}) {
    ASSERT_EQ(test.StatusOf(number), 409) << number;
    EXPECT_EQ(ProblemOf(test.AnswerOf(number)).type(), "urn:assent:already-decided");
    EXPECT_EQ(ProblemOf(test.AnswerOf(number)).outcome(), v1::COMMITTED);
  }
  EXPECT_TRUE(test.a.calls.empty());
}

// The checks of a request find the resource of its branch without the shard.
TEST(InteractiveTest, ChecksTheSqlOfARunOnce) {
  ShardFixture test;
  Interactive tx(test);
  tx.EnlistResource("pc", "a");
  EXPECT_EQ(test.branches.Find(*core::Gtrid::FromHex(tx.transaction()), "pc"), &test.a);
  test.Reply(test.a, Operation::kOpen);
  tx.Run("pc", 1);
  EXPECT_EQ(test.a.checks, 1u);
  test.Reply(test.a, Operation::kRun);
  const size_t wrong = tx.Run("pc", 2, "COMMIT");
  EXPECT_EQ(test.a.checks, 2u);
  ASSERT_EQ(test.StatusOf(wrong), 400);
  EXPECT_EQ(ProblemOf(test.AnswerOf(wrong)).field(), "statements[0].sql");
  tx.RollBack();
  test.Reply(test.a, Operation::kRollBack);
  test.FlushLog();
  EXPECT_EQ(test.branches.size(), 0u);
}

TEST(InteractiveTest, ReportsOtherErrorsOfARunBeforeThoseOfItsSql) {
  ShardFixture test;
  Interactive tx(test);
  tx.EnlistResource("pc", "a");
  EXPECT_EQ(ProblemOf(test.AnswerOf(tx.Run("pc", 1, "COMMIT"))).title(), "Branch busy");
  test.Reply(test.a, Operation::kOpen);
  EXPECT_EQ(ProblemOf(test.AnswerOf(tx.Run("pc", 2, "COMMIT"))).field(), "seq");
}

// Two components use one database under names of their own, and send the same statement.
TEST(InteractiveTest, NeverTakesTheRunOfOneNameForARepeatOfAnother) {
  ShardFixture test;
  Interactive tx(test);
  tx.EnlistResource("shop", "a");
  test.Reply(test.a, Operation::kOpen);
  EXPECT_EQ(test.StatusOf(tx.EnlistResource("stock", "a")), 200);
  tx.Run("shop", 1);
  test.Reply(test.a, Operation::kRun);
  const size_t taken = tx.Run("stock", 1);
  ASSERT_EQ(test.StatusOf(taken), 409) << "the same statement, and yet not the same run";
  EXPECT_NE(ProblemOf(test.AnswerOf(taken)).detail().find("must be 2"), std::string::npos);
  const size_t next = tx.Run("stock", 2);
  test.Reply(test.a, Operation::kRun);
  EXPECT_EQ(test.StatusOf(next), 200);
  EXPECT_EQ(test.StatusOf(tx.Run("stock", 2)), 200) << "a repeat";
  EXPECT_EQ(test.StatusOf(tx.Run("shop", 2)), 409);
}

TEST(InteractiveTest, RefusesANameThatWantsTheBranchOtherwise) {
  ShardFixture test;
  Interactive tx(test);
  tx.EnlistResource("shop", "a");
  test.Reply(test.a, Operation::kOpen);
  const size_t refused = tx.EnlistResource("stock", "a", true);
  ASSERT_EQ(test.StatusOf(refused), 409);
  EXPECT_EQ(ProblemOf(test.AnswerOf(refused)).field(), "xa");
  EXPECT_EQ(test.StatusOf(tx.Run("stock", 1)), 404) << "the name was not enlisted";
  EXPECT_EQ(test.StatusOf(tx.EnlistResource("shop", "a", true)), 409);
  EXPECT_EQ(test.StatusOf(tx.EnlistResource("shop", "a")), 200);
}

TEST(InteractiveTest, CountsEachNameOfABranch) {
  ShardFixture test;
  Interactive tx(test);
  tx.EnlistResource("n0", "a");
  test.Reply(test.a, Operation::kOpen);
  size_t last = 200, names = 1;
  while (names < 1000 &&
         (last = test.StatusOf(tx.EnlistResource("n" + std::to_string(names), "a"))) == 200) {
    ++names;
  }
  EXPECT_EQ(last, 400u);
  EXPECT_EQ(names, EngineOptions().branches);
}

// The deadline has passed, and the roll-back of the branch has not been answered yet.
TEST(InteractiveTest, AnswersALateEnlistWithTheOutcome) {
  ShardFixture test;
  Interactive tx(test, "10s");
  tx.EnlistResource("pc", "a");
  test.Reply(test.a, Operation::kOpen);
  test.Advance(std::chrono::seconds(11));
  ASSERT_EQ(test.a.calls.size(), 1u);
  test.FlushLog();
  const size_t late = tx.EnlistResource("mobile", "b");
  ASSERT_EQ(test.StatusOf(late), 409);
  EXPECT_EQ(ProblemOf(test.AnswerOf(late)).cause().reason(), "DEADLINE");
}

// A branch that was not in the directory when the run was checked: the run was sent before its
// enlist was answered.
TEST(InteractiveTest, ARunThatWasNotCheckedIsCheckedByTheShard) {
  ShardFixture test;
  Interactive tx(test);
  tx.EnlistResource("pc", "a");
  test.Reply(test.a, Operation::kOpen);
  test.branches.Remove(*core::Gtrid::FromHex(tx.transaction()));
  const size_t wrong = tx.Run("pc", 1, "COMMIT");
  EXPECT_EQ(test.a.checks, 1u);
  EXPECT_EQ(test.StatusOf(wrong), 400);
}

}  // namespace
}  // namespace assent::coordinator
