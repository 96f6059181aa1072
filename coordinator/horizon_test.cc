// SPDX-License-Identifier: Apache-2.0
// The horizon that is sent to partners, below which they may purge their barrier's rows.
#include <gtest/gtest.h>

#include "coordinator/interactive_fixture.h"

namespace assent::coordinator {
namespace {

using tcc::Operation::kConfirm;
using tcc::Operation::kTry;

// After a restart the partners of a held transaction are called again, and must find their rows.
TEST(Horizon, StaysBelowTransactionsHeldForAnOperator) {
  ShardFixture test;
  const WallTime begun = test.clock.Wall();
  test.Execute("held");
  test.UpToDecision();
  test.FlushLog();
  test.Reply(test.a, core::Operation::kCommit);
  test.Reply(test.b, core::Operation::kCommit, xa::Code::kHeuristicRollBack);
  test.FlushLog();
  test.Advance(std::chrono::hours(1));
  test.Send(OneCall("g", {"hotel"}, false));
  test.FlushLog();
  ASSERT_EQ(test.partners.calls.size(), 1u);
  EXPECT_LE(test.partners.calls.front().horizon.ns, begun.ns);
}

TEST(Horizon, PassesTransactionsThatHaveEnded) {
  ShardFixture test;
  const WallTime begun = test.clock.Wall();
  test.Execute("done");
  test.UpToDecision();
  test.FlushLog();
  test.Reply(test.a, core::Operation::kCommit);
  test.Reply(test.b, core::Operation::kCommit);
  test.FlushLog();
  test.Advance(std::chrono::hours(1));
  test.Send(OneCall("g", {"hotel"}, false));
  test.FlushLog();
  ASSERT_EQ(test.partners.calls.size(), 1u);
  EXPECT_GT(test.partners.calls.front().horizon.ns, begun.ns);
}

TEST(Horizon, WaitsForADurableEnd) {
  ShardFixture test;
  const WallTime begun = test.clock.Wall();
  test.Send(OneCall("done", {"hotel"}, false));
  test.FlushLog();
  test.Reply("hotel", kTry);
  test.FlushLog();
  test.Advance(std::chrono::seconds(3));
  test.Reply("hotel", kConfirm);
  ASSERT_EQ(test.LogKinds(), "open commit end");
  const auto horizon = [&](const std::string& gid) {
    test.Advance(std::chrono::seconds(2));
    test.Send(OneCall(gid, {"hotel"}, false));
    test.FlushLog();
    return test.partners.calls.back().horizon.ns;
  };
  EXPECT_LE(horizon("g"), begun.ns) << "a restart now would confirm again";
  EXPECT_GT(horizon("h"), begun.ns);
}

}  // namespace
}  // namespace assent::coordinator
