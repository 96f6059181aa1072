// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "participants/odbc/testing.h"

namespace assent::odbc {
namespace {

using core::Reason;
using testing::ElementsAre;
using xa::Bytes;
using xa::Code;
using xa::Decimal;
using xa::Value;

const Value kNull = std::monostate{};

class Values : public PostgreSqlTest {
 protected:
  void SetUp() override {
    PostgreSqlTest::SetUp();
    session_ = Connect();
    xid_ = NewXid();
    Begin(*session_, xid_);
  }
  void TearDown() override { session_.reset(); }

  std::vector<Value> Row(const std::string& sql, std::vector<Value> parameters = {}) {
    const sql::RunResult ran = session_->Run(Sql(sql, std::move(parameters), 1));
    EXPECT_EQ(ran.verb.code, Code::kOk) << sql << ": " << ran.verb.failure.detail;
    columns_ = ran.result.columns;
    return ran.result.rows.empty() ? std::vector<Value>{} : ran.result.rows[0];
  }

  std::unique_ptr<sql::Session> session_;
  xa::Xid xid_;
  std::vector<std::string> columns_;
};

TEST_F(Values, ComeBackInTheTypesOfTheContract) {
  EXPECT_THAT(Row("SELECT 1::int2, -2::int4, 9223372036854775807::int8, 1.50::numeric"),
              ElementsAre(int64_t{1}, int64_t{-2}, std::string("9223372036854775807"),
                          std::string("1.50")));
  EXPECT_THAT(Row("SELECT 1.5::float4, 0.1::float8, 1e300::float8, '-Infinity'::float8, true, "
                  "false"),
              ElementsAre(1.5, 0.1, 1e300, -std::numeric_limits<double>::infinity(), true, false));
  EXPECT_THAT(
      Row("SELECT '\\x00ff27'::bytea, ''::bytea, NULL::bytea, NULL::int, ''::text"),
      ElementsAre(Bytes{std::string("\0\xff'", 3)}, Bytes{""}, kNull, kNull, std::string()));
  EXPECT_THAT(
      Row("SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid, '{\"a\": 1}'::jsonb, "
          "'2026-01-31'::date, '12:30:00.5'::time, '2026-01-31 12:30:00.123456'::timestamp, "
          "'{1,2}'::int[], interval '1 day', 'x'::char(3)"),
      ElementsAre(std::string("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"), std::string("{\"a\": 1}"),
                  std::string("2026-01-31"), std::string("12:30:00.5"),
                  std::string("2026-01-31 12:30:00.123456"), std::string("{1,2}"),
                  std::string("1 day"), std::string("x  ")));
  EXPECT_TRUE(std::isnan(std::get<double>(Row("SELECT 'NaN'::float8")[0])));
}

TEST_F(Values, OutsideTheCalendarAreReturnedAsTheServerSendsThem) {
  EXPECT_THAT(Row("SELECT 'infinity'::date"), ElementsAre(std::string("infinity")));
  EXPECT_THAT(
      Row("SELECT '-infinity'::date, 'infinity'::timestamp, '-infinity'::timestamptz, NULL::date, "
          "'9999-12-31'::date, '9999-12-31 23:59:59'::timestamp, '0001-01-01'::date"),
      ElementsAre(std::string("-infinity"), std::string("infinity"), std::string("-infinity"),
                  kNull, std::string("9999-12-31"), std::string("9999-12-31 23:59:59"),
                  std::string("0001-01-01")));
  EXPECT_THAT(Row("SELECT '0044-03-15 12:00:00.5 BC'::timestamp, '0044-03-15 BC'::date::text"),
              ElementsAre(std::string("0044-03-15 12:00:00.5 BC"), std::string("0044-03-15 BC")));
  const sql::RunResult late = session_->Run(Sql("SELECT '10000-01-01'::date"));
  EXPECT_EQ(late.verb.code, Code::kRbOther);
  EXPECT_THAT(late.verb.failure.detail, testing::HasSubstr("cast the column to text"));
}

TEST_F(Values, CarryTheirColumnsNames) {
  Row("SELECT 1 AS a, 2 AS a, 3 AS \"Größe é𝄞\"");
  EXPECT_THAT(columns_, ElementsAre("a", "a", "Größe é𝄞"));
}

TEST_F(Values, GoInAsTheyCome) {
  EXPECT_THAT(
      Row("SELECT ?::bool, ?::bool, ?::int8, ?::numeric, ?::float8, ?::numeric",
          {true, false, std::numeric_limits<int64_t>::min(), std::numeric_limits<uint64_t>::max(),
           0.1, Decimal{"12345678901234567890.0123456789"}}),
      ElementsAre(true, false, std::string("-9223372036854775808"),
                  std::string("18446744073709551615"), 0.1,
                  std::string("12345678901234567890.0123456789")));
  EXPECT_THAT(Row("SELECT ?::text, ?::int, ?::bytea, ?", {kNull, kNull, Bytes{}, std::string()}),
              ElementsAre(kNull, kNull, Bytes{}, std::string()));
  std::string all_bytes;
  for (int i = 0; i < 256; ++i) all_bytes.push_back(static_cast<char>(i));
  EXPECT_THAT(Row("SELECT ?, length(?)", {Bytes{all_bytes}, Bytes{all_bytes}}),
              ElementsAre(Bytes{all_bytes}, int64_t{256}));
}

TEST_F(Values, AreNeverReadAsSql) {
  for (const std::string text :
       {"O'Brien", "a\\'b", "\\", "''; DROP TABLE account; --", "$1 ? :x", "$$ $a$", "{fn now()}",
        "é𝄞 \u00a0 ñ", "line\r\nline\n", "\t", " ", "NULL", "E'\\\\'"}) {
    EXPECT_THAT(Row("SELECT ?::text", {text}), ElementsAre(text));
  }
  EXPECT_EQ(One("SELECT count(*) FROM account"), "2");
}

// They take the type that the statement requires, as a quoted literal does.
TEST_F(Values, TakeTheTypeThatTheStatementCallsFor) {
  EXPECT_THAT(Row("UPDATE account SET gold = gold + ? WHERE id = ? RETURNING gold",
                  {int64_t{5}, int64_t{1}}),
              ElementsAre(std::string("105")));
  EXPECT_THAT(Row("SELECT length(?), abs(?::int), ? || 'x' LIMIT ?",
                  {std::string("abc"), int64_t{-4}, std::string("y"), int64_t{1}}),
              ElementsAre(int64_t{3}, int64_t{4}, std::string("yx")));
}

TEST_F(Values, OfAMegabyteGoInAndComeBack) {
  const std::string text(1'000'000, 'x');
  const Bytes bytes{std::string(40'000, '\xff')};
  EXPECT_THAT(Row("SELECT length(?), length(?)", {text, Bytes{text}}),
              ElementsAre(int64_t{1'000'000}, int64_t{1'000'000}));
  EXPECT_THAT(Row("SELECT ?, ?", {text, bytes}), ElementsAre(text, bytes));
}

// ?? is the operator character, a single ? a parameter.
TEST_F(Values, WorkWithTheOperatorsOfJsonb) {
  EXPECT_THAT(Row("SELECT '{\"a\":1}'::jsonb ?? 'a', '{\"a\":1}'::jsonb?\?'b', '[\"a\"]'::jsonb "
                  "?\?| array['a','b'], '[\"a\"]'::jsonb ?\?& array['a','b'], "
                  "'{\"a\":1}'::jsonb @?? '$.a', '?\?'"),
              ElementsAre(true, false, true, false, true, std::string("?\?")));
  EXPECT_THAT(Row("SELECT ?::jsonb ?? ?, ?::jsonb?\?|array[?] /* ?? */ -- ??\n, ?::text",
                  {std::string("{\"a\":1}"), std::string("a"), std::string("[\"b\"]"),
                   std::string("c"), std::string("?")}),
              ElementsAre(true, false, std::string("?")));
}

TEST_F(Values, WorkWithAnOperatorOfJsonbBesideAComment) {
  EXPECT_THAT(Row("SELECT '{\"a\":1}'::jsonb/*c*/?\? 'a', '{\"a\":1}'::jsonb ?\?/* it's ? */'b', "
                  "'{\"a\":1}'::jsonb @?\?-- it's ?\n'$.a', ?::text",
                  {std::string("x")}),
              ElementsAre(true, false, true, std::string("x")));
}

TEST_F(Values, OutsideAsciiMayBeInTheSqlItself) {
  EXPECT_THAT(Row("SELECT 'é𝄞'::text, length('é𝄞'), 'a\\b', E'a\\\\b', '{d ''x''}'"),
              ElementsAre(std::string("é𝄞"), int64_t{2}, std::string("a\\b"), std::string("a\\b"),
                          std::string("{d 'x'}")));
}

TEST_F(Values, ThatNoTextCanHoldAreRefused) {
  for (const std::string& text : {std::string("a\0b", 3), std::string("\xff")}) {
    const auto session = Connect();
    Begin(*session, NewXid());
    const sql::RunResult ran = session->Run(Sql("SELECT ?::text", {text}));
    EXPECT_EQ(ran.verb.code, Code::kRbOther);
    EXPECT_EQ(ran.verb.failure.reason, Reason::kSqlError);
    EXPECT_TRUE(session->alive());
  }
}

TEST_F(Values, MustBeAsManyAsTheMarkers) {
  for (const char* sql : {"SELECT 1", "SELECT ?, ?", "SELECT '?', $$ ? $$ -- ?"}) {
    const auto session = Connect();
    Begin(*session, NewXid());
    EXPECT_EQ(session->Run(Sql(sql, {int64_t{1}})).verb.code, Code::kRbOther) << sql;
  }
  EXPECT_THAT(Row("SELECT '?', $$?$$, ? /* ? */ -- ?", {std::string("a")}),
              ElementsAre(std::string("?"), std::string("?"), std::string("a")));
}

TEST_F(Values, ThatTheServerRefusedAreNamed) {
  const sql::RunResult ran = session_->Run(Sql("SELECT ?::int", {std::string("geheim")}));
  EXPECT_EQ(ran.verb.failure.sqlstate, "22P02");
  EXPECT_EQ(ran.verb.failure.detail, "invalid input syntax for type integer: \"geheim\"");
}

TEST_F(Values, OfMoreRowsThanTheBoundDoomTheBranch) {
  EXPECT_EQ(session_->Run(Sql("SELECT generate_series(1, 1000)", {}, 1000)).verb.code, Code::kOk);
  const sql::RunResult ran = session_->Run(Sql("SELECT generate_series(1, 1001)"));
  EXPECT_EQ(ran.verb.code, Code::kRbOther);
  EXPECT_EQ(ran.verb.failure.reason, Reason::kResultTooLarge);
  EXPECT_EQ(session_->Prepare(xid_).code, Code::kRbOther);
  EXPECT_EQ(Prepared(xid_), "0");
  EXPECT_TRUE(session_->Reset());
}

TEST_F(Values, OfMoreBytesThanTheBoundDoomTheBranch) {
  const sql::RunResult ran = session_->Run(Sql("SELECT repeat('x', 1048577)"));
  EXPECT_EQ(ran.verb.failure.reason, Reason::kResultTooLarge);
  EXPECT_TRUE(session_->alive());
}

// The ODBC driver reads all of a result before it returns a row: 30 GB must not get that far.
TEST_F(Values, ThatFloodTheConnectionCloseIt) {
  const sql::RunResult ran =
      session_->Run(Sql("SELECT repeat('x', 1000) FROM generate_series(1, 30000000)"));
  EXPECT_EQ(ran.verb.code, Code::kRbOther);
  EXPECT_EQ(ran.verb.failure.reason, Reason::kResultTooLarge);
  EXPECT_FALSE(session_->alive());
}

}  // namespace
}  // namespace assent::odbc
