// SPDX-License-Identifier: Apache-2.0
// The shard with scripted participants and a log in memory: what clients are answered, and when.
#include "coordinator/shard.h"

#include <gtest/gtest.h>

#include "coordinator/shard_fixture.h"

namespace assent::coordinator {
namespace {

using core::Operation;

TEST(Shard, TellsNobodyBeforeTheDecisionIsDurableAndSendsNoCommit) {
  ShardFixture test;
  const size_t request = test.Execute("g");
  test.UpToDecision();
  EXPECT_EQ(test.LogKinds(), "commit");
  EXPECT_EQ(test.log.urgencies.at(0), log::Urgency::kForce);
  EXPECT_EQ(test.StatusOf(request), 0);
  EXPECT_TRUE(test.a.calls.empty());
  test.FlushLog();
  EXPECT_EQ(test.a.calls.front().operation, Operation::kCommit);
  test.Reply(test.a, Operation::kCommit);
  test.Reply(test.b, Operation::kCommit);
  EXPECT_EQ(test.StatusOf(request), 200);
  EXPECT_EQ(ViewOf(test.AnswerOf(request)).outcome(), v1::COMMITTED);
  EXPECT_EQ(test.LogKinds(), "commit end");
}

TEST(Shard, AnswersCommittedWhenABranchTakesLongerThanTheWait) {
  ShardFixture test;
  const size_t request = test.Execute("g");
  test.UpToDecision();
  test.FlushLog();
  test.Reply(test.a, Operation::kCommit);
  test.Advance(std::chrono::seconds(1));
  EXPECT_EQ(test.StatusOf(request), 0);
  test.Advance(std::chrono::seconds(2));
  ASSERT_EQ(test.StatusOf(request), 200);
  EXPECT_EQ(ViewOf(test.AnswerOf(request)).state(), v1::Transaction::COMMITTING);
  EXPECT_EQ(ViewOf(test.AnswerOf(request)).outcome(), v1::COMMITTED);
}

TEST(Shard, TellsRolledBackOnlyOnceThatIsDurable) {
  ShardFixture test;
  const size_t request = test.Execute("g");
  test.Reply(test.a, Operation::kOpen);
  test.Reply(test.b, Operation::kOpen);
  test.Reply(test.a, Operation::kRun, xa::Code::kRbOther);
  test.Reply(test.a, Operation::kRollBack);
  test.Reply(test.b, Operation::kRollBack);
  EXPECT_EQ(test.LogKinds(), "outcome");
  EXPECT_EQ(test.log.urgencies.at(0), log::Urgency::kRide);
  EXPECT_EQ(test.StatusOf(request), 0);
  test.FlushLog();
  ASSERT_EQ(test.StatusOf(request), 409);
  EXPECT_EQ(ProblemOf(test.AnswerOf(request)).type(), "urn:assent:rolled-back");
}

// The branch on `b` is no longer listed, though no commit of it was answered with OK.
v1::Outcome OutcomeAfterACommit(bool answered) {
  ShardFixture test;
  test.Execute("g");
  test.UpToDecision();
  test.FlushLog();
  test.Reply(test.a, Operation::kCommit);
  const auto complete = [&](xa::Code code, bool lost) {
    const xa::Call call = test.b.calls.front();
    test.b.calls.pop_front();
    xa::Completion completion;
    completion.call = call.call;
    completion.operation = call.operation;
    completion.xid = call.xid;
    completion.code = code;
    completion.lost = lost;
    completion.found = xa::Found::kNotListed;
    completion.stamp = {"server-b", "start"};  // as at the prepare
    test.shard->OnCompletion(std::move(completion));
  };
  complete(xa::Code::kErRmFail, !answered);
  test.Advance(std::chrono::minutes(1));
  complete(xa::Code::kErNota, false);
  complete(xa::Code::kOk, false);  // the lookup
  test.FlushLog();
  Request get;
  get.route = Route::kGet;
  get.gid = "g";
  return ViewOf(test.AnswerOf(test.Send(std::move(get)))).outcome();
}

TEST(Shard, ACommitThatWasAnsweredWithAnErrorHasDoneNothing) {
  EXPECT_EQ(OutcomeAfterACommit(true), v1::HAZARD);
  EXPECT_EQ(OutcomeAfterACommit(false), v1::COMMITTED);
}

TEST(Shard, RollsBackAtTheDeadlineAndCancelsWhatRuns) {
  ShardFixture test;
  const size_t request = test.Execute("");
  test.Reply(test.a, Operation::kOpen);
  test.Reply(test.b, Operation::kOpen);
  test.Advance(std::chrono::seconds(31));
  EXPECT_EQ(test.a.cancelled.size(), 1u);
  test.Reply(test.a, Operation::kRun, xa::Code::kRbOther);
  test.Reply(test.a, Operation::kRollBack);
  test.Reply(test.b, Operation::kRollBack);
  ASSERT_EQ(test.StatusOf(request), 409);
  EXPECT_EQ(ProblemOf(test.AnswerOf(request)).cause().reason(), "DEADLINE");
  EXPECT_EQ(test.LogKinds(), "") << "a gid that the coordinator made leaves no record";
}

TEST(Shard, AnswersAcceptedWithoutWaitingWhenAskedTo) {
  ShardFixture test;
  Request request;
  request.route = Route::kExecute;
  request.wait = Duration::zero();
  v1::ExecuteRequest body;
  v1::Branch* branch = body.mutable_atomic()->add_branches();
  branch->set_name("x");
  branch->mutable_xa()->set_resource("a");
  branch->mutable_xa()->add_statements()->set_sql("SELECT 1");
  request.body = body;
  const size_t number = test.Send(std::move(request));
  EXPECT_EQ(test.StatusOf(number), 202);
}

TEST(Shard, ALongReasonInAnyScriptLeavesARecordThatCanBeRead) {
  for (const char* character : {"\u00e9", "\uc624", "\U0001f3e8"}) {
    ShardFixture test;
    Request rollback;
    rollback.route = Route::kRollBack;
    rollback.gid = "g";
    v1::RollbackRequest body;
    for (int i = 0; i < 150; ++i) *body.mutable_reason() += character;
    body.mutable_reason()->insert(0, "x");
    rollback.body = body;
    test.Send(rollback);
    EXPECT_EQ(test.LogKinds(), "outcome");
  }
}

TEST(Shard, RefusesNewWorkBeforeTheSpaceForDecisionsRunsOut) {
  ShardFixture test;
  const size_t first = test.Execute("one");
  test.log.free_bytes = 64 * 1024;
  test.log.obstacle = "cannot write /log: No space left on device";
  const size_t second = test.Execute("two");
  ASSERT_EQ(test.StatusOf(second), 503);
  EXPECT_GT(test.AnswerOf(second)->retry_after_s, 0u);
  test.UpToDecision();
  test.FlushLog();
  test.Reply(test.a, Operation::kCommit);
  test.Reply(test.b, Operation::kCommit);
  EXPECT_EQ(test.StatusOf(first), 200) << "a transaction that has begun is finished";
}

TEST(Shard, RefusesPastTheInFlightLimit) {
  EngineOptions options;
  options.in_flight = 1;
  ShardFixture test(options);
  test.Execute("one");
  EXPECT_EQ(test.StatusOf(test.Execute("two")), 503);
}

TEST(Shard, RetriesACommitImmediatelyWhenTheResourceIsBack) {
  ShardFixture test;
  test.Execute("g");
  test.UpToDecision();
  test.FlushLog();
  test.Reply(test.a, Operation::kCommit);
  test.Reply(test.b, Operation::kCommit, xa::Code::kErRmFail);
  EXPECT_TRUE(test.b.calls.empty());
  test.shard->OnHealth("b", xa::Health::kUp);
  test.Reply(test.b, Operation::kCommit);
  EXPECT_EQ(test.LogKinds(), "commit end");
}

TEST(Shard, StopsWhenANewBranchIsThereAlready) {
  ShardFixture test;
  test.Execute("g");
  test.Reply(test.a, Operation::kOpen);
  test.Reply(test.b, Operation::kOpen);
  test.Reply(test.a, Operation::kRun, xa::Code::kErDupid);
  EXPECT_NE(test.fatal.find("copy of this"), std::string::npos);
}

TEST(Shard, CopiesForwardWhatPinsTheOldestSegment) {
  ShardFixture test;
  test.Execute("ended");
  test.UpToDecision();
  test.FlushLog();
  test.Reply(test.a, Operation::kCommit);
  test.Reply(test.b, Operation::kCommit);
  test.Execute("late");
  test.UpToDecision();
  test.FlushLog();
  ASSERT_EQ(test.LogKinds(), "commit end commit");
  test.shard->OnPressure(test.log.records.size() + 1);
  EXPECT_EQ(test.LogKinds(), "commit end commit outcome commit");
  EXPECT_NE(std::find(test.log.released.begin(), test.log.released.end(), 1u),
            test.log.released.end());
  EXPECT_NE(std::find(test.log.released.begin(), test.log.released.end(), 3u),
            test.log.released.end());
}

TEST(Shard, DropsDeadTimersBeforeTheyFillTheMemory) {
  EngineOptions options;
  options.recent_views = 0;
  options.default_deadline = std::chrono::hours(20);
  ShardFixture test(options);
  for (int i = 0; i < 40'000; ++i) {
    Request request;
    request.route = Route::kBegin;
    request.body = v1::BeginRequest();
    const size_t begun = test.Send(std::move(request));
    Request rollback;
    rollback.route = Route::kRollBack;
    rollback.gid = ViewOf(test.AnswerOf(begun)).gid();
    rollback.body = v1::RollbackRequest();
    test.Send(std::move(rollback));
  }
  const size_t before = test.shard->timers();
  test.Advance(std::chrono::seconds(2));
  EXPECT_GT(before, 65'536u);
  EXPECT_LT(test.shard->timers(), 100u);
}

}  // namespace
}  // namespace assent::coordinator
