// SPDX-License-Identifier: Apache-2.0
// A transaction that waits for a connection until its deadline reports that as the cause.
#include <gmock/gmock.h>

#include "tests/e2e/fixture.h"

namespace assent::test {
namespace {

using PoolWait = EndToEndTest;

TEST_F(PoolWait, UntilTheDeadlineNamesTheResourceAndItsPool) {
  StartDaemon("", "pool = 1\n");
  Api api = NewApi();
  for (const std::string where : {"mobile", "pc"}) {
    const std::string holder = "holder-" + where;
    const std::string gtrid =
        api.Post("/v1/transactions", R"({"gid": ")" + holder + "\"}").transaction.transaction();
    const std::string enlist = R"({"name": "b", "xa": {"resource": ")" + where + R"(_game"}})";
    ASSERT_EQ(api.Post("/v1/transactions/" + holder + "/branches", enlist, gtrid).status, 200);
    const Reply late = api.Execute(Atomic("late-" + where, {Branch(where, Grant(1, 1))}, "1s"));
    EXPECT_EQ(late.status, 409) << late.body;
    EXPECT_EQ(late.cause().reason(), "DEADLINE");
    EXPECT_TRUE(late.cause().may_retry()) << late.body;
    EXPECT_EQ(late.cause().branch(), where);
    EXPECT_THAT(late.problem.detail(),
                testing::ContainsRegex("resource " + where +
                                       "_game: waited [0-9]+ m?s for a "
                                       "connection \\(pool 1, all in use\\)"));
  }
}

}  // namespace
}  // namespace assent::test
