// SPDX-License-Identifier: Apache-2.0
#include "participants/mysql/literals.h"

#include <gtest/gtest.h>

#include <cmath>

namespace assent::mysql {
namespace {

std::string Text(const std::string& sql, const std::vector<xa::Value>& parameters) {
  const Result<sql::ScannedStatement> scanned = sql::Scan(sql, sql::Grammar::kMySql);
  if (!scanned) return "refused: " + scanned.error().message;
  const Result<std::string> text = Substitute(sql, *scanned, parameters);
  return text ? *text : "refused: " + text.error().message;
}

TEST(Literals, WritesNumbersAsTheyAre) {
  EXPECT_EQ(*Literal(int64_t{INT64_MIN}), "-9223372036854775808");
  EXPECT_EQ(*Literal(uint64_t{UINT64_MAX}), "18446744073709551615");
  EXPECT_EQ(*Literal(xa::Decimal{"-0.10"}), "-0.10");
  EXPECT_EQ(*Literal(1.5), "1.5e+00");
  EXPECT_EQ(*Literal(true), "TRUE");
  EXPECT_EQ(*Literal(std::monostate{}), "NULL");
}

// With an exponent the server would read a DOUBLE and drop what exceeds its 17 digits.
TEST(Literals, WritesANumberWithAnExponentSoThatNoDigitIsLost) {
  const std::pair<const char*, const char*> cases[] = {
      {"1234567890123456789012e-2", "12345678901234567890.12"},
      {"1.00000000000000000001e0", "1.00000000000000000001"},
      {"-0.5E+2", "-50"},
      {"+1e3", "1000"},
      {"0.00120e1", "0.012"},
      {"1e-20", "0.00000000000000000001"},
      {"0e5", "0"},
      {"-0.0e-3", "0"},
      {".5e1", "5"},
      {"120e-1", "12"},
      {"1e64", "1"},
      // Too large for a DECIMAL, and exact as a DOUBLE.
      {"1.2345678901234567e300", "1.2345678901234567e300"},
      {"1e-39", "1e-39"},
      {"1e400", "1e400"},
      {"1e99999999999", "1e99999999999"}};
  for (const auto& [given, wanted] : cases) {
    const std::string want = std::string(given) == "1e64" ? "1" + std::string(64, '0') : wanted;
    EXPECT_EQ(*Literal(xa::Decimal{given}), want) << given;
  }
  EXPECT_FALSE(Literal(xa::Decimal{"1.23456789012345678901e300"}));
  EXPECT_FALSE(Literal(xa::Decimal{"123456789012345678901e-60"}));
}

TEST(Literals, RefusesMalformedNumbers) {
  for (const char* digits : {"", "-", ".", "1 OR 1=1", "1e", "0x10", "1.2.3", "NaN", "1;", "--1"}) {
    EXPECT_FALSE(Literal(xa::Decimal{digits})) << digits;
  }
  EXPECT_FALSE(Literal(std::nan("")));
  EXPECT_FALSE(Literal(INFINITY));
}

TEST(Literals, LeavesNothingInAStringThatAnySqlModeReadsDifferently) {
  EXPECT_EQ(*Literal(std::string("it's \"so\"\n")), "'it''s \"so\"\n'");
  EXPECT_EQ(*Literal(std::string("a\\")), "_utf8mb4 X'615c'");
  EXPECT_EQ(*Literal(std::string()), "_utf8mb4 X''");  // '' is NULL under EMPTY_STRING_IS_NULL
  EXPECT_EQ(*Literal(std::string("a\0'", 3)), "_utf8mb4 X'610027'");
  EXPECT_EQ(*Literal(std::string("\x1a")), "_utf8mb4 X'1a'");
  EXPECT_EQ(*Literal(xa::Bytes{std::string("\0\xff", 2)}), "_binary X'00ff'");
}

TEST(Literals, ReplaceTheMarkersBetweenSpaces) {
  EXPECT_EQ(Text("SELECT a-? FROM t WHERE b=?;", {int64_t{-5}, std::string("x?")}),
            "SELECT a- -5  FROM t WHERE b= 'x?' ");
  EXPECT_EQ(Text("SELECT '?', ?", {int64_t{1}}), "SELECT '?',  1 ");
}

TEST(Literals, CountsParameters) {
  EXPECT_EQ(Text("SELECT ?", {}),
            "refused: question marks in the statement: 1, parameters given: 0");
  EXPECT_EQ(Text("SELECT 1", {int64_t{1}}),
            "refused: question marks in the statement: 0, parameters given: 1");
}

}  // namespace
}  // namespace assent::mysql
