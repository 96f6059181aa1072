// SPDX-License-Identifier: Apache-2.0
// What a coordinator knows again after a restart: a real log in a real directory, read back.
#include "recovery/replay.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "coordinator/options.h"
#include "coordinator/records.h"
#include "coordinator/testing.h"
#include "log/decision_log.h"
#include "recovery/judge.h"
#include "tests/support/temp.h"

namespace assent::recovery {
namespace {

using coordinator::Box;
using coordinator::Request;
using core::Operation;

class Sink final : public log::DurableSink {
 public:
  void OnDurable(log::Lsn) override {}
  void OnFailure(const Error& error) override { ADD_FAILURE() << error.message; }
  void OnPressure(log::Lsn) override {}
};

class ReplayTest : public testing::Test {
 protected:
  // Writes what `box` has logged into the directory, as a process that is killed afterwards would
  // leave it.
  void Write(const std::vector<std::string>& payloads) {
    auto recovered = log::Open(log::PosixFileSystem(), options_);
    ASSERT_TRUE(recovered.has_value()) << recovered.error().message;
    auto opened = log::DecisionLog::Start(log::PosixFileSystem(), std::move(*recovered), {},
                                          SystemRandom(), sink_);
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    for (const std::string& payload : payloads) (*opened)->Append(payload, log::Urgency::kForce);
    (*opened)->Stop();
  }
  Result<Rebuilt> Read() {
    auto recovered = log::Open(log::PosixFileSystem(), options_);
    if (!recovered) return recovered.error();
    return Replay(*recovered, engine_, SystemClock().Wall());
  }
  Rebuilt MustRead() {
    auto rebuilt = Read();
    EXPECT_TRUE(rebuilt.has_value()) << rebuilt.error().message;
    return std::move(*rebuilt);
  }

  // The next incarnation, as it stands after its start.
  std::unique_ptr<Box> Restart() {
    Rebuilt rebuilt = MustRead();
    auto box = std::make_unique<Box>(engine_, 4);
    box->log.records = rebuilt.copies;
    rebuilt.AssignLsns(1);
    box->shard->Restore(std::move(rebuilt.restored));
    return box;
  }

