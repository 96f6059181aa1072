// SPDX-License-Identifier: Apache-2.0
#include "recovery/judge.h"

#include <gtest/gtest.h>

#include "coordinator/testing.h"

namespace assent::recovery {
namespace {

using coordinator::Box;
using core::Operation;

class JudgeTest : public ::testing::Test {
 protected:
  explicit JudgeTest(bool await_first_scans = false)
      : box_(Options(), 3, await_first_scans), judge_({}) {
    judge_.Attach(*box_.shard);
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
    return judge_.Take(*box_.shard, "a", scan, box_.clock.now);
  }
  // Everything that has ended is forgotten, and the mark stands above all older incarnations.
  void EndOneAndForgetIt() {
    box_.Execute("g1");
    box_.UpToDecision();
    box_.FlushLog();
    box_.Reply(box_.a, Operation::kCommit);
    box_.Reply(box_.b, Operation::kCommit);
    box_.FlushLog();
    box_.Advance(std::chrono::seconds(5));
    ASSERT_TRUE(box_.shard->Forgotten().up_to.has_value());
  }

  Box box_;
  Judge judge_;
};

TEST_F(JudgeTest, RollsAnOrphanBackUntilItIsGoneThoughOutcomesAreForgottenMeanwhile) {
  Scan({Orphan(2)});
  box_.Reply(box_.a, Operation::kRollBack, xa::Code::kErNota);  // its old session still holds it
  EndOneAndForgetIt();
  Scan({Orphan(2)});
  ASSERT_EQ(box_.a.calls.size(), 1u);
  EXPECT_EQ(box_.a.calls.front().operation, Operation::kRollBack);
}

TEST_F(JudgeTest, LeavesToTheOperatorWhatItFirstSeesAtOrBelowTheMark) {
  EndOneAndForgetIt();
  Scan({Orphan(2)});
  EXPECT_TRUE(box_.a.calls.empty());
}

// A commit hung and was taken as done, the server restarted and has the branch prepared again; the
// transaction stays live because its other branch has no answer.
TEST_F(JudgeTest, CommitsABranchThatReturnedWhileItsTransactionIsStillLive) {
  box_.Execute("g1");
  box_.UpToDecision();
  box_.FlushLog();
  const xa::Xid xid = box_.a.calls.front().xid;
  box_.Reply(box_.a, Operation::kCommit);
  ASSERT_TRUE(box_.shard->IsLive(xid.gtrid));
  Scan({xid});
  EXPECT_TRUE(box_.a.calls.empty()) << "this list may be older than the answer";
  Scan({xid});
  ASSERT_EQ(box_.a.calls.size(), 1u);
  box_.Reply(box_.a, Operation::kCommit);
}

TEST_F(JudgeTest, StopsAtABranchOfANewerIncarnationBeforeAnythingIsTouched) {
  EXPECT_FALSE(Scan({Orphan(2), Orphan(4)}).has_value());
  EXPECT_TRUE(box_.a.calls.empty());
  EXPECT_NE(box_.fatal.find("newer incarnation"), std::string::npos) << box_.fatal;
}

TEST_F(JudgeTest, StopsAtABranchOfANewerIncarnationOnAStandbyToo) {
  EXPECT_FALSE(Scan({Orphan(4)}, true).has_value());
  EXPECT_NE(box_.fatal.find("newer incarnation"), std::string::npos) << box_.fatal;
}

TEST_F(JudgeTest, TouchesNothingThatOnlyAStandbyShows) {
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(Scan({Orphan(2)}, true).has_value());
  EXPECT_TRUE(box_.a.calls.empty());
}

TEST_F(JudgeTest, StopsAtAWitnessRowOfANewerIncarnation) {
  xa::ScanResult scan;
  scan.complete = true;
  scan.listed.push_back({Orphan(2), ""});
  scan.newer_witness = {core::Gtrid::Make("12345678", 3, "xyz", 7), 1};
  EXPECT_FALSE(judge_.Take(*box_.shard, "a", scan, box_.clock.now).has_value());
  EXPECT_TRUE(box_.a.calls.empty());
  EXPECT_NE(box_.fatal.find("witness row"), std::string::npos) << box_.fatal;
}

// A shard that waits for first scans.
class FirstJudgementTest : public JudgeTest {
 protected:
  FirstJudgementTest() : JudgeTest(true) {}
  void Fail() {
    xa::ScanResult failed;
    failed.error = "connection refused";
    judge_.Take(*box_.shard, "a", failed, box_.clock.now);
  }
};

TEST_F(FirstJudgementTest, AStaleProcessHasSentNothingWhenItStops) {
  box_.Execute("g");
  EXPECT_FALSE(Scan({Orphan(4)}).has_value());
  EXPECT_FALSE(box_.fatal.empty());
  EXPECT_TRUE(box_.a.calls.empty());
}

TEST_F(FirstJudgementTest, LetsWorkPassOnceAScanShowsNothingNewer) {
  Fail();
  const size_t refused = box_.Execute("refused");
  box_.FlushLog();
  EXPECT_EQ(box_.StatusOf(refused), 409);
  Scan({Orphan(2)});
  box_.Execute("g");
  ASSERT_EQ(box_.a.calls.size(), 2u);
  EXPECT_EQ(box_.a.calls.front().operation, Operation::kRollBack);
  EXPECT_EQ(box_.a.calls.back().operation, Operation::kOpen);
}

}  // namespace
}  // namespace assent::recovery
