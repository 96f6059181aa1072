// SPDX-License-Identifier: Apache-2.0
// Which transactions may have a last resource, and what an operator is told where its row is gone.
#include "coordinator/branch_last.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/testing.h"

namespace assent::coordinator {
namespace {

using core::Operation;
using testing::HasSubstr;

constexpr const char* kHere = "postgresql/7123456789/1/5/app";
constexpr const char* kHereToo = "postgresql/7123456789/1/6/stock";
constexpr const char* kElsewhere = "postgresql/8123456789/1/5/app";

TEST(SharedServer, IsNamedIfBothAreDatabasesOfIt) {
  ScriptedManager last("l"), other("o");
  last.stamp.identity = kHere;
  other.stamp.identity = kHereToo;
  EXPECT_THAT(SharedServer(last, other, "stock"), HasSubstr("same server as branch stock"));
  other.stamp.identity = kElsewhere;
  EXPECT_EQ(SharedServer(last, other, "stock"), "");
}

TEST(SharedServer, IsNotKnownBeforeTheFirstProbe) {
  const ScriptedManager last("l"), other("o");
  EXPECT_EQ(SharedServer(last, other, "stock"), "");
}

class BranchLastTest : public ::testing::Test {
 protected:
  // "stock" and "prices" are databases, "ledger" is the last resource.
  BranchLastTest() {
    entry_.atomic.gtrid = core::Gtrid::Make("12345678", 3, "abc", 1);
    for (const char* name : {"stock", "ledger", "prices"}) {
      entry_.atomic.branches.emplace_back().spec.name = name;
      entry_.work.emplace_back().resource = &manager_;
    }
    entry_.atomic.branches[1].spec.kind = core::BranchKind::kLast;
    entry_.atomic.branches[1].identity = kHere;
  }
  core::Voted Vote(uint32_t branch, const std::string& identity) {
    core::Voted voted;
    voted.branch = branch;
    voted.vote = core::Vote::kPrepared;
    RefuseSharedServer(entry_, {identity, "start"}, clock_, voted);
    return voted;
  }
  static xa::Completion Find(xa::Found found, const std::string& identity) {
    xa::Completion completion;
    completion.operation = Operation::kFind;
    completion.found = found;
    completion.stamp = {identity, "start"};
    return completion;
  }

  ManualClock clock_;
  ScriptedManager manager_{"l"};
  Entry entry_;
};

TEST_F(BranchLastTest, AVoteFromTheServerOfTheLastResourceIsARefusal) {
  const core::Voted refused = Vote(0, kHereToo);
  EXPECT_EQ(refused.vote, core::Vote::kRefused);
  EXPECT_EQ(refused.cause.reason, core::Reason::kPrepareRefused);
  EXPECT_EQ(refused.cause.branch, 1);
  EXPECT_THAT(refused.cause.detail, HasSubstr("same server as branch stock"));
  EXPECT_EQ(refused.cause.at_wall_ns, clock_.Wall().ns);
  EXPECT_EQ(Vote(0, kElsewhere).vote, core::Vote::kPrepared);
}

TEST_F(BranchLastTest, AVoteOfTheLastResourceIsComparedWithAllOthers) {
  entry_.atomic.branches[0].identity = kElsewhere;
  entry_.atomic.branches[2].identity = kHereToo;
  const core::Voted refused = Vote(1, kHere);
  EXPECT_EQ(refused.vote, core::Vote::kRefused);
  EXPECT_THAT(refused.cause.detail, HasSubstr("same server as branch prices"));
  entry_.atomic.branches[2].identity.clear();
  EXPECT_EQ(Vote(1, kHere).vote, core::Vote::kPrepared) << "not known";
}

TEST_F(BranchLastTest, TwoOthersMayShareAServer) {
  entry_.atomic.branches[2].identity = kElsewhere;
  EXPECT_EQ(Vote(0, kElsewhere).vote, core::Vote::kPrepared);
  entry_.atomic.branches[1].spec.kind = core::BranchKind::kXa;
  EXPECT_EQ(Vote(0, kHere).vote, core::Vote::kPrepared) << "there is no last resource";
}

TEST_F(BranchLastTest, AMissingRowOnAnotherServerNeedsAnOperatorWhoIsToldWhatToRun) {
  entry_.atomic.state = core::State::kDeciding;
  for (const xa::Found found : {xa::Found::kNotListed, xa::Found::kUnknown}) {
    const std::string why = WhyInDoubt(entry_, 1, Find(found, kElsewhere));
    EXPECT_THAT(why, HasSubstr(std::string("was ") + kHere));
    EXPECT_THAT(why, HasSubstr("INSERT C; to roll back, if none has committed, INSERT R"));
  }
}

TEST_F(BranchLastTest, NobodyIsNeededWhileTheServerOrTheRowTells) {
  entry_.atomic.state = core::State::kDeciding;
  EXPECT_EQ(WhyInDoubt(entry_, 1, Find(xa::Found::kUnknown, kHere)), "") << "look again";
  EXPECT_EQ(WhyInDoubt(entry_, 1, Find(xa::Found::kUnknown, "")), "") << "not reached";
  for (const xa::Found found : {xa::Found::kWitnessCommitted, xa::Found::kWitnessRolledBack}) {
    EXPECT_EQ(WhyInDoubt(entry_, 1, Find(found, kElsewhere)), "") << "the row decides";
  }
  EXPECT_EQ(WhyInDoubt(entry_, 0, Find(xa::Found::kNotListed, kElsewhere)), "") << "not the last";
  xa::Completion commit = Find(xa::Found::kUnknown, kElsewhere);
  commit.operation = Operation::kCommitOnePhase;
  EXPECT_EQ(WhyInDoubt(entry_, 1, commit), "") << "not a lookup";
  entry_.atomic.state = core::State::kRollingBack;
  EXPECT_EQ(WhyInDoubt(entry_, 1, Find(xa::Found::kNotListed, kElsewhere)), "") << "decided";
}

}  // namespace
}  // namespace assent::coordinator
