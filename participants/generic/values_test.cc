// SPDX-License-Identifier: Apache-2.0
// Values of every kind through libsqliteodbc, to SQLite and back.
#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "participants/generic/testing.h"

namespace assent::generic {
namespace {

using testing::HasSubstr;
using xa::Value;

class GenericValues : public SqliteTest {
 protected:
  void SetUp() override {
    SqliteTest::SetUp();
    session_ = Connect();
    Begin(*session_);
  }
  std::vector<Value> Row(const std::string& sql, std::vector<Value> parameters = {}) {
    auto result = MustRun(*session_, Sql(sql, std::move(parameters)));
    EXPECT_EQ(result.rows.size(), 1u) << sql;
    return result.rows.empty() ? std::vector<Value>() : std::move(result.rows[0]);
  }
  Value One(const std::string& sql, std::vector<Value> parameters = {}) {
    const auto row = Row(sql, std::move(parameters));
    return row.empty() ? Value() : row[0];
  }
  std::unique_ptr<sql::Session> session_;
};

TEST_F(GenericValues, ParametersArriveWithTheirTypes) {
  const std::pair<Value, const char*> cases[] = {
      {Value(std::monostate{}), "null"},
      {Value(true), "integer"},
      {Value(int64_t{-7}), "integer"},
      {Value(uint64_t{7}), "integer"},
      {Value(0.5), "real"},
      {Value(xa::Decimal{"1.50"}), "text"},
      {Value(std::string("a")), "text"},
      {Value(std::string()), "text"},
      {Value(xa::Bytes{std::string("\0\xff", 2)}), "blob"},
      {Value(xa::Bytes{""}), "blob"},
  };
  for (const auto& [value, type] : cases) {
    EXPECT_EQ(One("SELECT typeof(?)", {value}), Value(std::string(type))) << type;
  }
}

TEST_F(GenericValues, ParametersAreStoredExactly) {
  const double third = 1.0 / 3;
  const int64_t large = std::numeric_limits<int64_t>::max();
  const std::string text = "h\xc3\xa9 \xf0\x9f\x98\x80 'q\"; --\n";
  EXPECT_EQ(One("SELECT ? = 1.0 / 3", {third}), Value(std::string("1")));
  EXPECT_EQ(One("SELECT ?", {large}), Value(std::to_string(large)));
  EXPECT_EQ(One("SELECT ?", {std::numeric_limits<int64_t>::min()}),
            Value(std::string("-9223372036854775808")));
  EXPECT_EQ(One("SELECT ?", {text}), Value(text));
  EXPECT_EQ(One("SELECT hex(?)", {xa::Bytes{std::string("\0\xff'", 3)}}),
            Value(std::string("00FF27")));
  EXPECT_EQ(One("SELECT ? || ?", {xa::Decimal{"12345678901234567890.12"}, std::string("|")}),
            Value(std::string("12345678901234567890.12|")));
  EXPECT_EQ(One("SELECT gold FROM account WHERE id = ? AND ? = 2", {int64_t{1}, int64_t{2}}),
            Value(std::string("100")));
}

class GenericColumns : public SqliteTest {};

TEST_F(GenericColumns, ComeBackByTheirDeclaredTypes) {
  Raw(file_).Query(
      "CREATE TABLE kinds (i INTEGER, b BIGINT, s SMALLINT, r REAL, t TEXT, c VARCHAR(9), x BLOB, "
      "o BOOLEAN, d DECIMAL(9, 2), y DATE, z TIMESTAMP)");
  auto session = Connect();
  const xa::Xid xid = Begin(*session);
  const xa::Bytes bytes{std::string("\0\xff", 2)};
  const std::string large(70'000, 'x');
  EXPECT_EQ(
      MustRun(*session, Sql("INSERT INTO kinds VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                            {int64_t{7}, int64_t{8}, int64_t{9}, 0.25, large,
                             std::string("h\xc3\xa9"), bytes, true, xa::Decimal{"1.50"},
                             std::string("2026-01-02"), std::string("2026-01-02 03:04:05.123456")}))
          .affected,
      1u);
  MustRun(*session, Sql("INSERT INTO kinds (i) VALUES (NULL)"));
  const auto result = MustRun(*session, Sql("SELECT * FROM kinds ORDER BY i DESC"));
  ASSERT_EQ(result.rows.size(), 2u);
  EXPECT_THAT(result.columns,
              testing::ElementsAre("i", "b", "s", "r", "t", "c", "x", "o", "d", "y", "z"));
  // Every integer may have 64 bits, so it is text, unless the column is declared as smaller.
  EXPECT_THAT(
      result.rows[0],
      testing::ElementsAre(Value(std::string("7")), Value(std::string("8")), Value(int64_t{9}),
                           Value(0.25), Value(large), Value(std::string("h\xc3\xa9")), Value(bytes),
                           Value(true), Value(std::string("1.5")), Value(std::string("2026-01-02")),
                           Value(std::string("2026-01-02 03:04:05.123456"))));
  for (const Value& value : result.rows[1]) EXPECT_EQ(value, Value(std::monostate{}));
  EXPECT_EQ(session->CommitOnePhase(xid).code, xa::Code::kOk);
}

// Facts that docs/databases.md states.
TEST_F(GenericValues, SqliteAndItsDriverLoseTheseDigits) {
  EXPECT_EQ(One("SELECT 0.1 + 0.2"), Value(0.3)) << "a REAL comes back with 15 digits";
  EXPECT_EQ(One("SELECT printf('%!.17g', 0.1 + 0.2)"), Value(std::string("0.30000000000000004")));
  // The type of a column that is an expression is that of its first row.
  const auto mixed = MustRun(*session_, Sql("SELECT NULL AS v UNION ALL SELECT 1.5"));
  ASSERT_EQ(mixed.rows.size(), 2u);
  EXPECT_EQ(mixed.rows[1][0], Value(std::string("1.5")));
}

TEST_F(GenericValues, RefusesWhatSqliteCannotStore) {
  for (const Value& value :
       {Value(std::numeric_limits<uint64_t>::max()), Value(std::nan("")), Value(HUGE_VAL),
        Value(std::string("a\0b", 3)), Value(std::string("\xff"))}) {
    auto session = Connect();
    session_.reset();
    Begin(*session);
    const sql::RunResult ran = session->Run(Sql("SELECT ?", {value}));
    EXPECT_EQ(ran.verb.code, xa::Code::kRbOther);
    EXPECT_THAT(ran.verb.failure.detail, HasSubstr("parameter 1"));
  }
}

}  // namespace
}  // namespace assent::generic
