// SPDX-License-Identifier: Apache-2.0
#include "tcc/retry_after.h"

#include <gtest/gtest.h>

#include <string>

namespace assent::tcc {
namespace {

using std::chrono::seconds;

constexpr WallTime kNow{784'111'777LL * 1'000'000'000};  // Sun, 06 Nov 1994 08:49:37 GMT

TEST(RetryAfter, IsSecondsOrADate) {
  EXPECT_EQ(ParseRetryAfter("0", kNow), seconds(0));
  EXPECT_EQ(ParseRetryAfter("7", kNow), seconds(7));
  EXPECT_EQ(ParseRetryAfter("Sun, 06 Nov 1994 08:49:38 GMT", kNow), seconds(1));
  EXPECT_EQ(ParseRetryAfter("Sun, 06 Nov 1994 08:50:07 GMT", kNow), seconds(30));
  EXPECT_EQ(ParseRetryAfter("Thu, 29 Feb 1996 00:00:00 GMT", kNow), kMaxRetryAfter);
}

TEST(RetryAfter, IsBoundedAboveByAMinute) {
  EXPECT_EQ(ParseRetryAfter("60", kNow), seconds(60));
  EXPECT_EQ(ParseRetryAfter("61", kNow), seconds(60));
  EXPECT_EQ(ParseRetryAfter("99999999999999999999999999", kNow), seconds(60));
  EXPECT_EQ(ParseRetryAfter("Fri, 31 Dec 9999 23:59:59 GMT", kNow), seconds(60));
}

TEST(RetryAfter, ADateInThePastIsZero) {
  EXPECT_EQ(ParseRetryAfter("Sun, 06 Nov 1994 08:49:37 GMT", kNow), seconds(0));
  EXPECT_EQ(ParseRetryAfter("Thu, 01 Jan 1970 00:00:00 GMT", kNow), seconds(0));
}

TEST(RetryAfter, AnyOtherFormIsZero) {
  for (const std::string text :
       {"", " ", "-1", "+1", "1.5", "1 ", "0x10", "soon", "Sun, 06 Nov 1994 08:49:38 UTC",
        "Sun, 6 Nov 1994 08:49:38 GMT", "Sunday, 06-Nov-94 08:49:38 GMT",
        "Sun Nov  6 08:49:38 1994", "Sun, 31 Feb 2026 08:49:38 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 nov 1994 08:49:38 GMT",
        "Sun, 06 Nov 1994 08-49-38 GMT", "Sun, -6 Nov 1994 08:49:38 GMT"}) {
    EXPECT_EQ(ParseRetryAfter(text, kNow), seconds(0)) << text;
  }
}

}  // namespace
}  // namespace assent::tcc
