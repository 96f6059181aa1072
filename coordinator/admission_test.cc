// SPDX-License-Identifier: Apache-2.0
// New work while the log has no free space: it waits where space will come, and is refused, with
// the reason, where it will not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/testing.h"

namespace assent::coordinator::testing {
namespace {

using core::Operation;
using ::testing::HasSubstr;

constexpr uint64_t kFull = 64 * 1024;
constexpr uint64_t kPlenty = 1 << 30;

std::string DetailOf(const Answer& answer) { return std::get<v1::Problem>(answer.body).detail(); }

TEST(Admission, WaitsForASegmentThatIsBeingPrepared) {
  Box box;
  box.log.room = kFull;
  const size_t first = box.Execute("one");
  const size_t second = box.Execute("two");
  EXPECT_EQ(box.StatusOf(first), 0);
  EXPECT_TRUE(box.a.calls.empty());
  EXPECT_GT(box.log.wanted, kFull);
  box.shard->OnSpace();  // not enough as yet
  EXPECT_EQ(box.StatusOf(first), 0);
  box.log.room = kPlenty;
  box.shard->OnSpace();
  EXPECT_EQ(box.a.calls.size(), 2u) << "both have begun";
  EXPECT_EQ(box.StatusOf(first), 0);
  EXPECT_EQ(box.StatusOf(second), 0);
}

// Who came first goes first, also where the second would have found space.
TEST(Admission, KeepsTheOrderOfThoseThatWait) {
  Box box;
  box.log.room = kFull;
  box.Execute("one");
  box.log.room = kPlenty;
  box.Execute("two");
  EXPECT_TRUE(box.a.calls.empty());
  box.shard->OnSpace();
  ASSERT_EQ(box.a.calls.size(), 2u);
  EXPECT_LT(box.a.calls[0].xid.gtrid, box.a.calls[1].xid.gtrid);
}

TEST(Admission, OfTheSameGidIsOneTransaction) {
  Box box;
  box.log.room = kFull;
  box.Execute("same");
  box.Execute("same");
  box.log.room = kPlenty;
  box.shard->OnSpace();
  EXPECT_EQ(box.a.calls.size(), 1u);
}

TEST(Admission, NamesTheObstacleToThoseThatWaitAndToNewOnes) {
  Box box;
  box.log.room = kFull;
  const size_t first = box.Execute("one");
  box.log.obstacle = "cannot write /log/2.seg: No space left on device";
  box.shard->OnSpace();
  const size_t second = box.Execute("two");
  for (const size_t number : {first, second}) {
    ASSERT_EQ(box.StatusOf(number), 503);
    EXPECT_GT(box.AnswerOf(number)->retry_after_s, 0u);
    EXPECT_THAT(DetailOf(*box.AnswerOf(number)), HasSubstr("No space left on device"));
  }
}

TEST(Admission, DoesNotSpeakOfTheDiskWhenASegmentTakesTooLong) {
  Box box;
  box.log.room = kFull;
  const size_t number = box.Execute("one");
  box.Advance(std::chrono::seconds(4));
  EXPECT_EQ(box.StatusOf(number), 0);
  box.Advance(std::chrono::seconds(2));
  ASSERT_EQ(box.StatusOf(number), 503);
  EXPECT_THAT(DetailOf(*box.AnswerOf(number)), HasSubstr("still being prepared"));
  box.log.room = kPlenty;
  box.shard->OnSpace();
  EXPECT_TRUE(box.a.calls.empty()) << "an answered request is not carried out";
}

// What is reserved by transactions in flight comes back when they end.
TEST(Admission, GoesOnWhenATransactionHasEnded) {
  Box box;
  box.Execute("one");
  // Enough for one more transaction, but not beside the one that runs.
  box.log.room = Shard::LeastRoomBytes({});
  const size_t waits = box.Execute("two");
  EXPECT_EQ(box.StatusOf(waits), 0);
  box.UpToDecision();
  box.FlushLog();
  box.Reply(box.a, Operation::kCommit);
  EXPECT_TRUE(box.a.calls.empty());
  box.Reply(box.b, Operation::kCommit);
  EXPECT_EQ(box.a.calls.size(), 1u) << "the second has begun";
}

TEST(Admission, CountsThoseThatWaitAgainstTheBoundInFlight) {
  EngineOptions options;
  options.in_flight = 1;
  Box box(options);
  box.log.room = kFull;
  const size_t first = box.Execute("one");
  EXPECT_EQ(box.StatusOf(first), 0);
  EXPECT_EQ(box.StatusOf(box.Execute("two")), 503);
}

}  // namespace
}  // namespace assent::coordinator::testing
