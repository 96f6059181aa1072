// SPDX-License-Identifier: Apache-2.0
// Tests of the judge alone: facts and scans as input, verdicts as output.
#include "recovery/judge.h"

#include <gtest/gtest.h>

namespace assent::recovery {
namespace {

using core::Operation;
using std::chrono::milliseconds;

const log::Identity kOurs{"12345678", 3, "abc"};

xa::Xid XidOf(uint32_t incarnation, const std::string& nonce = "abc") {
  return {core::Gtrid::Make("12345678", incarnation, nonce, 7), 1};
}

// The evidence for a branch of an earlier incarnation about which nothing is known.
Evidence Past() {
  Evidence evidence;
  evidence.facts.origin = Origin::kPast;
  return evidence;
}

// ---- Newer incarnations ----

TEST(OriginOf, TellsOursFromForeignAndOlderFromNewer) {
  EXPECT_EQ(OriginOf(kOurs, core::Gtrid::Make("87654321", 9, "abc", 7)), Origin::kForeign);
  EXPECT_EQ(OriginOf(kOurs, XidOf(2, "xyz").gtrid), Origin::kPast);
  EXPECT_EQ(OriginOf(kOurs, XidOf(3).gtrid), Origin::kPast);
  EXPECT_EQ(OriginOf(kOurs, XidOf(3, "xyz").gtrid), Origin::kNewer);
  EXPECT_EQ(OriginOf(kOurs, XidOf(4).gtrid), Origin::kNewer);
}

TEST(FindNewer, FindsABranchOrAWitnessRow) {
  xa::ScanResult scan;
  scan.listed.push_back({XidOf(2), ""});
  EXPECT_FALSE(FindNewer(kOurs, scan).has_value());
  scan.newer_witness = XidOf(3, "xyz");
  ASSERT_TRUE(FindNewer(kOurs, scan).has_value());
  EXPECT_TRUE(FindNewer(kOurs, scan)->is_witness);
  scan.listed.push_back({XidOf(4), ""});
  EXPECT_FALSE(FindNewer(kOurs, scan)->is_witness);
  EXPECT_EQ(FindNewer(kOurs, scan)->xid, XidOf(4));
}

// ---- One branch ----

TEST(JudgeBranch, UsesTheDecisionTable) {
  Remembered before;
  const Ruling ruling = JudgeBranch(Past(), before);
  EXPECT_STREQ(ruling.row->label, "R9");
  EXPECT_EQ(ruling.action, Action::kPresumeAbort);
  EXPECT_TRUE(ruling.is_new);
  EXPECT_FALSE(JudgeBranch(Past(), before).is_new) << "it was announced by that row before";
}

TEST(JudgeBranch, IgnoresABranchThatEndedAfterTheListWasRequested) {
  Evidence evidence = Past();
  evidence.facts.known = Known::kRolledBack;
  evidence.ended_since = true;
  Remembered before;
  EXPECT_EQ(JudgeBranch(evidence, before).row, nullptr);
}

TEST(JudgeBranch, TouchesABranchOfThisRunOnlyWhenTwoScansShowIt) {
  Evidence evidence = Past();
  evidence.of_this_run = true;
  Remembered before;
  EXPECT_EQ(JudgeBranch(evidence, before).action, Action::kWait);
  EXPECT_EQ(before.announced, nullptr);
  before.seen = true;
  EXPECT_EQ(JudgeBranch(evidence, before).action, Action::kPresumeAbort);
}

TEST(JudgeBranch, BelievesThatALiveBranchReturnedWhenTwoListsShowIt) {
  Evidence evidence = Past();
  evidence.facts.origin = Origin::kLive;
  for (const auto ended_as : {core::Decision::kCommit, core::Decision::kRollBack}) {
    evidence.ended_as = ended_as;
    Remembered before;
    EXPECT_EQ(JudgeBranch(evidence, before).action, Action::kWait) << "this list may be older";
    const Action expected =
        ended_as == core::Decision::kCommit ? Action::kCommitAndAlarm : Action::kRollBack;
    EXPECT_EQ(JudgeBranch(evidence, before).action, expected);
  }
}

TEST(JudgeBranch, KeepsWhatWasProvenAfterOutcomesAreForgotten) {
  for (const auto known : {Known::kNothing, Known::kCommitted, Known::kRolledBack}) {
    Evidence evidence = Past();
    evidence.facts.known = known;
    Remembered before;
    const Action first = JudgeBranch(evidence, before).action;
    evidence.facts.known = Known::kNothing;
    evidence.facts.memory = Memory::kForgotten;
    EXPECT_EQ(JudgeBranch(evidence, before).action, first);
  }
  Evidence evidence = Past();
  evidence.facts.memory = Memory::kForgotten;
  Remembered before;
  EXPECT_EQ(JudgeBranch(evidence, before).action, Action::kNeedsOperator);
}

// ---- Successive scans ----

class JudgeTest : public ::testing::Test {
 protected:
  Judgement Take(const std::vector<std::pair<xa::Xid, Evidence>>& branches) {
    xa::ScanResult scan;
    scan.complete = true;
    scan.foreign = 2;
    std::vector<Evidence> evidence;
    for (const auto& [xid, known] : branches) {
      scan.listed.push_back({xid, ""});
      evidence.push_back(known);
    }
    return judge_.Take("a", scan, evidence, now_);
  }

