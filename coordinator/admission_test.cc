// SPDX-License-Identifier: Apache-2.0
// New work while the log has no free space: it waits if space will come; otherwise it is refused
// with the reason.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/shard_fixture.h"

namespace assent::coordinator::testing {
namespace {

using core::Operation;
using ::testing::HasSubstr;

constexpr uint64_t kFull = 64 * 1024;
constexpr uint64_t kPlenty = 1 << 30;

std::string DetailOf(const Answer& answer) { return std::get<v1::Problem>(answer.body).detail(); }

TEST(Admission, WaitsForASegmentThatIsBeingPrepared) {
  ShardFixture test;
  test.log.free_bytes = kFull;
  const size_t first = test.Execute("one");
  const size_t second = test.Execute("two");
  EXPECT_EQ(test.StatusOf(first), 0);
  EXPECT_TRUE(test.a.calls.empty());
  EXPECT_GT(test.log.wanted, kFull);
  test.shard->OnSpace();  // not enough yet
  EXPECT_EQ(test.StatusOf(first), 0);
  test.log.free_bytes = kPlenty;
  test.shard->OnSpace();
  EXPECT_EQ(test.a.calls.size(), 2u) << "both have begun";
  EXPECT_EQ(test.StatusOf(first), 0);
  EXPECT_EQ(test.StatusOf(second), 0);
}

// The first request goes first, even if the second would have found space.
TEST(Admission, KeepsTheOrderOfWaitingRequests) {
  ShardFixture test;
  test.log.free_bytes = kFull;
  test.Execute("one");
  test.log.free_bytes = kPlenty;
  test.Execute("two");
  EXPECT_TRUE(test.a.calls.empty());
  test.shard->OnSpace();
  ASSERT_EQ(test.a.calls.size(), 2u);
  EXPECT_LT(test.a.calls[0].xid.gtrid, test.a.calls[1].xid.gtrid);
}

TEST(Admission, WaitingRequestsWithOneGidAreOneTransaction) {
  ShardFixture test;
  test.log.free_bytes = kFull;
  test.Execute("same");
  test.Execute("same");
  test.log.free_bytes = kPlenty;
  test.shard->OnSpace();
  EXPECT_EQ(test.a.calls.size(), 1u);
}

TEST(Admission, RefusesWaitingAndNewRequestsWithTheObstacle) {
  ShardFixture test;
  test.log.free_bytes = kFull;
  const size_t first = test.Execute("one");
  test.log.obstacle = "cannot write /log/2.seg: No space left on device";
  test.shard->OnSpace();
  const size_t second = test.Execute("two");
  for (const size_t number : {first, second}) {
    ASSERT_EQ(test.StatusOf(number), 503);
    EXPECT_GT(test.AnswerOf(number)->retry_after_s, 0u);
    EXPECT_THAT(DetailOf(*test.AnswerOf(number)), HasSubstr("No space left on device"));
  }
}

TEST(Admission, DoesNotBlameTheDiskWhenASegmentTakesTooLong) {
  ShardFixture test;
  test.log.free_bytes = kFull;
  const size_t number = test.Execute("one");
  test.Advance(std::chrono::seconds(4));
  EXPECT_EQ(test.StatusOf(number), 0);
  test.Advance(std::chrono::seconds(2));
  ASSERT_EQ(test.StatusOf(number), 503);
  EXPECT_THAT(DetailOf(*test.AnswerOf(number)), HasSubstr("still being prepared"));
  test.log.free_bytes = kPlenty;
  test.shard->OnSpace();
  EXPECT_TRUE(test.a.calls.empty()) << "an answered request does not run";
}

// Space reserved by a transaction in flight becomes free when it ends.
TEST(Admission, AdmitsAgainWhenATransactionHasEnded) {
  ShardFixture test;
  test.Execute("one");
  // Enough for one more transaction, but not in addition to the running one.
  test.log.free_bytes = LogBook::LeastFreeBytes({});
  const size_t waits = test.Execute("two");
  EXPECT_EQ(test.StatusOf(waits), 0);
  test.UpToDecision();
  test.FlushLog();
  test.Reply(test.a, Operation::kCommit);
  EXPECT_TRUE(test.a.calls.empty());
  test.Reply(test.b, Operation::kCommit);
  EXPECT_EQ(test.a.calls.size(), 1u) << "the second has begun";
}

TEST(Admission, CountsWaitingRequestsAgainstTheInFlightLimit) {
  EngineOptions options;
  options.in_flight = 1;
  ShardFixture test(options);
  test.log.free_bytes = kFull;
  const size_t first = test.Execute("one");
  EXPECT_EQ(test.StatusOf(first), 0);
  EXPECT_EQ(test.StatusOf(test.Execute("two")), 503);
}

}  // namespace
}  // namespace assent::coordinator::testing
