// SPDX-License-Identifier: Apache-2.0
// The text for operators about a transaction that ended MIXED or HAZARD.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/shard_fixture.h"

namespace assent::coordinator {
namespace {

using core::Operation;
using testing::HasSubstr;
using xa::Code;

// Two branches, decided to commit; `a` has committed, and `b` answers its commit with `code`.
size_t CommittedOnA(ShardFixture& test, Code code) {
  const size_t request = test.Execute("g");
  test.UpToDecision();
  test.FlushLog();
  test.Reply(test.a, Operation::kCommit);
  test.Reply(test.b, Operation::kCommit, code);
  return request;
}

v1::Problem ProblemOf(ShardFixture& test, size_t request) {
  test.FlushLog();
  const Answer* answer = test.AnswerOf(request);
  EXPECT_NE(answer, nullptr);
  const auto* problem = answer == nullptr ? nullptr : std::get_if<v1::Problem>(&answer->body);
  EXPECT_NE(problem, nullptr);
  return problem == nullptr ? v1::Problem() : *problem;
}

TEST(OperatorText, OfAMixedOutcomeSaysWhatWasObservedAndWhereToCheck) {
  ShardFixture test;
  const v1::Problem problem = ProblemOf(test, CommittedOnA(test, Code::kHeuristicRollBack));
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
  ShardFixture test;
  const size_t request = CommittedOnA(test, Code::kErNota);
  ASSERT_EQ(test.b.calls.size(), 1u);
  xa::Completion completion;
  completion.call = test.b.calls.front().call;
  completion.operation = Operation::kFind;
  completion.xid = test.b.calls.front().xid;
  completion.found = xa::Found::kNotListed;
  completion.stamp = {"server-b", "start"};
  test.b.calls.pop_front();
  test.shard->OnCompletion(std::move(completion));
  const v1::Problem problem = ProblemOf(test, request);
  EXPECT_EQ(problem.outcome(), v1::HAZARD);
  EXPECT_THAT(problem.detail(), HasSubstr("branch on-b: the decision is to commit, and it is not "
                                          "known whether this branch committed: the server does "
                                          "not list it"));
}

}  // namespace
}  // namespace assent::coordinator
