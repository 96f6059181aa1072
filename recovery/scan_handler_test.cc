// SPDX-License-Identifier: Apache-2.0
// Scans with a real shard: the facts that the judge gets from it, and the verdicts applied to it.
#include "recovery/scan_handler.h"

#include <gtest/gtest.h>

#include "coordinator/shard_fixture.h"
#include "recovery/testing.h"
#include "tests/support/temp.h"

namespace assent::recovery {
namespace {

using core::Operation;

class ScanHandlerTest : public ::testing::Test {
 protected:
  explicit ScanHandlerTest(bool await_first_scans = false)
      : fixture_(Options(), 3, await_first_scans), handler_({}) {
    handler_.Attach(*fixture_.shard);
  }

  static coordinator::EngineOptions Options() {
    coordinator::EngineOptions options;
    options.outcome_age = std::chrono::seconds(1);
    return options;
  }
  static xa::Xid Orphan(uint32_t incarnation) {
    return {core::Gtrid::Make("12345678", incarnation, "old", 7), 1};
  }
  std::optional<Duration> Scan(const std::vector<xa::Xid>& listed, bool standby = false) {
    xa::ScanResult scan;
    scan.complete = true;
    scan.standby = standby;
    scan.stamp = {"server-a", "start"};
    for (const xa::Xid& xid : listed) scan.listed.push_back({xid, ""});
    return handler_.Take(*fixture_.shard, "a", scan, fixture_.clock.now);
  }
  // Every outcome is forgotten, and the mark is above all older incarnations.
  void EndOneAndForgetIt() {
    fixture_.Execute("g1");
    fixture_.UpToDecision();
    fixture_.FlushLog();
    fixture_.Reply(fixture_.a, Operation::kCommit);
    fixture_.Reply(fixture_.b, Operation::kCommit);
    fixture_.FlushLog();
    fixture_.Advance(std::chrono::seconds(5));
    ASSERT_TRUE(fixture_.shard->Forgotten().up_to.has_value());
  }

