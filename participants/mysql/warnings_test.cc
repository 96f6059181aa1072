// SPDX-License-Identifier: Apache-2.0
#include "participants/mysql/warnings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace assent::mysql {
namespace {

using core::Reason;

Warning Of(int32_t number, const std::string& message) { return {"Warning", number, message}; }

constexpr uint64_t kKept = 1000;

TEST(Warnings, NameTheColumnInEitherVendorsWords) {
  EXPECT_EQ(ColumnOf(Of(1264, "Out of range value for column 'n' at row 1")), "n");
  EXPECT_EQ(ColumnOf(Of(1265, "Data truncated for column 's' at row 2")), "s");
  EXPECT_EQ(ColumnOf(Of(1048, "Column 'b' cannot be null")), "b");
  EXPECT_EQ(ColumnOf(Of(1364, "Field 'b' doesn't have a default value")), "b");
  EXPECT_EQ(ColumnOf(Of(1366, "Incorrect integer value: 'abc' for column `x`.`t`.`n` at row 1")),
            "n");
  EXPECT_EQ(ColumnOf(Of(1366, "Incorrect integer value: 'abc' for column 'n' at row 1")), "n");
  EXPECT_EQ(
      ColumnOf(
          Of(1906, "The value specified for generated column 'g' in table 't' has been ignored")),
      "g");
}

TEST(Warnings, QuoteNoValue) {
  EXPECT_EQ(ColumnOf(Of(1292, "Truncated incorrect DOUBLE value: '12abc'")), "");
  EXPECT_EQ(ColumnOf(Of(1292, "Truncated incorrect DOUBLE value: 'my `secret` text'")), "");
  EXPECT_EQ(ColumnOf(Of(1264, "Out of range value for column 'cast(1000 as decimal(3,2))'")), "");
  EXPECT_EQ(ColumnOf(Of(1366, "Incorrect integer value: 'ab")), "");
  EXPECT_EQ(ColumnOf(Of(1265, "")), "");
}

TEST(Warnings, RefuseChangedValues) {
  const auto refused = ChangedValue(
      {Of(1592, "Unsafe statement"), Of(1264, "Out of range value for column 'n'")}, true, kKept);
  ASSERT_TRUE(refused.has_value());
  EXPECT_EQ(refused->code, xa::Code::kRbOther);
  EXPECT_EQ(refused->failure.reason, Reason::kValueChanged);
  EXPECT_EQ(refused->failure.vendor_code, 1264);
  EXPECT_FALSE(refused->failure.may_retry);
  EXPECT_THAT(refused->failure.detail, ::testing::HasSubstr("column n"));
}

TEST(Warnings, IgnoreWarningsThatChangeNoValue) {
  EXPECT_FALSE(ChangedValue({{"Note", 1265, "Data truncated for column 'e' at row 1"},
                             Of(1062, "Duplicate entry '1' for key 'PRIMARY'"),
                             Of(1592, "Unsafe statement")},
                            true, kKept));
}

TEST(Warnings, OfAReaderCountOnlyForItsLiterals) {
  const Warning cast = Of(1264, "Out of range value for column 'cast(1000 as decimal(3,2))'");
  const Warning integer = Of(1916, "Got overflow when converting '99' to INT. Value truncated");
  EXPECT_FALSE(ChangedValue({cast, integer}, false, kKept));
  EXPECT_TRUE(
      ChangedValue({cast, Of(1916, "Got overflow when converting '' to DECIMAL. Value truncated")},
                   false, kKept));
  const std::string mysql = "Truncated incorrect DECIMAL value: '";
  EXPECT_TRUE(ChangedValue({Of(1292, mysql + std::string(81, '7') + "'")}, false, kKept));
  EXPECT_FALSE(ChangedValue({Of(1292, mysql + std::string(65, '7') + "'")}, false, kKept));
  EXPECT_FALSE(ChangedValue({Of(1292, mysql + std::string(81, 'x') + "'")}, false, kKept));
}

TEST(Warnings, OfAResultsValueThatIsTooLongNamesTheSize) {
  const Warning cut = Of(1301, "Result of repeat() was larger than max_allowed_packet (1048576)");
  const auto refusal = ChangedValue({cut}, false, kKept);
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->failure.reason, Reason::kResultTooLarge);
  EXPECT_NE(refusal->failure.detail.find("1048576"), std::string::npos);
  const auto stored = ChangedValue({cut}, true, kKept);
  EXPECT_EQ(stored->failure.reason, Reason::kValueChanged);
  EXPECT_NE(stored->failure.detail.find("1048576"), std::string::npos);
}

// Among the warnings that the server did not keep, one may report a changed value.
TEST(Warnings, OfWhichSomeWereDroppedRefuseWhatMayStore) {
  const std::vector<Warning> full(kKept, Of(1062, "Duplicate entry"));
  ASSERT_TRUE(ChangedValue(full, true, kKept).has_value());
  EXPECT_EQ(ChangedValue(full, true, kKept)->failure.reason, Reason::kValueChanged);
  EXPECT_FALSE(ChangedValue(full, false, kKept));
}

TEST(Warnings, KnowWhichStatementsMayStore) {
  const auto may_store = [](const std::string& sql, bool rows) {
    return MayStore(*sql::Scan(sql, sql::Grammar::kMySql), rows);
  };
  EXPECT_TRUE(may_store("INSERT INTO t VALUES (1)", false));
  EXPECT_TRUE(may_store("INSERT INTO t VALUES (1) RETURNING a", true));
  EXPECT_TRUE(may_store("REPLACE t VALUES (1)", false));
  EXPECT_TRUE(may_store("UPDATE t SET a = 1", false));
  EXPECT_TRUE(may_store("CALL p()", true));
  EXPECT_FALSE(may_store("SELECT own_function(1)", true));
  EXPECT_FALSE(may_store("DELETE FROM t WHERE own_function(a) = 1", false));
  EXPECT_TRUE(may_store("WITH c AS (SELECT 1) UPDATE t SET a = 1", false));
  EXPECT_FALSE(may_store("WITH c AS (SELECT 1) SELECT * FROM c", true));
  EXPECT_FALSE(may_store("SELECT 1", true));
  EXPECT_FALSE(may_store("DELETE FROM t", false));
}

}  // namespace
}  // namespace assent::mysql
