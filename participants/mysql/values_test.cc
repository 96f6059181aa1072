// SPDX-License-Identifier: Apache-2.0
// Values that MariaDB would store differently than given, with only a warning.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "participants/mysql/testing.h"

namespace assent::mysql {
namespace {

using core::Operation;
using core::Reason;
using sql::NewXid;
using xa::Code;

class StoredValue : public OnServer {
 protected:
  void SetUp() override {
    OnServer::SetUp();
    mode_ = One("SELECT @@global.sql_mode");
    Root(
        "CREATE TABLE v (id INT AUTO_INCREMENT PRIMARY KEY, n INT, d DECIMAL(65,0), "
        "e DECIMAL(10,2), s VARCHAR(3), dt DATE, c VARCHAR(9) CHARACTER SET latin1, "
        "en ENUM('x', 'y'), must INT NOT NULL DEFAULT 0, g INT AS (n + 1) STORED)",
        database_);
  }
  void TearDown() override {
    Root("SET GLOBAL sql_mode = '" + mode_ + "'");
    OnServer::TearDown();
  }
  void Lax() { Root("SET GLOBAL sql_mode = ''"); }

  xa::Completion Run(sql::TestDriver& db, const std::string& sql,
                     std::vector<xa::Value> values = {}) {
    const xa::Xid xid = NewXid();
    EXPECT_EQ(db.Do(Operation::kOpen, xid).code, Code::kOk);
    xa::Completion ran = db.Run(xid, sql, std::move(values));
    // Whatever the answer was, nothing is left behind.
    EXPECT_EQ(db.RollBackActive(xid).code, Code::kOk) << sql;
    return ran;
  }
  void ExpectChanged(const xa::Completion& ran, int32_t number, const std::string& column) {
    EXPECT_EQ(ran.code, Code::kRbOther) << number;
    EXPECT_EQ(ran.failure.reason, Reason::kValueChanged) << ran.failure.detail;
    EXPECT_EQ(ran.failure.vendor_code, number) << ran.failure.detail;
    EXPECT_FALSE(ran.failure.may_retry);
    if (column.empty()) return;
    EXPECT_THAT(ran.failure.detail, ::testing::HasSubstr("column " + column + " "));
  }

