// SPDX-License-Identifier: Apache-2.0
// The scripted resource manager keeps the contract of flights (xa/port.h).
#include "coordinator/shard_fixture.h"

#include <gtest/gtest.h>

namespace assent::coordinator {
namespace {

using core::Operation;

xa::Flight Of(const ShardFixture& fixture, const std::vector<Operation>& operations) {
  std::vector<xa::Call> calls;
  for (const Operation operation : operations) {
    xa::Call& call = calls.emplace_back();
    call.call = 1'000 + calls.size();
    call.operation = operation;
    call.xid = {
        core::Gtrid::Make("12345678", 3, "abc", static_cast<uint64_t>(fixture.clock.now.ns)), 1};
  }
  return xa::Flight(std::move(calls));
}

TEST(ScriptedManager, AnswersEachCallOfAFlight) {
  ShardFixture fixture;
  fixture.a.Submit(Of(fixture, {Operation::kOpen, Operation::kPrepare}));
  ASSERT_EQ(fixture.a.calls.size(), 2u);
  fixture.Reply(fixture.a, Operation::kOpen);
  fixture.Reply(fixture.a, Operation::kPrepare);
  EXPECT_TRUE(fixture.a.calls.empty());
}

TEST(ScriptedManager, EndsAFlightAtItsFirstFailureAndGoesOnWithTheNext) {
  ShardFixture fixture;
  fixture.a.Submit(Of(fixture, {Operation::kRun, Operation::kRun, Operation::kPrepare}));
  fixture.a.Submit(Of(fixture, {Operation::kRollBack}));
  fixture.Reply(fixture.a, Operation::kRun, xa::Code::kRbDeadlock);
  ASSERT_EQ(fixture.a.calls.size(), 1u);
  EXPECT_EQ(fixture.a.calls.front().operation, Operation::kRollBack);
}

}  // namespace
}  // namespace assent::coordinator