  SweeperOptions options_;
  Judge judge_{options_};
  Monotonic now_{1'000'000'000};
};

TEST_F(JudgeTest, CountsOursAndForeignOnes) {
  Evidence foreign;
  foreign.facts.origin = Origin::kForeign;
  const Judgement judgement =
      Take({{XidOf(2), Past()}, {{core::Gtrid::Make("87654321", 1, "abc", 7), 1}, foreign}});
  EXPECT_EQ(judgement.in_doubt, 1u);
  EXPECT_EQ(judgement.foreign, 3u);
  ASSERT_EQ(judgement.verdicts.size(), 1u);
  EXPECT_EQ(judgement.verdicts[0].xid, XidOf(2));
  EXPECT_EQ(judgement.verdicts[0].call, Operation::kRollBack);
  EXPECT_TRUE(judgement.verdicts[0].announce);
}

TEST_F(JudgeTest, ScansAgainSoonWhileSomethingIsLeft) {
  EXPECT_EQ(Take({{XidOf(2), Past()}}).again, options_.eager_interval);
  Evidence held = Past();
  held.facts.identity = Identity::kChanged;
  EXPECT_EQ(Take({{XidOf(1), held}}).again, options_.interval) << "it is left to the operator";
  Evidence live;
  live.facts.origin = Origin::kLive;
  EXPECT_EQ(Take({{XidOf(3), live}}).again, options_.interval);
  EXPECT_EQ(Take({}).again, options_.interval);
}

TEST_F(JudgeTest, RetriesAnOrphanWithBackoff) {
  std::vector<Duration> waits;
  const Monotonic begun = now_;
  Monotonic last = now_;
  for (; now_ < begun + std::chrono::seconds(20); now_ = now_ + milliseconds(500)) {
    const Judgement judgement = Take({{XidOf(2), Past()}});
    if (judgement.verdicts.empty()) continue;
    if (now_ != begun) waits.push_back(now_ - last);
    last = now_;
  }
  EXPECT_EQ(waits,
            (std::vector<Duration>{milliseconds(500), milliseconds(1000), milliseconds(2000),
                                   milliseconds(4000), milliseconds(5000), milliseconds(5000)}));
}

TEST_F(JudgeTest, ForgetsAnOrphanThatIsNoLongerListed) {
  Take({{XidOf(2), Past()}});
  Take({});
  const Judgement judgement = Take({{XidOf(2), Past()}});
  ASSERT_EQ(judgement.verdicts.size(), 1u) << "its backoff is over";
  EXPECT_TRUE(judgement.verdicts[0].announce);
}

TEST_F(JudgeTest, NeedsTwoScansAgainAfterAFailedOne) {
  Evidence of_this_run = Past();
  of_this_run.of_this_run = true;
  EXPECT_TRUE(Take({{XidOf(3), of_this_run}}).verdicts.empty());
  EXPECT_EQ(judge_.TakeFailed("a"), std::chrono::seconds(1));
  EXPECT_TRUE(Take({{XidOf(3), of_this_run}}).verdicts.empty());
  EXPECT_EQ(Take({{XidOf(3), of_this_run}}).verdicts.size(), 1u);
}

TEST_F(JudgeTest, ReportsEachChangeOfAnAnswerOnce) {
  Take({{XidOf(2), Past()}});
  EXPECT_TRUE(judge_.TakeAnswer(XidOf(2), xa::Code::kErRmFail));
  EXPECT_FALSE(judge_.TakeAnswer(XidOf(2), xa::Code::kErRmFail));
  EXPECT_TRUE(judge_.TakeAnswer(XidOf(2), xa::Code::kErRmErr));
  EXPECT_TRUE(judge_.TakeAnswer(XidOf(2), xa::Code::kOk));
}

}  // namespace
}  // namespace assent::recovery
