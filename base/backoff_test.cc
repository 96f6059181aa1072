// SPDX-License-Identifier: Apache-2.0
// Tests of the delays between attempts.
#include "base/backoff.h"

#include <gtest/gtest.h>

namespace assent {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(BackoffDelay, DoublesUpToTheCap) {
  EXPECT_EQ(BackoffDelay(milliseconds(100), seconds(30), 0), milliseconds(100));
  EXPECT_EQ(BackoffDelay(milliseconds(100), seconds(30), 1), milliseconds(200));
  EXPECT_EQ(BackoffDelay(milliseconds(100), seconds(30), 8), milliseconds(25'600));
  EXPECT_EQ(BackoffDelay(milliseconds(100), seconds(30), 9), seconds(30));
  EXPECT_EQ(BackoffDelay(milliseconds(100), seconds(30), UINT64_MAX), seconds(30));
}

TEST(BackoffDelay, NeverExceedsTheCap) {
  EXPECT_EQ(BackoffDelay(seconds(7), seconds(5), 0), seconds(5));
  EXPECT_EQ(BackoffDelay(seconds(7), seconds(5), 3), seconds(5));
}

TEST(BackoffDelay, DoesNotOverflow) {
  EXPECT_EQ(BackoffDelay(hours(24 * 365 * 150), Duration::max(), 5), Duration::max());
}

TEST(Backoff, GivesTheSameDelaysOneByOne) {
  Backoff backoff(milliseconds(100), seconds(3));
  EXPECT_EQ(backoff.delay(), Duration(0));
  for (uint64_t attempts = 0; attempts < 12; ++attempts) {
    EXPECT_EQ(backoff.Next(), BackoffDelay(milliseconds(100), seconds(3), attempts));
  }
  EXPECT_EQ(backoff.delay(), seconds(3));
}

TEST(Backoff, BeginsAgainAfterReset) {
  Backoff backoff(milliseconds(100), seconds(3));
  backoff.Next();
  backoff.Next();
  backoff.Reset();
  EXPECT_EQ(backoff.delay(), Duration(0));
  EXPECT_EQ(backoff.Next(), milliseconds(100));
}

TEST(Backoff, NeverExceedsTheCap) {
  Backoff backoff(seconds(7), seconds(5));
  EXPECT_EQ(backoff.Next(), seconds(5));
  EXPECT_EQ(backoff.Next(), seconds(5));
}

}  // namespace
}  // namespace assent
