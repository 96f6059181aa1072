// SPDX-License-Identifier: Apache-2.0
#include "coordinator/branch_xa.h"

#include <gtest/gtest.h>

#include "coordinator/testing.h"

namespace assent::coordinator {
namespace {

using core::Operation;

class XaBranchesTest : public ::testing::Test {
 protected:
  XaBranchesTest() {
    context_.clock = &clock_;
    context_.resources = {{"a", &a_}};
    context_.options.result_bytes = 1'000;
    entry_.atomic.gtrid = core::Gtrid::Make("12345678", 3, "abc", 1);
    for (const char* resource : {"a", "gone"}) {
      entry_.atomic.branches.emplace_back().spec.resource = resource;
      entry_.work.emplace_back();
    }
    branches_.FindResources(entry_);
  }
  xa::Completion Answer(Operation operation, xa::Code code) const {
    xa::Completion completion;
    completion.operation = operation;
    completion.xid = {entry_.atomic.gtrid, 1};
    completion.code = code;
    return completion;
  }
  template <typename Event>
  Event EventOf(xa::Completion completion) {
    return std::get<Event>(branches_.ToEvent(entry_, 0, completion));
  }

  ManualClock clock_;
  ScriptedManager a_{"a"};
  ShardContext context_;
  std::deque<xa::Completion> unsent_;
  FirstScan first_scan_{unsent_};
  XaBranches branches_{context_, first_scan_, unsent_};
  Entry entry_;
};

TEST_F(XaBranchesTest, SubmitsACallWithTheGivenNumber) {
  entry_.work[0].statements = std::make_shared<std::vector<xa::Statement>>(1);
  entry_.work[1].results.emplace_back().columns = {"c"};
  branches_.Call(entry_, {0, Operation::kRun, {}}, 7);
  ASSERT_EQ(a_.calls.size(), 1u);
  EXPECT_EQ(a_.calls.front().call, 7u);
  EXPECT_EQ(a_.calls.front().xid, (xa::Xid{entry_.atomic.gtrid, 1}));
  EXPECT_EQ(a_.calls.front().statements, entry_.work[0].statements);
  EXPECT_EQ(a_.calls.front().result_limit, 1'000u);
  EXPECT_LT(a_.calls.front().result_bytes, 1'000u) << "the other branch holds results";
}

TEST_F(XaBranchesTest, AnswersUnavailableForAResourceThatIsNotConfigured) {
  branches_.Call(entry_, {1, Operation::kOpen, {}}, 1);
  branches_.Call(entry_, {1, Operation::kRollBack, {}}, 2);
  ASSERT_EQ(unsent_.size(), 2u);
  EXPECT_EQ(unsent_[0].code, xa::Code::kRbCommFail);
  EXPECT_EQ(unsent_[1].code, xa::Code::kErRmFail) << "not done, and will be retried";
  EXPECT_EQ(unsent_[1].call, 2u);
  EXPECT_NE(unsent_[0].failure.detail.find("gone"), std::string::npos);
}

TEST_F(XaBranchesTest, ARunKeepsItsResultsAndARefusalItsCause) {
  xa::Completion ran = Answer(Operation::kRun, xa::Code::kOk);
  ran.results.emplace_back().affected = 3;
  EXPECT_TRUE(EventOf<core::Ran>(ran).ok);
  EXPECT_EQ(entry_.work[0].results.front().affected, 3u);
  const auto refused = EventOf<core::Ran>(Answer(Operation::kRun, xa::Code::kRbOther));
  EXPECT_FALSE(refused.ok);
  EXPECT_EQ(refused.cause.reason, core::Reason::kSqlError);
  EXPECT_EQ(refused.cause.branch, 0);
  EXPECT_EQ(refused.cause.at_wall_ns, clock_.Wall().ns);
}

TEST_F(XaBranchesTest, AVoteIsCountedByTheTableOfCodes) {
  xa::Completion yes = Answer(Operation::kPrepare, xa::Code::kOk);
  yes.stamp = {"server", "start", 5};
  const auto voted = EventOf<core::Voted>(yes);
  EXPECT_EQ(voted.vote, core::Vote::kPrepared);
  EXPECT_EQ(voted.identity, "server");
  EXPECT_EQ(voted.position, 5u);
  const auto refused = EventOf<core::Voted>(Answer(Operation::kPrepare, xa::Code::kRbDeadlock));
  EXPECT_EQ(refused.vote, core::Vote::kRefused);
  EXPECT_EQ(refused.cause.decided_by, core::DecidedBy::kResource);
  const auto unknown = EventOf<core::Voted>(Answer(Operation::kPrepare, xa::Code::kErRmFail));
  EXPECT_EQ(unknown.vote, core::Vote::kUnknown);
  EXPECT_EQ(unknown.cause.reason, core::Reason::kPrepareUnknown);
}

TEST_F(XaBranchesTest, ALostCommitIsUnknownAndMayHaveBeenDone) {
  EXPECT_EQ(EventOf<core::Acked>(Answer(Operation::kCommit, xa::Code::kOk)).ack, core::Ack::kDone);
  xa::Completion lost = Answer(Operation::kCommit, xa::Code::kErRmFail);
  lost.lost = true;
  const auto acked = EventOf<core::Acked>(lost);
  EXPECT_EQ(acked.ack, core::Ack::kUnknown);
  EXPECT_TRUE(acked.lost);
  EXPECT_NE(acked.detail, "");
}

// The client's SQL may have committed what it left, and no row of ours tells.
TEST_F(XaBranchesTest, ALastResourceThatWasLeftBeforeItsRowIsAHazard) {
  core::AtomicBranch& branch = entry_.atomic.branches[0];
  branch.spec.kind = core::BranchKind::kLast;
  entry_.atomic.state = core::State::kDeciding;
  const xa::Completion left = Answer(Operation::kCommitOnePhase, xa::Code::kHeuristicHazard);
  EXPECT_EQ(EventOf<core::Acked>(left).ack, core::Ack::kHeuristicHazard);
  branch.Restore(core::Phase::kVoted);
  EXPECT_EQ(EventOf<core::Acked>(left).ack, core::Ack::kNotFound) << "its row decides";
}

TEST_F(XaBranchesTest, ALastResourceThatDoesNotAnswerDefinitelyIsLookedUp) {
  entry_.atomic.branches[0].spec.kind = core::BranchKind::kLast;
  entry_.atomic.state = core::State::kDeciding;
  for (const auto code : {xa::Code::kErRmFail, xa::Code::kErRmErr, xa::Code::kErNota,
                          xa::Code::kHeuristicMixed, xa::Code::kHeuristicRollBack}) {
    EXPECT_EQ(EventOf<core::Acked>(Answer(Operation::kCommitOnePhase, code)).ack,
              core::Ack::kNotFound);
  }
  EXPECT_EQ(EventOf<core::Acked>(Answer(Operation::kCommitOnePhase, xa::Code::kOk)).ack,
            core::Ack::kDone);
  EXPECT_EQ(EventOf<core::Acked>(Answer(Operation::kCommitOnePhase, xa::Code::kRbOther)).ack,
            core::Ack::kRolledBack);
}

TEST_F(XaBranchesTest, ALostRowOfALastResourceAsksForADecisionThatSuitsTheOthers) {
  core::AtomicBranch& last = entry_.atomic.branches[0];
  last.spec.kind = core::BranchKind::kLast;
  last.identity = "postgresql/1/1/bank";
  entry_.atomic.state = core::State::kDeciding;
  xa::Completion looked = Answer(Operation::kFind, xa::Code::kOk);
  looked.found = xa::Found::kNotListed;
  looked.stamp.identity = "postgresql/2/1/bank";
  const auto acked = EventOf<core::Acked>(looked);
  EXPECT_EQ(acked.ack, core::Ack::kUnknown);
  EXPECT_TRUE(acked.needs_operator);
  EXPECT_NE(acked.detail.find("if each of them is prepared or has committed"), std::string::npos);
  EXPECT_NE(acked.detail.find("if none has committed"), std::string::npos);
}

TEST_F(XaBranchesTest, ANewXidThatAlreadyExistsBelongsToAnotherCoordinator) {
  EXPECT_TRUE(XaBranches::IsXidOfAnother(Answer(Operation::kRun, xa::Code::kErDupid)));
  EXPECT_TRUE(XaBranches::IsXidOfAnother(Answer(Operation::kPrepare, xa::Code::kErDupid)));
  EXPECT_FALSE(XaBranches::IsXidOfAnother(Answer(Operation::kCommit, xa::Code::kErDupid)));
  EXPECT_FALSE(XaBranches::IsXidOfAnother(Answer(Operation::kRun, xa::Code::kOk)));
}

}  // namespace
}  // namespace assent::coordinator
