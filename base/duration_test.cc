// SPDX-License-Identifier: Apache-2.0
#include "base/duration.h"

#include <gtest/gtest.h>

namespace assent {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;

TEST(Duration, ReadsEachUnit) {
  EXPECT_EQ(*ParseDuration("5s"), seconds(5));
  EXPECT_EQ(*ParseDuration("500ms"), milliseconds(500));
  EXPECT_EQ(*ParseDuration("2m"), minutes(2));
  EXPECT_EQ(*ParseDuration("24h"), hours(24));
  EXPECT_EQ(*ParseDuration("7us"), nanoseconds(7000));
  EXPECT_EQ(*ParseDuration("7ns"), nanoseconds(7));
  EXPECT_EQ(*ParseDuration("0s"), seconds(0));
}

TEST(Duration, ReadsFractionsExactlyDownToTheNanosecond) {
  EXPECT_EQ(*ParseDuration("1.5s"), milliseconds(1500));
  EXPECT_EQ(*ParseDuration("0.000000001s"), nanoseconds(1));
  EXPECT_EQ(*ParseDuration("0.0000000019s"), nanoseconds(1));
  EXPECT_EQ(*ParseDuration("1.25h"), minutes(75));
  EXPECT_EQ(*ParseDuration("0.5m"), seconds(30));
}

TEST(Duration, RefusesMalformedDurations) {
  for (const char* text : {"", "5", "s", "-5s", "+5s", "5 s", " 5s", "5s ", "1.s", ".5s", "1.5.5s",
                           "5S", "5sec", "1m30s", "1e3s", "0x5s", "five"}) {
    const auto parsed = ParseDuration(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::kInvalid);
    EXPECT_NE(parsed.error().message.find("\"5s\""), std::string::npos) << parsed.error().message;
  }
}

TEST(Duration, RefusesWhatDoesNotFitIntoNanoseconds) {
  for (const char* text : {"9223372037s", "99999999999999999999999s", "3000000h"}) {
    const auto parsed = ParseDuration(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().message, "the duration is too long");
  }
  EXPECT_EQ(ParseDuration("9223372036.854775807s")->count(), INT64_MAX);
}

}  // namespace
}  // namespace assent
