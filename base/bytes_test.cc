// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.h"

#include <gtest/gtest.h>

namespace assent {
namespace {

TEST(Crc32c, MatchesThePublishedVectorsOfRfc3720) {
  EXPECT_EQ(Crc32c("123456789", 9), 0xe3069283u);
  EXPECT_EQ(Crc32c(std::string(32, '\0').data(), 32), 0x8a9136aau);
  EXPECT_EQ(Crc32c(std::string(32, '\xff').data(), 32), 0x62a8ab43u);
}

TEST(Crc32c, ContinuesFromASeed) {
  EXPECT_EQ(Crc32c("56789", 5, Crc32c("1234", 4)), Crc32c("123456789", 9));
}

TEST(Hex, IsLowerCaseAndOfConstantLength) {
  EXPECT_EQ(ToHex(0x2a, 8), "0000002a");
  EXPECT_EQ(ToHex(std::string_view("\x00\xff", 2)), "00ff");
  EXPECT_EQ(FromHex("00ff"), std::string("\x00\xff", 2));
  EXPECT_EQ(ParseHex("0000002a"), 0x2au);
}

TEST(Hex, RefusesUpperCaseOddLengthsAndOtherLetters) {
  EXPECT_FALSE(FromHex("0F"));
  EXPECT_FALSE(FromHex("0"));
  EXPECT_FALSE(FromHex("zz"));
  EXPECT_FALSE(ParseHex(""));
  EXPECT_FALSE(ParseHex("11111111111111111"));
}

}  // namespace
}  // namespace assent
