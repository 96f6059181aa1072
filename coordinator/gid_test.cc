// SPDX-License-Identifier: Apache-2.0
// One gid is one transaction with one outcome: repeated requests, and outcomes that are forgotten.
#include <gtest/gtest.h>

#include "coordinator/shard_fixture.h"

namespace assent::coordinator {
namespace {

using core::Operation;

TEST(Gid, TheSameGidJoinsARunningTransactionAndLaterGetsItsOutcome) {
  ShardFixture test;
  const size_t first = test.Execute("g");
  const size_t second = test.Execute("g");
  EXPECT_EQ(test.a.calls.size() + test.b.calls.size(), 1u) << "it runs once";
  test.UpToDecision();
  test.FlushLog();
  test.Reply(test.a, Operation::kCommit);
  test.Reply(test.b, Operation::kCommit);
  EXPECT_EQ(test.StatusOf(first), 200);
  EXPECT_EQ(test.StatusOf(second), 200);
  const size_t third = test.Execute("g");
  EXPECT_EQ(test.StatusOf(third), 200);
  EXPECT_EQ(ViewOf(test.AnswerOf(third)).transaction(), ViewOf(test.AnswerOf(first)).transaction());
}

TEST(Gid, RefusesTheSameGidWithOtherContent) {
  ShardFixture test;
  test.Execute("g", "UPDATE t SET a = 1");
  const size_t other = test.Execute("g", "UPDATE t SET a = 2");
  EXPECT_EQ(test.StatusOf(other), 422);
  EXPECT_EQ(ProblemOf(test.AnswerOf(other)).type(), "urn:assent:gid-reused");
}

TEST(Gid, RecordsARollBackThatArrivesBeforeItsBegin) {
  ShardFixture test;
  Request rollback;
  rollback.route = Route::kRollBack;
  rollback.gid = "late";
  rollback.body = v1::RollbackRequest();
  const size_t first = test.Send(rollback);
  EXPECT_EQ(test.StatusOf(first), 0);
  test.FlushLog();
  EXPECT_EQ(test.StatusOf(first), 200);
  const size_t begun = test.Execute("late");
  ASSERT_EQ(test.StatusOf(begun), 409);
  EXPECT_EQ(ProblemOf(test.AnswerOf(begun)).outcome(), v1::ROLLED_BACK);
  EXPECT_TRUE(test.a.calls.empty());
}

// The roll-back is not durable yet when the begin arrives: the answer is the same, a moment later.
TEST(Gid, ABeginAfterItsRollBackWaitsUntilThatIsDurable) {
  ShardFixture test;
  Request rollback;
  rollback.route = Route::kRollBack;
  rollback.gid = "g";
  rollback.body = v1::RollbackRequest();
  const size_t rolled_back = test.Send(rollback);
  const size_t late = test.Execute("g");
  EXPECT_EQ(test.StatusOf(late), 0);
  test.FlushLog();
  EXPECT_EQ(test.StatusOf(rolled_back), 200);
  ASSERT_EQ(test.StatusOf(late), 409);
  EXPECT_EQ(std::get<v1::Problem>(test.AnswerOf(late)->body).type(), "urn:assent:rolled-back");
  EXPECT_TRUE(test.a.calls.empty());
}

TEST(Gid, ReportsExpiredOutcomesInsteadOfGuessing) {
  EngineOptions options;
  options.outcome_age = std::chrono::minutes(1);
  ShardFixture test(options);
  const std::string before = FormatTime(test.clock.Wall());
  test.Execute("old");
  test.UpToDecision();
  test.FlushLog();
  test.Reply(test.a, Operation::kCommit);
  test.Reply(test.b, Operation::kCommit);
  test.Advance(std::chrono::minutes(2));
  EXPECT_EQ(test.LogKinds(), "commit end forgotten");
  Request rollback;
  rollback.route = Route::kRollBack;
  rollback.gid = "other";
  rollback.body = v1::RollbackRequest();
  EXPECT_EQ(test.StatusOf(test.Send(rollback)), 410);
  v1::RollbackRequest issued;
  issued.set_issued_at(before);
  rollback.body = issued;
  EXPECT_EQ(test.StatusOf(test.Send(rollback)), 410);
  issued.set_issued_at(FormatTime(test.clock.Wall()));
  rollback.body = issued;
  const size_t younger = test.Send(rollback);
  test.FlushLog();
  EXPECT_EQ(test.StatusOf(younger), 200);
}

TEST(Gid, AWallClockJumpExpiresNoOutcome) {
  ShardFixture test;
  test.Execute("kept");
  test.UpToDecision();
  test.FlushLog();
  test.Reply(test.a, Operation::kCommit);
  test.Reply(test.b, Operation::kCommit);
  test.clock.wall_offset_ns += std::chrono::nanoseconds(std::chrono::hours(48)).count();
  test.Advance(std::chrono::minutes(2));
  const size_t again = test.Execute("kept");
  EXPECT_EQ(test.StatusOf(again), 200);
  EXPECT_TRUE(test.a.calls.empty());
  EXPECT_EQ(test.LogKinds(), "commit end");
  test.Advance(std::chrono::minutes(60));
  EXPECT_EQ(test.LogKinds(), "commit end forgotten");
}

}  // namespace
}  // namespace assent::coordinator
