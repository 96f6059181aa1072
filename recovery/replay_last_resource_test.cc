// SPDX-License-Identifier: Apache-2.0
// What recovery restores of a transaction with a last resource: whether its decision row is looked
// up, and what the other branches wait for.
#include <gtest/gtest.h>

#include "coordinator/records.h"
#include "recovery/replay.h"
#include "recovery/testing.h"
#include "tests/support/temp.h"

namespace assent::recovery {
namespace {

using coordinator::Request;
using coordinator::ShardFixture;
using core::Operation;
using xa::Code;
using xa::Found;

class ReplayLastResourceTest : public testing::Test {
 protected:
  std::unique_ptr<ShardFixture> RestartWith(const std::vector<std::string>& records) {
    log_.Erase();
    log_.Write(records);
    return log_.Restart();
  }

  test::TempDirectory directory_;
  LogOnDisk log_{directory_.path()};
};

// A database on `a` or a partner, and the last resource on `b`.
Request WithLast(const std::string& gid, bool partner = false) {
  Request request;
  request.route = coordinator::Route::kExecute;
  request.fingerprint = "content";
  v1::ExecuteRequest body;
  if (!gid.empty()) body.set_gid(gid);
  v1::Branch* first = body.mutable_atomic()->add_branches();
  if (partner) {
    first->set_name("hotel");
    first->mutable_tcc()->set_url("http://127.0.0.1:9101/hotel");
  } else {
    first->set_name("stock");
    first->mutable_xa()->set_resource("a");
    first->mutable_xa()->add_statements()->set_sql("UPDATE t SET a = 1");
  }
  v1::Branch* last = body.mutable_atomic()->add_branches();
  last->set_name("ledger");
  last->mutable_last_resource()->set_resource("b");
  last->mutable_last_resource()->add_statements()->set_sql("UPDATE t SET a = 1");
  request.body = body;
  return request;
}

void UpToVotes(ShardFixture& fixture, const std::string& gid) {
  fixture.Send(WithLast(gid));
  fixture.Reply(fixture.a, Operation::kOpen);
  fixture.Reply(fixture.b, Operation::kOpen);
  fixture.Reply(fixture.a, Operation::kRun);
  fixture.Reply(fixture.b, Operation::kRun);
  ASSERT_EQ(fixture.LogKinds(), "open");
}

// The commit that decides is sent.
void UpToDeciding(ShardFixture& fixture, const std::string& gid) {
  UpToVotes(fixture, gid);
  fixture.Reply(fixture.a, Operation::kPrepare);
  fixture.Reply(fixture.b, Operation::kPrepare);
  fixture.FlushLog();
  ASSERT_EQ(fixture.b.calls.front().operation, Operation::kCommitOnePhase);
}

// Answers the lookup of the decision row.
void ReplyFound(ShardFixture& fixture, Found found) {
  const xa::Call call = fixture.b.calls.front();
  fixture.b.calls.pop_front();
  ASSERT_EQ(call.operation, Operation::kFind);
  xa::Completion completion;
  completion.call = call.call;
  completion.operation = call.operation;
  completion.xid = call.xid;
  completion.found = found;
  completion.stamp = {"server-b", "later"};
  fixture.shard->OnCompletion(std::move(completion));
}

TEST_F(ReplayLastResourceTest, LooksUpTheRowBeforeAnythingElse) {
  for (const bool named : {true, false}) {
    ShardFixture fixture;
    UpToDeciding(fixture, named ? "g" : "");
    const auto after = RestartWith(fixture.log.records);
    EXPECT_TRUE(after->a.calls.empty()) << "it waits";
    ASSERT_EQ(after->b.calls.size(), 1u);
    const xa::Call& find = after->b.calls.front();
    EXPECT_EQ(find.operation, Operation::kFind);
    EXPECT_TRUE(find.settle);
    EXPECT_TRUE(find.one_phase);
    EXPECT_TRUE(find.options.last_resource);
    EXPECT_EQ(find.prepared_by.identity, "server-b");
    ReplyFound(*after, Found::kUnknown);
    EXPECT_TRUE(after->a.calls.empty()) << "it still waits";
    after->Advance(std::chrono::seconds(1));
    ReplyFound(*after, Found::kWitnessCommitted);
    EXPECT_EQ(after->LogKinds(), "open commit");
    after->Reply(after->a, Operation::kCommit);
    EXPECT_EQ(after->LogKinds(), "open commit end");
    if (!named) continue;
    EXPECT_EQ(after->StatusOf(after->Send(WithLast("g"))), 200);
  }
}

TEST_F(ReplayLastResourceTest, AnswersNoClientBeforeTheRowIsKnown) {
  ShardFixture fixture;
  UpToDeciding(fixture, "g");
  const auto after = RestartWith(fixture.log.records);
  const size_t again = after->Send(WithLast("g"));
  EXPECT_EQ(after->StatusOf(again), 0);
  ReplyFound(*after, Found::kWitnessRolledBack);
  EXPECT_EQ(after->LogKinds(), "open outcome");
  EXPECT_EQ(after->StatusOf(again), 0) << "the outcome is not durable yet";
  after->Reply(after->a, Operation::kRollBack);
  after->FlushLog();
  ASSERT_EQ(after->StatusOf(again), 409);
  EXPECT_EQ(ProblemOf(after->AnswerOf(again)).cause().reason(), "CRASH");
  EXPECT_TRUE(ProblemOf(after->AnswerOf(again)).cause().may_retry());
  EXPECT_TRUE(after->LogKinds().ends_with("end"));
}

TEST_F(ReplayLastResourceTest, RollsBackWhatWasDecidedBeforeTheCommitWithoutALook) {
  ShardFixture fixture;
  UpToVotes(fixture, "g");
  fixture.Reply(fixture.b, Operation::kPrepare);
  fixture.Reply(fixture.a, Operation::kPrepare, Code::kRbDeadlock);
  ASSERT_EQ(fixture.LogKinds(), "open outcome");
  const auto after = RestartWith(fixture.log.records);
  EXPECT_FALSE(after->b.calls.front().prepare_sent) << "its session has ended";
  after->Reply(after->a, Operation::kRollBack);
  after->Reply(after->b, Operation::kRollBack);
  const size_t again = after->Send(WithLast("g"));
  ASSERT_EQ(after->StatusOf(again), 409);
  EXPECT_EQ(ProblemOf(after->AnswerOf(again)).cause().reason(), "PREPARE_REFUSED");
}

TEST_F(ReplayLastResourceTest, DoesNotLookAgainAfterTheCommitRecord) {
  ShardFixture fixture;
  UpToDeciding(fixture, "g");
  fixture.Reply(fixture.b, Operation::kCommitOnePhase);
  ASSERT_EQ(fixture.LogKinds(), "open commit");
  EXPECT_EQ(fixture.log.urgencies.back(), log::Urgency::kLazy);
  const auto after = RestartWith(fixture.log.records);
  EXPECT_TRUE(after->b.calls.empty());
  after->Reply(after->a, Operation::kCommit);
  EXPECT_EQ(after->StatusOf(after->Send(WithLast("g"))), 200);
  EXPECT_TRUE(after->LogKinds().ends_with("end"));
}

// The branch on `a` was left by the client's SQL, so the last resource was never asked to commit.
TEST_F(ReplayLastResourceTest, RollsBackAfterAHazardOfAnotherBranch) {
  ShardFixture fixture;
  UpToVotes(fixture, "g");
  fixture.Reply(fixture.b, Operation::kPrepare);
  fixture.Reply(fixture.a, Operation::kPrepare, Code::kHeuristicHazard);
  ASSERT_EQ(fixture.LogKinds(), "open heuristic outcome");
  for (const size_t cut : {3u, 2u}) {  // the outcome may be lost in the crash
    fixture.log.records.resize(cut);
    const auto after = RestartWith(fixture.log.records);
    after->Reply(after->b, Operation::kRollBack);
    const size_t again = after->Send(WithLast("g"));
    ASSERT_EQ(after->StatusOf(again), 500);
    EXPECT_EQ(ProblemOf(after->AnswerOf(again)).outcome(), v1::HAZARD);
  }
}

TEST_F(ReplayLastResourceTest, HoldsAHeuristicOutcomeAfterTheCommitRecord) {
  ShardFixture fixture;
  UpToDeciding(fixture, "g");
  fixture.Reply(fixture.b, Operation::kCommitOnePhase);
  fixture.Reply(fixture.a, Operation::kCommit, Code::kHeuristicRollBack);
  ASSERT_EQ(fixture.LogKinds(), "open commit heuristic");
  const auto after = RestartWith(fixture.log.records);
  EXPECT_TRUE(after->b.calls.empty());
  const size_t again = after->Send(WithLast("g"));
  ASSERT_EQ(after->StatusOf(again), 500);
  EXPECT_EQ(ProblemOf(after->AnswerOf(again)).outcome(), v1::MIXED);
}

// The record before the first try names the last resource before it has a server; the record before
// its commit has the server.
TEST_F(ReplayLastResourceTest, MergesTheTwoOpenRecordsOfATransactionWithAPartner) {
  ShardFixture fixture;
  fixture.Send(WithLast("g", true));
  fixture.FlushLog();
  fixture.Reply("hotel", tcc::Operation::kTry);
  fixture.Reply(fixture.b, Operation::kOpen);
  fixture.Reply(fixture.b, Operation::kRun);
  ASSERT_EQ(fixture.LogKinds(), "open open");

  const auto before = RestartWith({fixture.log.records[0]});
  EXPECT_EQ(before->partners.calls.front().operation, tcc::Operation::kCancel);
  EXPECT_EQ(before->b.calls.front().operation, Operation::kRollBack);

  const auto after = RestartWith(fixture.log.records);
  const Rebuilt rebuilt = log_.MustRead();
  ASSERT_EQ(rebuilt.restored.unfinished.size(), 1u);
  const core::Atomic& atomic = rebuilt.restored.unfinished[0]->atomic;
  ASSERT_EQ(atomic.branches.size(), 2u);
  EXPECT_TRUE(atomic.LastMayHaveCommitted());
  EXPECT_EQ(atomic.branches[1].identity, "server-b");
  EXPECT_TRUE(after->partners.calls.empty()) << "the partner waits";
  ReplyFound(*after, Found::kWitnessCommitted);
  after->Reply("hotel", tcc::Operation::kConfirm);
  EXPECT_EQ(after->StatusOf(after->Send(WithLast("g", true))), 200);
}

TEST_F(ReplayLastResourceTest, StillAsksTheRowWhenItsRecordWasCopied) {
  ShardFixture fixture;
  UpToDeciding(fixture, "g");
  log_.Write(fixture.log.records);
  for (int start = 0; start < 2; ++start) {  // each start copies the record
    const std::vector<std::string> copies = log_.MustRead().copies;
    ASSERT_EQ(copies.size(), 1u);
    const auto after = RestartWith(copies);
    EXPECT_EQ(after->LogKinds(), "open");
    ASSERT_EQ(after->b.calls.size(), 1u);
    EXPECT_EQ(after->b.calls.front().operation, Operation::kFind);
    EXPECT_EQ(after->b.calls.front().prepared_by.identity, "server-b");
  }
}

// The log moves the record because its segment is full, before the commit and while a restarted
// coordinator looks the row up.
TEST_F(ReplayLastResourceTest, StillAsksTheRowWhenItsRecordWasMovedForward) {
  ShardFixture fixture;
  UpToDeciding(fixture, "g");
  fixture.shard->OnPressure(2);
  ASSERT_EQ(fixture.LogKinds(), "open open");
  const auto after = RestartWith({fixture.log.records[1]});
  ASSERT_EQ(after->b.calls.size(), 1u);
  EXPECT_EQ(after->b.calls.front().operation, Operation::kFind);
  after->shard->OnPressure(2);
  ASSERT_EQ(after->LogKinds(), "open open");
  const auto again = RestartWith({after->log.records[1]});
  ReplyFound(*again, Found::kWitnessCommitted);
  again->Reply(again->a, Operation::kCommit);
  EXPECT_EQ(again->StatusOf(again->Send(WithLast("g"))), 200);
}

}  // namespace
}  // namespace assent::recovery
