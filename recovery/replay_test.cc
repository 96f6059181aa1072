// SPDX-License-Identifier: Apache-2.0
// What recovery restores of databases' branches after a restart.
#include "recovery/replay.h"

#include <gtest/gtest.h>

#include "coordinator/records.h"
#include "recovery/testing.h"
#include "tests/support/temp.h"

namespace assent::recovery {
namespace {

using coordinator::Request;
using core::Operation;

class ReplayTest : public testing::Test {
 protected:
  test::TempDirectory directory_;
  LogOnDisk log_{directory_.path()};
};

TEST_F(ReplayTest, FindsADecisionWithoutAnEndAndSendsItsCommitsAgain) {
  coordinator::ShardFixture fixture;
  fixture.Execute("g");
  fixture.UpToDecision();
  log_.Write(fixture.log.records);
  Rebuilt rebuilt = log_.MustRead();
  ASSERT_EQ(rebuilt.restored.unfinished.size(), 1u);
  EXPECT_EQ(rebuilt.restored.unfinished[0]->gid, "g");
  EXPECT_EQ(rebuilt.restored.unfinished[0]->atomic.branches[1].identity, "server-b");
  EXPECT_EQ(rebuilt.copies.size(), 1u);
  rebuilt.AssignLsns(7);
  EXPECT_EQ(rebuilt.restored.unfinished[0]->record, 7u);

  const auto after = log_.Restart();
  after->Reply(after->a, Operation::kCommit);
  const size_t again = after->Execute("g");
  after->Reply(after->b, Operation::kCommit);
  EXPECT_EQ(after->StatusOf(again), 200) << "the same gid gives the same outcome";
  EXPECT_EQ(after->LogKinds(), "commit branch-end end");
}

TEST_F(ReplayTest, KeepsTheOutcomesOfNamedGids) {
  coordinator::ShardFixture fixture;
  fixture.Execute("yes");
  fixture.UpToDecision();
  fixture.FlushLog();
  fixture.Reply(fixture.a, Operation::kCommit);
  fixture.Reply(fixture.b, Operation::kCommit);
  fixture.Execute("no");
  fixture.Reply(fixture.a, Operation::kOpen);
  fixture.Reply(fixture.b, Operation::kOpen);
  fixture.Reply(fixture.a, Operation::kRun, xa::Code::kRbOther);
  log_.Write(fixture.log.records);
  Rebuilt rebuilt = log_.MustRead();
  EXPECT_TRUE(rebuilt.restored.unfinished.empty());
  ASSERT_EQ(rebuilt.restored.ended.size(), 2u);
  const auto after = log_.Restart();
  EXPECT_EQ(after->StatusOf(after->Execute("yes")), 200);
  EXPECT_EQ(after->StatusOf(after->Execute("no")), 409);
  EXPECT_EQ(after->StatusOf(after->Execute("no", "OTHER")), 422);
  EXPECT_TRUE(after->a.calls.empty());
}

TEST_F(ReplayTest, PresumesAbortOfWhatLeftNoDecision) {
  coordinator::ShardFixture fixture;
  fixture.Execute("g");
  fixture.Reply(fixture.a, Operation::kOpen);
  fixture.Reply(fixture.b, Operation::kOpen);
  fixture.Reply(fixture.a, Operation::kRun);
  log_.Write(fixture.log.records);
  const Rebuilt rebuilt = log_.MustRead();
  EXPECT_TRUE(rebuilt.restored.unfinished.empty());
  EXPECT_TRUE(rebuilt.restored.ended.empty());
}

TEST_F(ReplayTest, DoesNotAskABranchAgainThatWasRecordedAsEnded) {
  coordinator::ShardFixture fixture;
  fixture.Execute("g");
  fixture.UpToDecision();
  fixture.FlushLog();
  fixture.Reply(fixture.b, Operation::kCommit, xa::Code::kErRmFail);
  fixture.Reply(fixture.a, Operation::kCommit);
  ASSERT_EQ(fixture.LogKinds(), "commit branch-end");
  log_.Write(fixture.log.records);
  const auto after = log_.Restart();
  EXPECT_TRUE(after->a.calls.empty());
  EXPECT_EQ(after->b.calls.size(), 1u);
}

TEST_F(ReplayTest, HoldsAHeuristicOutcomeOverARestart) {
  coordinator::ShardFixture fixture;
  fixture.Execute("g");
  fixture.UpToDecision();
  fixture.FlushLog();
  fixture.Reply(fixture.a, Operation::kCommit);
  fixture.Reply(fixture.b, Operation::kCommit, xa::Code::kHeuristicRollBack);
  log_.Write(fixture.log.records);
  EXPECT_EQ(log_.MustRead().copies.size(), 2u);
  const auto after = log_.Restart();
  after->Reply(after->a, Operation::kCommit);
  const size_t again = after->Execute("g");
  ASSERT_EQ(after->StatusOf(again), 500);
  EXPECT_EQ(std::get<v1::Problem>(after->AnswerOf(again)->body).outcome(), v1::MIXED);
}

// A left branch makes a hazard. The other branch may be prepared: it is rolled back after the
// restart anyway.
TEST_F(ReplayTest, RollsBackTheOtherBranchesOfAHazardAfterARestart) {
  coordinator::ShardFixture fixture;
  fixture.Execute("g");
  fixture.Reply(fixture.a, Operation::kOpen);
  fixture.Reply(fixture.b, Operation::kOpen);
  fixture.Reply(fixture.a, Operation::kRun);
  fixture.Reply(fixture.b, Operation::kRun);
  fixture.Reply(fixture.a, Operation::kPrepare);
  fixture.Reply(fixture.b, Operation::kPrepare, xa::Code::kHeuristicHazard);
  ASSERT_EQ(fixture.LogKinds(), "heuristic outcome");
  for (const size_t cut : {2u, 1u}) {  // the outcome may be lost in the crash
    fixture.log.records.resize(cut);
    log_.Erase();
    log_.Write(fixture.log.records);
    const auto after = log_.Restart();
    after->Reply(after->a, Operation::kRollBack);
    const size_t again = after->Execute("g");
    ASSERT_EQ(after->StatusOf(again), 500);
    EXPECT_EQ(std::get<v1::Problem>(after->AnswerOf(again)->body).outcome(), v1::HAZARD);
  }
}

TEST_F(ReplayTest, InventsNoDecisionForAOnePhaseCommitThatIsAHazard) {
  coordinator::ShardFixture fixture;
  Request request;
  request.route = coordinator::Route::kExecute;
  v1::ExecuteRequest body;
  v1::Branch* branch = body.mutable_atomic()->add_branches();
  branch->set_name("x");
  branch->mutable_xa()->set_resource("a");
  branch->mutable_xa()->add_statements()->set_sql("UPDATE t SET a = 1");
  request.body = body;
  fixture.Send(std::move(request));
  fixture.Reply(fixture.a, Operation::kOpen);
  fixture.Reply(fixture.a, Operation::kRun);
  fixture.Reply(fixture.a, Operation::kCommitOnePhase, xa::Code::kHeuristicHazard);
  ASSERT_EQ(fixture.LogKinds(), "heuristic");
  log_.Write(fixture.log.records);
  Rebuilt rebuilt = log_.MustRead();
  ASSERT_EQ(rebuilt.restored.unfinished.size(), 1u);
  EXPECT_EQ(rebuilt.restored.unfinished[0]->atomic.decision, core::Decision::kNone);
  const auto after = log_.Restart();
  EXPECT_TRUE(after->a.calls.empty());
}

TEST_F(ReplayTest, ForgetsAHeuristicThatAgreesWithTheDecision) {
  coordinator::ShardFixture fixture;
  fixture.Execute("g");
  fixture.UpToDecision();
  fixture.FlushLog();
  fixture.Reply(fixture.a, Operation::kCommit);
  fixture.Reply(fixture.b, Operation::kCommit, xa::Code::kHeuristicCommit);
  log_.Write(fixture.log.records);
  const auto after = log_.Restart();
  after->Reply(after->a, Operation::kCommit);
  after->Reply(after->b, Operation::kForget);
  EXPECT_EQ(after->StatusOf(after->Execute("g")), 200);
}

TEST_F(ReplayTest, KeepsTheForgottenMarkAndTheIdentities) {
  coordinator::ForgottenMark mark;
  mark.up_to = core::Gtrid::Make("12345678", 3, "abc", 99);
  mark.youngest = {42};
  const core::Gtrid before = core::Gtrid::Make("12345678", 2, "abc", 5);
  log_.Write({coordinator::EncodeForgotten(mark), coordinator::EncodeIdentity("a", "old", {}, {}),
              coordinator::EncodeIdentity("a", "new", before, {})});
  const Rebuilt rebuilt = log_.MustRead();
  EXPECT_EQ(rebuilt.restored.forgotten.up_to, mark.up_to);
  EXPECT_EQ(rebuilt.restored.forgotten.youngest.ns, 42);
  EXPECT_EQ(rebuilt.restored.identities.at("a").identity, "new");
  EXPECT_EQ(rebuilt.restored.identities.at("a").last_before, before);
  EXPECT_EQ(rebuilt.copies.size(), 2u);
}

TEST_F(ReplayTest, RefusesARecordThatItCannotDecode) {
  log_.Write({"rubbish"});
  const auto rebuilt = log_.Read();
  ASSERT_FALSE(rebuilt.has_value());
  EXPECT_EQ(rebuilt.error().code, ErrorCode::kDamaged);
  EXPECT_NE(rebuilt.error().message.find("record "), std::string::npos);
}

}  // namespace
}  // namespace assent::recovery
