// SPDX-License-Identifier: Apache-2.0
#include "api/problem.h"

#include <gtest/gtest.h>

namespace assent {
namespace {

TEST(Problem, HasTypeTitleStatusAndDetail) {
  const v1::Problem problem = MakeProblem(404, "no-such-route", "No such route", "nothing here");
  EXPECT_EQ(problem.type(), "urn:assent:no-such-route");
  EXPECT_EQ(problem.title(), "No such route");
  EXPECT_EQ(problem.status(), 404u);
  EXPECT_EQ(problem.detail(), "nothing here");
  EXPECT_EQ(problem.field(), "");
}

TEST(Problem, OfAnInvalidRequestNamesItsField) {
  const v1::Problem problem = InvalidProblem("atomic.branches[0].name", "is missing");
  EXPECT_EQ(problem.type(), "urn:assent:invalid");
  EXPECT_EQ(problem.status(), 400u);
  EXPECT_EQ(problem.field(), "atomic.branches[0].name");
  EXPECT_EQ(problem.detail(), "is missing");
}

TEST(Problem, OfACoordinatorIsRecognizedByItsType) {
  EXPECT_TRUE(IsProblemType(MakeProblem(503, "busy", "Busy", "").type()));
  for (const char* type : {"", "about:blank", "https://example.com/probs/out-of-credit"}) {
    EXPECT_FALSE(IsProblemType(type)) << type;
  }
}

}  // namespace
}  // namespace assent
