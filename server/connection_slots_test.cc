// SPDX-License-Identifier: Apache-2.0
// Admission of connections, and the bound of unread output.
#include "server/connection_slots.h"

#include <gtest/gtest.h>

#include "server/output_bound.h"

namespace assent::server {
namespace {

using Kind = ConnectionSlots::Kind;

TEST(ConnectionSlots, ReservesAFewForOperators) {
  ConnectionSlots slots(2, 1, 0);
  EXPECT_EQ(slots.Take(), Kind::kOpen);
  EXPECT_EQ(slots.Take(), Kind::kOpen);
  EXPECT_EQ(slots.Take(), Kind::kReserved);
  EXPECT_EQ(slots.Take(), std::nullopt);
  slots.Release(Kind::kOpen);
  EXPECT_EQ(slots.Take(), Kind::kOpen);
  slots.Release(Kind::kReserved);
  EXPECT_EQ(slots.Take(), Kind::kReserved);
}

TEST(ConnectionSlots, FreesTheSlotOfAHalfClosedClient) {
  ConnectionSlots slots(1, 0, 1);
  ASSERT_EQ(slots.Take(), Kind::kOpen);
  EXPECT_TRUE(slots.MoveToHalfClosed(Kind::kOpen));
  EXPECT_EQ(slots.Take(), Kind::kOpen);
  EXPECT_FALSE(slots.MoveToHalfClosed(Kind::kOpen));
  EXPECT_EQ(slots.taken(Kind::kOpen), 1);
  slots.Release(Kind::kHalfClosed);
  EXPECT_TRUE(slots.MoveToHalfClosed(Kind::kOpen));
  EXPECT_EQ(slots.taken(Kind::kOpen), 0);
}

constexpr size_t kMost = OutputBound::kMaxUnread;

TEST(OutputBound, TakesNothingWhileTooMuchIsUnread) {
  const OutputBound bound;
  EXPECT_TRUE(bound.MayTake(kMost));
  EXPECT_FALSE(bound.MayTake(kMost + 1));
}

TEST(OutputBound, TakesAListingOnlyAloneAndWhenNothingIsUnread) {
  OutputBound bound;
  const size_t expected = bound.Expect(AnswerSize::kLarge);
  EXPECT_FALSE(bound.MayTake(1));
  bound.Answered(AnswerSize::kLarge, expected, 500'000);
  EXPECT_TRUE(bound.MayTake(500'000));
}

TEST(OutputBound, LearnsFromResultSizesHowManyMayBePending) {
  OutputBound bound;
  const auto under_way = [&] {
    std::vector<size_t> expected;
    while (expected.size() < 1000 && bound.MayTake(0)) {
      expected.push_back(bound.Expect(AnswerSize::kResults));
    }
    const size_t count = expected.size();
    for (const size_t bytes : expected) bound.Answered(AnswerSize::kResults, bytes, 100);
    return count;
  };
  EXPECT_LT(under_way(), 10u);  // nothing is known yet
  for (int i = 0; i < 20; ++i) under_way();
  EXPECT_EQ(under_way(), 1000u);  // they are small
  bound.Answered(AnswerSize::kResults, bound.Expect(AnswerSize::kResults), 4 * kMost);
  EXPECT_EQ(under_way(), 1u);
}

}  // namespace
}  // namespace assent::server