  test::TempDirectory directory_;
  log::Options options_{directory_.path() + "/log", 1 << 20, 0, 64 << 20};
  coordinator::EngineOptions engine_;
  Sink sink_;
};

TEST_F(ReplayTest, FindsADecisionWithoutAnEndAndSendsItsCommitsAgain) {
  Box box;
  box.Execute("g");
  box.UpToDecision();
  Write(box.log.records);
  Rebuilt rebuilt = MustRead();
  ASSERT_EQ(rebuilt.restored.unfinished.size(), 1u);
  EXPECT_EQ(rebuilt.restored.unfinished[0]->gid, "g");
  EXPECT_EQ(rebuilt.restored.unfinished[0]->atomic.branches[1].identity, "server-b");
  EXPECT_EQ(rebuilt.copies.size(), 1u);
  rebuilt.AssignLsns(7);
  EXPECT_EQ(rebuilt.restored.unfinished[0]->record, 7u);

  const auto after = Restart();
  after->Reply(after->a, Operation::kCommit);
  const size_t again = after->Execute("g");
  after->Reply(after->b, Operation::kCommit);
  EXPECT_EQ(after->StatusOf(again), 200) << "the same gid gives the same outcome";
  EXPECT_EQ(after->LogKinds(), "commit branch-end end");
}

// What has ended by the time of the first scan has not ended durably yet.
TEST_F(ReplayTest, PurgesOldWitnessesOnceButThoseOfWhatWasUnfinished) {
  Box box;
  box.Execute("ended");
  box.UpToDecision();
  box.FlushLog();
  box.Reply(box.a, Operation::kCommit);
  box.Reply(box.b, Operation::kCommit);
  box.Execute("unfinished");
  box.UpToDecision();
  Write(box.log.records);
  const core::Gtrid unfinished = MustRead().restored.unfinished.at(0)->atomic.gtrid;
  const auto after = Restart();
  after->Reply(after->a, Operation::kCommit);
  after->Reply(after->b, Operation::kCommit);
  Judge judge({});
  judge.Attach(*after->shard);
  xa::ScanResult scan;
  scan.stamp = {"server-b", "start"};
  const auto take = [&] {
    ASSERT_TRUE(judge.Take(*after->shard, "b", scan, after->clock.now).has_value());
  };
  after->b.witness = true;
  take();
  EXPECT_TRUE(after->b.purges.empty()) << "a failed scan says nothing";
  scan.complete = true;
  after->b.witness = false;
  take();
  EXPECT_TRUE(after->b.purges.empty());
  after->b.witness = true;
  take();
  take();
  ASSERT_EQ(after->b.purges.size(), 1u);
  EXPECT_EQ(after->b.purges[0].coordinator_id, "12345678");
  EXPECT_EQ(after->b.purges[0].below_incarnation, 4u);
  EXPECT_EQ(after->b.purges[0].keep, (std::vector<xa::Xid>{{unfinished, 2}}));
  EXPECT_TRUE(after->a.purges.empty());
}

TEST_F(ReplayTest, KeepsTheOutcomesOfNamedGids) {
  Box box;
  box.Execute("yes");
  box.UpToDecision();
  box.FlushLog();
  box.Reply(box.a, Operation::kCommit);
  box.Reply(box.b, Operation::kCommit);
  box.Execute("no");
  box.Reply(box.a, Operation::kOpen);
  box.Reply(box.b, Operation::kOpen);
  box.Reply(box.a, Operation::kRun, xa::Code::kRbOther);
  Write(box.log.records);
  Rebuilt rebuilt = MustRead();
  EXPECT_TRUE(rebuilt.restored.unfinished.empty());
  ASSERT_EQ(rebuilt.restored.ended.size(), 2u);
  const auto after = Restart();
  EXPECT_EQ(after->StatusOf(after->Execute("yes")), 200);
  EXPECT_EQ(after->StatusOf(after->Execute("no")), 409);
  EXPECT_EQ(after->StatusOf(after->Execute("no", "OTHER")), 422);
  EXPECT_TRUE(after->a.calls.empty());
}

TEST_F(ReplayTest, PresumesAbortOfWhatLeftNoDecision) {
  Box box;
  box.Execute("g");
  box.Reply(box.a, Operation::kOpen);
  box.Reply(box.b, Operation::kOpen);
  box.Reply(box.a, Operation::kRun);
  Write(box.log.records);
  const Rebuilt rebuilt = MustRead();
  EXPECT_TRUE(rebuilt.restored.unfinished.empty());
  EXPECT_TRUE(rebuilt.restored.ended.empty());
}

TEST_F(ReplayTest, DoesNotAskABranchAgainThatWasRecordedAsEnded) {
  Box box;
  box.Execute("g");
  box.UpToDecision();
  box.FlushLog();
  box.Reply(box.b, Operation::kCommit, xa::Code::kErRmFail);
  box.Reply(box.a, Operation::kCommit);
  ASSERT_EQ(box.LogKinds(), "commit branch-end");
  Write(box.log.records);
  const auto after = Restart();
  EXPECT_TRUE(after->a.calls.empty());
  EXPECT_EQ(after->b.calls.size(), 1u);
}

TEST_F(ReplayTest, HoldsAHeuristicOutcomeOverARestart) {
  Box box;
  box.Execute("g");
  box.UpToDecision();
  box.FlushLog();
  box.Reply(box.a, Operation::kCommit);
  box.Reply(box.b, Operation::kCommit, xa::Code::kHeuristicRollBack);
  Write(box.log.records);
  EXPECT_EQ(MustRead().copies.size(), 2u);
  const auto after = Restart();
  after->Reply(after->a, Operation::kCommit);
  const size_t again = after->Execute("g");
  ASSERT_EQ(after->StatusOf(again), 500);
  EXPECT_EQ(std::get<v1::Problem>(after->AnswerOf(again)->body).outcome(), v1::MIXED);
}

// A left branch makes a hazard. The other branch may stand prepared: after the restart it is rolled
// back all the same.
TEST_F(ReplayTest, RollsTheOtherBranchesOfAHazardBackAfterARestart) {
  Box box;
  box.Execute("g");
  box.Reply(box.a, Operation::kOpen);
  box.Reply(box.b, Operation::kOpen);
  box.Reply(box.a, Operation::kRun);
  box.Reply(box.b, Operation::kRun);
  box.Reply(box.a, Operation::kPrepare);
  box.Reply(box.b, Operation::kPrepare, xa::Code::kHeuristicHazard);
  ASSERT_EQ(box.LogKinds(), "heuristic outcome");
  for (const size_t cut : {2u, 1u}) {  // the outcome may be lost in the crash
    box.log.records.resize(cut);
    std::filesystem::remove_all(options_.directory);
    Write(box.log.records);
    const auto after = Restart();
    after->Reply(after->a, Operation::kRollBack);
    const size_t again = after->Execute("g");
    ASSERT_EQ(after->StatusOf(again), 500);
    EXPECT_EQ(std::get<v1::Problem>(after->AnswerOf(again)->body).outcome(), v1::HAZARD);
  }
}

TEST_F(ReplayTest, InventsNoDecisionForAOnePhaseCommitThatIsAHazard) {
  Box box;
  Request request;
  request.route = coordinator::Route::kExecute;
  v1::ExecuteRequest body;
  v1::Branch* branch = body.mutable_atomic()->add_branches();
  branch->set_name("x");
  branch->mutable_xa()->set_resource("a");
  branch->mutable_xa()->add_statements()->set_sql("UPDATE t SET a = 1");
  request.body = body;
  box.Send(std::move(request));
  box.Reply(box.a, Operation::kOpen);
  box.Reply(box.a, Operation::kRun);
  box.Reply(box.a, Operation::kCommitOnePhase, xa::Code::kHeuristicHazard);
  ASSERT_EQ(box.LogKinds(), "heuristic");
  Write(box.log.records);
  Rebuilt rebuilt = MustRead();
  ASSERT_EQ(rebuilt.restored.unfinished.size(), 1u);
  EXPECT_EQ(rebuilt.restored.unfinished[0]->atomic.decision, core::Decision::kNone);
  const auto after = Restart();
  EXPECT_TRUE(after->a.calls.empty());
}

TEST_F(ReplayTest, ForgetsAHeuristicThatAgreesWithTheDecision) {
  Box box;
  box.Execute("g");
  box.UpToDecision();
  box.FlushLog();
  box.Reply(box.a, Operation::kCommit);
  box.Reply(box.b, Operation::kCommit, xa::Code::kHeuristicCommit);
  Write(box.log.records);
  const auto after = Restart();
  after->Reply(after->a, Operation::kCommit);
  after->Reply(after->b, Operation::kForget);
  EXPECT_EQ(after->StatusOf(after->Execute("g")), 200);
}

TEST_F(ReplayTest, KeepsTheMarkOfWhatWasForgottenAndTheIdentities) {
  coordinator::ForgottenMark mark;
  mark.up_to = core::Gtrid::Make("12345678", 3, "abc", 99);
  mark.youngest = {42};
  const core::Gtrid before = core::Gtrid::Make("12345678", 2, "abc", 5);
  Write({coordinator::EncodeForgotten(mark), coordinator::EncodeIdentity("a", "old", {}, {}),
         coordinator::EncodeIdentity("a", "new", before, {})});
  const Rebuilt rebuilt = MustRead();
  EXPECT_EQ(rebuilt.restored.forgotten.up_to, mark.up_to);
  EXPECT_EQ(rebuilt.restored.forgotten.youngest.ns, 42);
  EXPECT_EQ(rebuilt.restored.identities.at("a").identity, "new");
  EXPECT_EQ(rebuilt.restored.identities.at("a").last_before, before);
  EXPECT_EQ(rebuilt.copies.size(), 2u);
}

TEST_F(ReplayTest, RefusesARecordThatItDoesNotUnderstand) {
  Write({"rubbish"});
  const auto rebuilt = Read();
  ASSERT_FALSE(rebuilt.has_value());
  EXPECT_EQ(rebuilt.error().code, ErrorCode::kDamaged);
  EXPECT_NE(rebuilt.error().message.find("record "), std::string::npos);
}

TEST_F(ReplayTest, RefusesABranchNumberThatNoneHas) {
  for (const uint32_t number : {0u, coordinator::kMostBranches + 1, 4'000'000'000u}) {
    log::v1::Record record;
    record.set_gtrid(std::string(20, 'g'));
    record.mutable_commit()->add_branches()->set_number(number);
    const auto commit = coordinator::Decode(record.SerializeAsString());
    ASSERT_FALSE(commit) << number;
    EXPECT_EQ(commit.error().code, ErrorCode::kDamaged);
    record.mutable_heuristic()->set_number(number);
    EXPECT_FALSE(coordinator::Decode(record.SerializeAsString())) << number;
    record.mutable_branch_end()->set_number(number);
    EXPECT_FALSE(coordinator::Decode(record.SerializeAsString())) << number;
  }
}

Request WithPartner(const std::string& gid) {
  Request request;
  request.route = coordinator::Route::kExecute;
  request.fingerprint = "content";
  v1::ExecuteRequest body;
  if (!gid.empty()) body.set_gid(gid);
  v1::Branch* sql = body.mutable_atomic()->add_branches();
  sql->set_name("pc");
  sql->mutable_xa()->set_resource("a");
  sql->mutable_xa()->add_statements()->set_sql("UPDATE t SET a = 1");
  v1::Branch* hotel = body.mutable_atomic()->add_branches();
  hotel->set_name("hotel");
  hotel->mutable_tcc()->set_url("http://127.0.0.1:9101/hotel");
  hotel->mutable_tcc()->mutable_payload()->set_text("{\"nights\":2}");
  request.body = body;
  return request;
}

TEST_F(ReplayTest, CancelsAndRollsBackWhatWasOpenWithoutADecision) {
  for (const bool named : {true, false}) {
    Box box;
    box.Send(WithPartner(named ? "g" : ""));
    box.FlushLog();
    ASSERT_EQ(box.LogKinds(), "open");
    std::filesystem::remove_all(options_.directory);
    Write(box.log.records);
    EXPECT_EQ(MustRead().copies.size(), named ? 2u : 1u);
    const auto after = Restart();
    ASSERT_EQ(after->partners.calls.size(), 1u);
    const tcc::Call& call = after->partners.calls.front();
    EXPECT_EQ(call.operation, tcc::Operation::kCancel);
    EXPECT_EQ(call.urls->cancel_url, "http://127.0.0.1:9101/hotel/cancel");
    EXPECT_EQ(call.payload->bytes, "{\"nights\":2}");
    EXPECT_TRUE(call.try_sent_before);
    if (named) {  // told again at once, as the outcome is in the copies
      const size_t again = after->Send(WithPartner("g"));
      after->Advance(std::chrono::seconds(3));
      ASSERT_EQ(after->StatusOf(again), 409);
      const auto& problem = std::get<v1::Problem>(after->AnswerOf(again)->body);
      EXPECT_EQ(problem.cause().reason(), "CRASH");
    }
    after->Reply(after->a, Operation::kRollBack);
    after->Reply("hotel", tcc::Operation::kCancel);
    EXPECT_TRUE(after->LogKinds().ends_with("end")) << after->LogKinds();
  }
}

// What is logged of a confirm that does not go through must say where it does not.
TEST_F(ReplayTest, KnowsWhereAPartnerIs) {
  Box box;
  box.Send(WithPartner("g"));
  Write(box.log.records);
  const Rebuilt rebuilt = MustRead();
  ASSERT_EQ(rebuilt.restored.unfinished.size(), 1u);
  const core::Atomic& atomic = rebuilt.restored.unfinished[0]->atomic;
  EXPECT_EQ(atomic.branches.at(1).spec.resource, "http://127.0.0.1:9101/hotel");
}

TEST_F(ReplayTest, ConfirmsWhatWasDecidedFromTheCommitRecordAlone) {
  Box box;
  box.Send(WithPartner("g"));
  box.FlushLog();
  box.Reply("hotel", tcc::Operation::kTry);
  box.Reply(box.a, Operation::kOpen);
  box.Reply(box.a, Operation::kRun);
  box.Reply(box.a, Operation::kPrepare);
  ASSERT_EQ(box.LogKinds(), "open commit");
  Write({box.log.records[1]});
  const auto after = Restart();
  after->Reply(after->a, Operation::kCommit);
  ASSERT_EQ(after->partners.calls.size(), 1u);
  EXPECT_EQ(after->partners.calls.front().payload->bytes, "{\"nights\":2}");
  EXPECT_NE(after->partners.calls.front().deadline.ns, 0);
  after->Reply("hotel", tcc::Operation::kConfirm);
  EXPECT_EQ(after->StatusOf(after->Send(WithPartner("g"))), 200);
}

// The outcome of a named roll-back is durable before its cancels have been answered.
TEST_F(ReplayTest, GoesOnCancellingWhatWasRolledBack) {
  Box box;
  box.Send(WithPartner("g"));
  box.FlushLog();
  box.Reply("hotel", tcc::Operation::kTry);
  box.Reply(box.a, Operation::kOpen, xa::Code::kRbCommFail);
  ASSERT_EQ(box.LogKinds(), "open outcome");
  Write(box.log.records);
  const auto after = Restart();
  after->Reply("hotel", tcc::Operation::kCancel);
  EXPECT_EQ(after->StatusOf(after->Send(WithPartner("g"))), 0) << "the database is asked too";
  after->Reply(after->a, Operation::kRollBack);
  const size_t again = after->Send(WithPartner("g"));
  ASSERT_EQ(after->StatusOf(again), 409);
  EXPECT_EQ(std::get<v1::Problem>(after->AnswerOf(again)->body).cause().reason(), "UNAVAILABLE");
}

TEST_F(ReplayTest, NeedsNothingMoreOfWhatHasEnded) {
  Box box;
  box.Send(WithPartner(""));
  box.FlushLog();
  box.Reply("hotel", tcc::Operation::kTry, tcc::Answer::kRefused);
  ASSERT_EQ(box.LogKinds(), "open end");
  Write(box.log.records);
  EXPECT_TRUE(MustRead().copies.empty());
}

// SQL that joined after the partner is in no record: the sweeper finds it prepared, and is told.
TEST_F(ReplayTest, KnowsThatABranchInNoRecordOfARolledBackTransactionIsRolledBack) {
  Box box;
  box.Send(WithPartner("g"));
  box.FlushLog();
  const core::Gtrid gtrid = box.partners.calls.front().key.gtrid;
  Write(box.log.records);
  const auto after = Restart();
  EXPECT_EQ(after->shard->EndedAs({gtrid, 3}), core::Decision::kRollBack);
  EXPECT_EQ(after->shard->EndedAs({gtrid, 1}), core::Decision::kNone) << "under way";
}

}  // namespace
}  // namespace assent::recovery
