// SPDX-License-Identifier: Apache-2.0
#include "base/number.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace assent {
namespace {

TEST(ParseNumber, ParsesTheWholeTextOrNothing) {
  EXPECT_EQ(ParseNumber<uint16_t>("65535"), 65535);
  EXPECT_EQ(ParseNumber<int64_t>("-7"), -7);
  EXPECT_EQ(ParseNumber<double>("1.5e3"), 1500.0);
  for (const char* text : {"", " 1", "1 ", "+1", "1x", "-1", "65536", "0x1"}) {
    EXPECT_FALSE(ParseNumber<uint16_t>(text)) << text;
  }
}

TEST(Digits, AreCountedFromAPosition) {
  EXPECT_EQ(CountDigits("12a3"), 2u);
  EXPECT_EQ(CountDigits("12a3", 3), 1u);
  EXPECT_EQ(CountDigits("12", 2), 0u);
  EXPECT_TRUE(IsDigits("0123456789"));
  EXPECT_FALSE(IsDigits(""));
  EXPECT_FALSE(IsDigits("-1"));
}

TEST(NumberParts, AreSplitInEveryCommonForm) {
  const auto all = SplitNumber("+012.50e-3");
  ASSERT_TRUE(all);
  EXPECT_EQ(all->sign, '+');
  EXPECT_EQ(all->whole, "012");
  EXPECT_TRUE(all->has_point);
  EXPECT_EQ(all->fraction, "50");
  EXPECT_EQ(all->exponent, "-3");
  for (const char* text : {"1", "-1", ".5", "5.", "00", "1E+5"}) {
    EXPECT_TRUE(SplitNumber(text)) << text;
  }
  for (const char* text : {"", "+", ".", "e1", "1e", "1e+", "1 ", "1.2.3", "--1", "0x1", "NaN"}) {
    EXPECT_FALSE(SplitNumber(text)) << text;
  }
}

TEST(NumberShape, IsThatOfJson) {
  for (const char* text : {"0", "-0", "7", "-120"}) {
    EXPECT_EQ(ShapeOfNumber(text), NumberShape::kInteger) << text;
  }
  for (const char* text : {"0.0", "-1.50", "1e5", "1E-5", "0e0", "1.5e+3"}) {
    EXPECT_EQ(ShapeOfNumber(text), NumberShape::kDecimal) << text;
  }
  for (const char* text : {"", "-", "+1", "01", "-01", ".5", "5.", "1.e5", "1e", "Infinity"}) {
    EXPECT_EQ(ShapeOfNumber(text), NumberShape::kNone) << text;
  }
}

TEST(OutOfRange, IsDecidedByTheSizeOfTheNumberAndNotByItsForm) {
  const std::string zeros(400, '0');
  const std::vector<std::string> beyond = {"1e400",
                                           "-1E400",
                                           "0.1e400",
                                           "1e99999999999999999999",
                                           "1" + zeros + ".0",
                                           "1" + zeros + "e-5"};
  for (const std::string& number : beyond) {
    EXPECT_TRUE(OutOfRange(number)) << number;
  }
  const std::vector<std::string> within = {"1e-400",
                                           "1e308",
                                           "1e-99999999999999999999",
                                           "0e400",
                                           "0." + zeros + "1",
                                           "0." + zeros + "1e+5",
                                           "1" + zeros + "e-400"};
  for (const std::string& number : within) {
    EXPECT_FALSE(OutOfRange(number)) << number;
  }
}

}  // namespace
}  // namespace assent
