#include "recovery/judge.h"

#include <gtest/gtest.h>

#include "coordinator/testing.h"

namespace assent::recovery {
namespace {

using coordinator::Box;
using core::Operation;

class JudgeTest : public ::testing::Test {
 protected:
  JudgeTest() : box_(Options()), judge_({}) { judge_.Attach(*box_.shard); }

  static coordinator::EngineOptions Options() {
    coordinator::EngineOptions options;
    options.outcome_age = std::chrono::seconds(1);
    return options;
  }
  static xa::Xid Orphan(uint32_t incarnation) {
    return {core::Gtrid::Make("12345678", incarnation, "old", 7), 1};
  }
  std::optional<Duration> Scan(const std::vector<xa::Xid>& listed) {
    xa::ScanResult scan;
    scan.complete = true;
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

}  // namespace
}  // namespace assent::recovery
