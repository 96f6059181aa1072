// SPDX-License-Identifier: Apache-2.0
// The answers for a transaction of one branch, which commits in one phase.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "coordinator/shard_fixture.h"
#include "coordinator/view.h"

namespace assent::coordinator {
namespace {

using core::Operation;
using testing::HasSubstr;
using xa::Code;

// One branch, on `a`, that has run its statement.
size_t ExecuteOne(ShardFixture& test) {
  Request request;
  request.route = Route::kExecute;
  v1::ExecuteRequest body;
  v1::Branch* branch = body.mutable_atomic()->add_branches();
  branch->set_name("on-a");
  branch->mutable_xa()->set_resource("a");
  branch->mutable_xa()->add_statements()->set_sql("UPDATE t SET a = 1");
  request.body = std::move(body);
  const size_t number = test.Send(std::move(request));
  test.Reply(test.a, Operation::kOpen);
  test.Reply(test.a, Operation::kRun);
  return number;
}

v1::Problem ProblemOf(ShardFixture& test, size_t request) {
  test.FlushLog();
  const Answer* answer = test.AnswerOf(request);
  EXPECT_NE(answer, nullptr);
  const auto* problem = answer == nullptr ? nullptr : std::get_if<v1::Problem>(&answer->body);
  EXPECT_NE(problem, nullptr);
  return problem == nullptr ? v1::Problem() : *problem;
}

xa::Completion AnswerTo(ShardFixture& test, Code code) {
  xa::Completion completion;
  completion.call = test.a.calls.front().call;
  completion.operation = test.a.calls.front().operation;
  completion.xid = test.a.calls.front().xid;
  completion.code = code;
  test.a.calls.pop_front();
  return completion;
}

TEST(OnePhase, ReportsADeadlockAtTheCommitAsRetriable) {
  ShardFixture test;
  const size_t request = ExecuteOne(test);
  xa::Completion completion = AnswerTo(test, Code::kRbDeadlock);
  ASSERT_EQ(completion.operation, Operation::kCommitOnePhase);
  completion.failure.reason = core::Reason::kDeadlock;
  completion.failure.may_retry = true;
  completion.failure.vendor_code = 1399;
  completion.failure.sqlstate = "XAE07";
  completion.failure.detail = "the server has rolled the branch back";
  test.shard->OnCompletion(std::move(completion));
  const v1::Problem problem = ProblemOf(test, request);
  EXPECT_EQ(problem.outcome(), v1::ROLLED_BACK);
  EXPECT_EQ(problem.cause().reason(), "DEADLOCK");
  EXPECT_EQ(problem.cause().decided_by(), "RESOURCE");
  EXPECT_TRUE(problem.cause().may_retry());
  EXPECT_EQ(problem.cause().vendor_code(), 1399);
  EXPECT_EQ(problem.cause().sqlstate(), "XAE07");
  EXPECT_NE(problem.cause().at(), "");
  EXPECT_EQ(problem.detail(), "branch on-a: the server has rolled the branch back");
}

TEST(OnePhase, AHazardPointsToTheRowsAndNotToAList) {
  ShardFixture test;
  const size_t request = ExecuteOne(test);
  test.shard->OnCompletion(AnswerTo(test, Code::kErRmFail));
  xa::Completion found = AnswerTo(test, Code::kOk);
  ASSERT_EQ(found.operation, Operation::kFind);
  found.found = xa::Found::kNotListed;
  test.shard->OnCompletion(std::move(found));
  const v1::Problem problem = ProblemOf(test, request);
  EXPECT_EQ(problem.outcome(), v1::HAZARD);
  EXPECT_THAT(problem.detail(), HasSubstr("On resource a: check the rows that it was to change"));
  EXPECT_THAT(problem.detail(), Not(HasSubstr("other branches")));
}

TEST(Rows, ShowNonFiniteNumbersAsPostgreSqlWritesThem) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  xa::StatementResult result;
  result.rows = {{kInfinity, -kInfinity, std::numeric_limits<double>::quiet_NaN(), 1e300}};
  v1::StatementResult shown;
  ToProto(result, &shown);
  ASSERT_EQ(shown.rows(0).values_size(), 4);
  EXPECT_EQ(shown.rows(0).values(0).text(), "Infinity");
  EXPECT_EQ(shown.rows(0).values(1).text(), "-Infinity");
  EXPECT_EQ(shown.rows(0).values(2).text(), "NaN");
  EXPECT_EQ(shown.rows(0).values(3).decimal(), "1e+300");
}

}  // namespace
}  // namespace assent::coordinator