  coordinator::ShardFixture fixture_;
  ScanHandler handler_;
};

TEST_F(ScanHandlerTest, RollsAnOrphanBackUntilItIsGoneEvenIfOutcomesAreForgottenMeanwhile) {
  Scan({Orphan(2)});
  fixture_.Reply(fixture_.a, Operation::kRollBack,
                 xa::Code::kErNota);  // its old session still holds it
  EndOneAndForgetIt();
  Scan({Orphan(2)});
  ASSERT_EQ(fixture_.a.calls.size(), 1u);
  EXPECT_EQ(fixture_.a.calls.front().operation, Operation::kRollBack);
}

TEST_F(ScanHandlerTest, LeavesAnOrphanFirstSeenAtOrBelowTheMarkToTheOperator) {
  EndOneAndForgetIt();
  Scan({Orphan(2)});
  EXPECT_TRUE(fixture_.a.calls.empty());
}

// A commit hung and was taken as done; then the server restarted and has the branch prepared again.
// The transaction stays live because its other branch is not answered.
TEST_F(ScanHandlerTest, CommitsABranchThatReturnedWhileItsTransactionIsStillLive) {
  fixture_.Execute("g1");
  fixture_.UpToDecision();
  fixture_.FlushLog();
  const xa::Xid xid = fixture_.a.calls.front().xid;
  fixture_.Reply(fixture_.a, Operation::kCommit);
  ASSERT_TRUE(fixture_.shard->IsLive(xid.gtrid));
  Scan({xid});
  EXPECT_TRUE(fixture_.a.calls.empty()) << "this list may be older than the answer";
  Scan({xid});
  ASSERT_EQ(fixture_.a.calls.size(), 1u);
  fixture_.Reply(fixture_.a, Operation::kCommit);
}

TEST_F(ScanHandlerTest, StopsAtABranchOfANewerIncarnationWithoutTouchingAny) {
  EXPECT_FALSE(Scan({Orphan(2), Orphan(4)}).has_value());
  EXPECT_TRUE(fixture_.a.calls.empty());
  EXPECT_NE(fixture_.fatal.find("newer incarnation"), std::string::npos) << fixture_.fatal;
}

TEST_F(ScanHandlerTest, StopsAtABranchOfANewerIncarnationOnAStandbyToo) {
  EXPECT_FALSE(Scan({Orphan(4)}, true).has_value());
  EXPECT_NE(fixture_.fatal.find("newer incarnation"), std::string::npos) << fixture_.fatal;
}

TEST_F(ScanHandlerTest, TouchesNoBranchThatOnlyAStandbyLists) {
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(Scan({Orphan(2)}, true).has_value());
  EXPECT_TRUE(fixture_.a.calls.empty());
}

TEST_F(ScanHandlerTest, StopsAtAWitnessRowOfANewerIncarnation) {
  xa::ScanResult scan;
  scan.complete = true;
  scan.listed.push_back({Orphan(2), ""});
  scan.newer_witness = {core::Gtrid::Make("12345678", 3, "xyz", 7), 1};
  EXPECT_FALSE(handler_.Take(*fixture_.shard, "a", scan, fixture_.clock.now).has_value());
  EXPECT_TRUE(fixture_.a.calls.empty());
  EXPECT_NE(fixture_.fatal.find("witness row"), std::string::npos) << fixture_.fatal;
}

// A shard that waits for first scans.
class FirstJudgementTest : public ScanHandlerTest {
 protected:
  FirstJudgementTest() : ScanHandlerTest(true) {}
  void Fail() {
    xa::ScanResult failed;
    failed.error = "connection refused";
    handler_.Take(*fixture_.shard, "a", failed, fixture_.clock.now);
  }
};

TEST_F(FirstJudgementTest, AStaleProcessStopsBeforeItSendsAnything) {
  fixture_.Execute("g");
  EXPECT_FALSE(Scan({Orphan(4)}).has_value());
  EXPECT_FALSE(fixture_.fatal.empty());
  EXPECT_TRUE(fixture_.a.calls.empty());
}

TEST_F(FirstJudgementTest, LetsCallsPassOnceAScanShowsNothingNewer) {
  Fail();
  const size_t refused = fixture_.Execute("refused");
  fixture_.FlushLog();
  EXPECT_EQ(fixture_.StatusOf(refused), 409);
  Scan({Orphan(2)});
  fixture_.Execute("g");
  ASSERT_EQ(fixture_.a.calls.size(), 2u);
  EXPECT_EQ(fixture_.a.calls.front().operation, Operation::kRollBack);
  EXPECT_EQ(fixture_.a.calls.back().operation, Operation::kOpen);
}

class RestartedScanTest : public testing::Test {
 protected:
  test::TempDirectory directory_;
  LogOnDisk log_{directory_.path()};
};

// A transaction that has ended before the first scan may not have ended durably.
TEST_F(RestartedScanTest, PurgesOldWitnessesOnceExceptThoseOfUnfinishedTransactions) {
  coordinator::ShardFixture fixture;
  fixture.Execute("ended");
  fixture.UpToDecision();
  fixture.FlushLog();
  fixture.Reply(fixture.a, Operation::kCommit);
  fixture.Reply(fixture.b, Operation::kCommit);
  fixture.Execute("unfinished");
  fixture.UpToDecision();
  log_.Write(fixture.log.records);
  const core::Gtrid unfinished = log_.MustRead().restored.unfinished.at(0)->atomic.gtrid;
  const auto after = log_.Restart();
  after->Reply(after->a, Operation::kCommit);
  after->Reply(after->b, Operation::kCommit);
  ScanHandler handler({});
  handler.Attach(*after->shard);
  xa::ScanResult scan;
  scan.stamp = {"server-b", "start"};
  const auto take = [&] {
    ASSERT_TRUE(handler.Take(*after->shard, "b", scan, after->clock.now).has_value());
  };
  after->b.witness = true;
  take();
  EXPECT_TRUE(after->b.purges.empty()) << "a failed scan proves nothing";
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

}  // namespace
}  // namespace assent::recovery
