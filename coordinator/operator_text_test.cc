// SPDX-License-Identifier: Apache-2.0
// What an operator reads where a transaction ended MIXED or HAZARD.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/testing.h"

namespace assent::coordinator {
namespace {

using core::Operation;
using testing::HasSubstr;
using xa::Code;

// Two branches, decided to commit; `a` has committed, and `b` answers its commit with `code`.
size_t CommittedOnA(Box& box, Code code) {
  const size_t request = box.Execute("g");
  box.UpToDecision();
  box.FlushLog();
  box.Reply(box.a, Operation::kCommit);
  box.Reply(box.b, Operation::kCommit, code);
  return request;
}

v1::Problem ProblemOf(Box& box, size_t request) {
  box.FlushLog();
  const Answer* answer = box.AnswerOf(request);
  EXPECT_NE(answer, nullptr);
  const auto* problem = answer == nullptr ? nullptr : std::get_if<v1::Problem>(&answer->body);
  EXPECT_NE(problem, nullptr);
  return problem == nullptr ? v1::Problem() : *problem;
}

TEST(OperatorText, OfAMixedOutcomeSaysWhatWasSeenAndWhereToLook) {
  Box box;
  const v1::Problem problem = ProblemOf(box, CommittedOnA(box, Code::kHeuristicRollBack));
  EXPECT_EQ(problem.outcome(), v1::MIXED);
  const std::string xid = problem.branches(1).xid();
  const std::string sentence =
      "the decision is to commit, but this branch rolled back: commit was answered with "
      "XA_HEURRB. On resource b: The server's list of prepared transactions shows whether " +
      xid + " is still prepared. Compare the rows that it was to change with those of the other " +
      "branches.";
  EXPECT_EQ(problem.branches(1).detail(), sentence);
  EXPECT_EQ(problem.branches(0).detail(), "");
  EXPECT_EQ(problem.detail(), "branch on-b: " + sentence);
}

TEST(OperatorText, OfAHazardSaysThatTheBranchIsNotListed) {
  Box box;
  const size_t request = CommittedOnA(box, Code::kErNota);
  ASSERT_EQ(box.b.calls.size(), 1u);
  xa::Completion completion;
  completion.call = box.b.calls.front().call;
  completion.operation = Operation::kFind;
  completion.xid = box.b.calls.front().xid;
  completion.found = xa::Found::kNotListed;
  completion.stamp = {"server-b", "start"};
  box.b.calls.pop_front();
  box.shard->OnCompletion(std::move(completion));
  const v1::Problem problem = ProblemOf(box, request);
  EXPECT_EQ(problem.outcome(), v1::HAZARD);
  EXPECT_THAT(problem.detail(), HasSubstr("branch on-b: the decision is to commit, and it is not "
                                          "known whether this branch committed: the server does "
                                          "not list it"));
}

}  // namespace
}  // namespace assent::coordinator
