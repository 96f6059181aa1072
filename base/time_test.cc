// SPDX-License-Identifier: Apache-2.0
#include "base/time.h"

#include <gtest/gtest.h>

namespace assent {
namespace {

TEST(FormatTime, WritesUtcWithMilliseconds) {
  EXPECT_EQ(FormatTime({0}), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(FormatTime({1'769'860'799'999'999'999}), "2026-01-31T11:59:59.999Z");
  EXPECT_EQ(FormatTime({1'709'164'800'001'000'000}), "2024-02-29T00:00:00.001Z");
}

TEST(FormatTime, IsReadBackByParseTime) {
  for (int64_t day = 0; day < 60'000; day += 13) {
    const WallTime time{(day * 86'400'000 + day * 977 % 86'400'000) * 1'000'000};
    EXPECT_EQ(ParseTime(FormatTime(time)), time) << FormatTime(time);
  }
}

TEST(FormatHttpDate, WritesTheFormThatRfc9110Prefers) {
  EXPECT_EQ(FormatHttpDate({0}), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(FormatHttpDate({784'111'777'000'000'000}), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(FormatHttpDate({1'769'860'799'999'999'999}), "Sat, 31 Jan 2026 11:59:59 GMT");
  EXPECT_EQ(FormatHttpDate({1'709'164'800'001'000'000}), "Thu, 29 Feb 2024 00:00:00 GMT");
}

TEST(ParseTime, RefusesTimesBeyondSixtyFourBitsOfNanoseconds) {
  EXPECT_TRUE(ParseTime("2261-12-31T23:59:60-23:59"));
  EXPECT_FALSE(ParseTime("2262-01-01T00:00:00Z"));
  EXPECT_FALSE(ParseTime("2290-01-31T12:00:00Z"));
  EXPECT_FALSE(ParseTime("1969-12-31T23:59:59Z"));
}

}  // namespace
}  // namespace assent