  // 100 digits and a fraction, where the server stores 65 digits.
  const xa::Decimal long_{std::string(100, '7') + ".5"};
  std::string mode_;
};

TEST_F(StoredValue, LongDecimalIsRefusedInAnySqlMode) {
  const int32_t number = IsMariaDb() ? 1916 : 1292;
  for (const bool lax : {false, true}) {
    if (lax) Lax();
    auto db = Open();
    ExpectChanged(Run(*db, "INSERT INTO v (d) VALUES (?)", {long_}), number, "");
    ExpectChanged(Run(*db, "UPDATE account SET amount = 0 WHERE amount < ?", {long_}), number, "");
    // Otherwise it would find the row with 65 nines.
    ExpectChanged(Run(*db, "SELECT id FROM v WHERE d = ?", {long_}), number, "");
    ExpectChanged(Run(*db, "DELETE FROM v WHERE d = ?", {long_}), number, "");
    EXPECT_EQ(Run(*db, "INSERT INTO v (d) VALUES (?)", {xa::Decimal{std::string(65, '7')}}).code,
              Code::kOk);
  }
}

TEST_F(StoredValue, IsExactWhereItsNumberHasAnExponent) {
  auto db = Open();
  const xa::Xid xid = NewXid();
  ASSERT_EQ(db->Do(Operation::kOpen, xid).code, Code::kOk);
  ASSERT_EQ(db->Run(xid, "INSERT INTO v (d) VALUES (?)",
                    {xa::Decimal{"123456789012345678901234567890e-1"}})
                .code,
            Code::kOk);
  const auto ran = db->Run(xid, "SELECT CAST(d AS CHAR) FROM v");
  ASSERT_EQ(ran.code, Code::kOk);
  EXPECT_EQ(std::get<std::string>(ran.results.at(0).rows.at(0).at(0)),
            "12345678901234567890123456789");
  EXPECT_EQ(db->RollBackActive(xid).code, Code::kOk);
}

TEST_F(StoredValue, RefusedBranchIsNotPrepared) {
  Lax();
  auto db = Open();
  const xa::Xid xid = NewXid();
  ASSERT_EQ(db->Do(Operation::kOpen, xid).code, Code::kOk);
  ExpectChanged(db->Run(xid, "INSERT INTO v (n) VALUES (99999999999)"), 1264, "n");
  EXPECT_EQ(db->Do(Operation::kPrepare, xid).code, Code::kRbOther);
  EXPECT_EQ(One("SELECT COUNT(*) FROM v"), "0");
}

TEST_F(StoredValue, ThatALaxServerChangesRefusesTheBranch) {
  Lax();
  auto db = Open();
  const struct {
    const char* sql;
    int32_t number;
    const char* column;
  } cases[] = {
      {"INSERT INTO v (n) VALUES (99999999999)", 1264, "n"},
      {"INSERT INTO v (s) VALUES ('abcdef')", 1265, "s"},
      {"INSERT INTO v (n) VALUES ('abc')", 1366, "n"},
      {"INSERT INTO v (c) VALUES ('\xe6\x97\xa5')", 1366, "c"},
      {"INSERT INTO v (en) VALUES ('z')", 1265, "en"},
      {"INSERT INTO v (dt) VALUES ('2026-13-45')", 1265, "dt"},
      {"INSERT INTO v (must) VALUES (1), (NULL)", 1048, "must"},
      {"INSERT INTO v (n, g) VALUES (1, 55)", 1906, "g"},
      {"INSERT INTO v (n) VALUES ('12abc' + 0)", 1292, ""},
      {"INSERT INTO v (n) VALUES (LN('12abc'))", 1292, ""},
      {"INSERT INTO v (s) VALUES (JSON_SET('{bad', '$.a', 1))", 4038, ""},
      {"INSERT INTO v (dt) VALUES (DATE_ADD('9999-12-31', INTERVAL 1 DAY))", 1441, ""},
      {"INSERT INTO v (n) VALUES (99999999999) RETURNING n", 1264, "n"},
      {"INSERT IGNORE INTO v (n) VALUES (99999999999)", 1264, "n"},
      {"REPLACE INTO v (s) VALUES ('abcdef')", 1265, "s"},
      {"INSERT INTO account (id) VALUES (9)", 1364, "amount"},
      {"UPDATE account SET amount = 'x' WHERE id = 1", 1366, "amount"},
  };
  // MySQL stores a question mark instead, without a warning.
  if (IsMariaDb()) {
    ExpectChanged(Run(*db, "INSERT INTO v (s) VALUES (CONVERT('\xe6\x97\xa5' USING latin1))"), 1977,
                  "");
  }
  int refused_by_server = 0;
  for (const auto& it : cases) {
    SCOPED_TRACE(it.sql);
    const xa::Completion ran = Run(*db, it.sql);
    // MySQL itself refuses some of them, or does not know the statement.
    if (!IsMariaDb() && ran.failure.reason == Reason::kSqlError) {
      EXPECT_EQ(ran.code, Code::kRbOther);
      ++refused_by_server;
    } else {
      ExpectChanged(ran, it.number, it.column);
    }
  }
  EXPECT_EQ(refused_by_server, IsMariaDb() ? 0 : 3);
}

// On MySQL a later statement of the procedure discards the warning.
TEST_F(StoredValue, ThatAProcedureWithLaxSqlModeChangesRefusesTheBranch) {
  Lax();
  RootWhole("CREATE PROCEDURE clip() BEGIN SELECT 1; INSERT INTO v (n) VALUES (99999999999); " +
            std::string(IsMariaDb() ? "SELECT 1; " : "") + "END");
  Root("SET GLOBAL sql_mode = 'STRICT_ALL_TABLES'");
  auto db = Open();
  ExpectChanged(Run(*db, "CALL clip()"), 1264, "n");
}

TEST_F(StoredValue, IsAcceptedIfRoundedOrWithUnrelatedWarnings) {
  for (const bool lax : {false, true}) {
    if (lax) Lax();
    auto db = Open();
    for (const char* sql :
         {"INSERT INTO v (e) VALUES (1.005)",          // rounded to the scale: a note
          "INSERT INTO v (s) VALUES ('abc  ')",        // trailing spaces: a note
          "INSERT IGNORE INTO account VALUES (1, 5)",  // a duplicate that is skipped
          "SELECT CAST(1000 AS DECIMAL(3,2))",         // stores nothing
          IsMariaDb() ? "DELETE FROM account WHERE id = 'abc'" : "SELECT 'abc' + 1",  // likewise
          "SELECT STR_TO_DATE('x', '%Y')",  // a function that the scanner does not know
          IsMariaDb() ? "SELECT JSON_LENGTH('{bad')" : "SELECT DAYNAME('y')",
          IsMariaDb() ? "DELETE FROM account WHERE DAYNAME('x') = 1" : "SELECT DAYNAME('x')",
          "UPDATE account SET amount = 5 WHERE id = 1"}) {
      const auto ran = Run(*db, sql);
      EXPECT_EQ(ran.code, Code::kOk) << sql << ": " << ran.failure.detail;
    }
  }
}

TEST_F(StoredValue, IsNotBlamedForAResultThatExceedsThePacket) {
  auto db = Open();
  const auto ran = Run(*db, "SELECT REPEAT('x', @@max_allowed_packet + 1)");
  EXPECT_EQ(ran.code, Code::kRbOther);
  EXPECT_EQ(ran.failure.reason, Reason::kResultTooLarge) << ran.failure.detail;
  EXPECT_THAT(ran.failure.detail, ::testing::HasSubstr("max_allowed_packet"));
}

TEST_F(StoredValue, IsAcceptedAsStoredIfTheResourceIsNotStrict) {
  Lax();
  sql::ResourceOptions options = Options();
  options.strict = false;
  auto db = Open(options);
  EXPECT_EQ(Run(*db, "INSERT INTO v (n) VALUES (99999999999)").code, Code::kOk);
  EXPECT_EQ(Run(*db, "INSERT INTO v (d) VALUES (?)", {long_}).code, Code::kOk);
}

// The changed value comes after more warnings than a session keeps by default.
TEST_F(StoredValue, BehindManyOtherWarningsRefusesTheBranch) {
  Lax();
  auto db = Open();
  Root("CREATE TABLE many (id INT PRIMARY KEY, n INT)", database_);
  MakeNumbers();
  Root("INSERT INTO many SELECT seq, 1 FROM number WHERE seq < 200", database_);
  ExpectChanged(Run(*db,
                    "INSERT IGNORE INTO many SELECT seq, IF(seq = 200, 99999999999, 1) "
                    "FROM number WHERE seq <= 200 ORDER BY seq"),
                1264, "n");
}

}  // namespace
}  // namespace assent::mysql
