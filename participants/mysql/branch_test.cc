// SPDX-License-Identifier: Apache-2.0
// The verbs of a branch on a real MariaDB, and the traps of docs/databases.md that concern them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "participants/mysql/testing.h"

namespace assent::mysql {
namespace {

using core::Operation;
using core::Reason;
using sql::NewXid;
using xa::Code;

class Branch : public OnServer {};

TEST_F(Branch, CommitsWhatItPrepared) {
  auto db = Open();
  const xa::Xid xid = NewXid();
  ASSERT_EQ(db->Do(Operation::kOpen, xid).code, Code::kOk);
  const auto ran = db->Run(xid, "UPDATE account SET amount = amount - ? WHERE id = ?",
                           {int64_t{30}, int64_t{1}}, 1);
  ASSERT_EQ(ran.code, Code::kOk) << ran.failure.detail;
  EXPECT_EQ(ran.results.at(0).affected, 1u);
  const auto prepared = db->Do(Operation::kPrepare, xid);
  ASSERT_EQ(prepared.code, Code::kOk) << prepared.failure.detail;
  EXPECT_NE(prepared.stamp.identity, "");
  EXPECT_TRUE(db->Lists(xid));
  EXPECT_EQ(Amount(1), "100");
  EXPECT_EQ(db->Do(Operation::kCommit, xid).code, Code::kOk);
  EXPECT_EQ(Amount(1), "70");
  EXPECT_FALSE(db->Lists(xid));
}

TEST_F(Branch, RollsBackBeforeAndAfterPrepare) {
  auto db = Open();
  for (const bool prepare : {false, true}) {
    const xa::Xid xid = NewXid();
    ASSERT_EQ(db->Do(Operation::kOpen, xid).code, Code::kOk);
    ASSERT_EQ(db->Run(xid, "UPDATE account SET amount = 0").code, Code::kOk);
    if (prepare) {
      ASSERT_EQ(db->Do(Operation::kPrepare, xid).code, Code::kOk);
      EXPECT_EQ(db->Do(Operation::kRollBack, xid).code, Code::kOk);
    } else {
      EXPECT_EQ(db->RollBackActive(xid).code, Code::kOk);
    }
    EXPECT_EQ(Amount(1), "100");
    EXPECT_FALSE(db->Lists(xid));
  }
}

TEST_F(Branch, CommitsInOnePhase) {
  auto db = Open();
  const xa::Xid xid = NewXid();
  ASSERT_EQ(db->Do(Operation::kOpen, xid).code, Code::kOk);
  ASSERT_EQ(db->Run(xid, "UPDATE account SET amount = 7 WHERE id = 1").code, Code::kOk);
  EXPECT_EQ(db->Do(Operation::kCommitOnePhase, xid).code, Code::kOk);
  EXPECT_EQ(Amount(1), "7");
}

TEST_F(Branch, ThatRanNothingIsReadOnlyAndLeavesNothing) {
  auto db = Open();
  const xa::Xid xid = NewXid();
  ASSERT_EQ(db->Do(Operation::kOpen, xid).code, Code::kOk);
  EXPECT_EQ(db->Do(Operation::kPrepare, xid).code, Code::kReadOnly);
  EXPECT_EQ(db->RollBackActive(xid).code, Code::kOk);
  EXPECT_EQ(db->rm().Status().in_use, 0u);
}

TEST_F(Branch, DeclaredReadOnlyIsEnforcedByTheServer) {
  auto db = Open();
  const xa::BranchOptions read_only{.read_only = true};
  const xa::Xid reads = NewXid();
  ASSERT_EQ(db->Do(Operation::kOpen, reads, read_only).code, Code::kOk);
  const auto ran = db->Run(reads, "SELECT id FROM account ORDER BY id");
  ASSERT_EQ(ran.code, Code::kOk) << ran.failure.detail;
  EXPECT_EQ(ran.results.at(0).rows.size(), 2u);
  EXPECT_EQ(db->Do(Operation::kPrepare, reads).code, Code::kReadOnly);
  EXPECT_FALSE(db->Lists(reads));

  const xa::Xid writes = NewXid();
  ASSERT_EQ(db->Do(Operation::kOpen, writes, read_only).code, Code::kOk);
  const auto refused = db->Run(writes, "UPDATE account SET amount = 0");
  EXPECT_EQ(refused.code, Code::kRbOther);
  EXPECT_EQ(refused.failure.vendor_code, 1792);
  EXPECT_EQ(db->RollBackActive(writes).code, Code::kOk);
  // The next branch on that connection may write.
  const xa::Xid next = NewXid();
  ASSERT_EQ(db->Do(Operation::kOpen, next).code, Code::kOk);
  EXPECT_EQ(db->Run(next, "UPDATE account SET amount = 1 WHERE id = 1").code, Code::kOk);
  EXPECT_EQ(db->RollBackActive(next).code, Code::kOk);
}

TEST_F(Branch, RunsUnderTheIsolationThatItAskedFor) {
  auto db = Open();
  // What a second read inside the branch sees of a change committed meanwhile.
  const auto second_read = [&](xa::Isolation isolation) {
    const xa::Xid xid = NewXid();
    EXPECT_EQ(db->Do(Operation::kOpen, xid, {.isolation = isolation}).code, Code::kOk);
    EXPECT_EQ(db->Run(xid, "SELECT amount FROM account WHERE id = 1").code, Code::kOk);
    Root("UPDATE account SET amount = amount + 1 WHERE id = 1", database_);
    const auto again = db->Run(xid, "SELECT amount FROM account WHERE id = 1");
    EXPECT_EQ(again.code, Code::kOk);
    EXPECT_EQ(db->RollBackActive(xid).code, Code::kOk);
    return std::get<std::string>(again.results.at(0).rows.at(0).at(0));
  };
  EXPECT_EQ(second_read(xa::Isolation::kReadCommitted), "101");
  EXPECT_EQ(second_read(xa::Isolation::kRepeatableRead), "101");
  EXPECT_EQ(second_read(xa::Isolation::kReadCommitted), "103");
}

TEST_F(Branch, KeepsParametersExact) {
  Root(
      "CREATE TABLE v (id INT PRIMARY KEY, i BIGINT, u BIGINT UNSIGNED, d DECIMAL(30,10), "
      "f DOUBLE, s TEXT, b BLOB, n INT) CHARACTER SET utf8mb4",
      database_);
  auto db = Open();
  const xa::Xid xid = NewXid();
  ASSERT_EQ(db->Do(Operation::kOpen, xid).code, Code::kOk);
  const std::string text = "it's \\ \"so\" \0'; DROP TABLE v; -- \xf0\x9f\x8e\x81\n\x1a?";
  const std::string bytes("\0\xff'\\\x80", 5);
  const auto inserted = db->Run(xid, "INSERT INTO v VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                                {int64_t{1}, int64_t{INT64_MIN}, uint64_t{UINT64_MAX},
                                 xa::Decimal{"12345678901234567890.0123456789"}, 0.1, text,
                                 xa::Bytes{bytes}, std::monostate{}},
                                1);
  ASSERT_EQ(inserted.code, Code::kOk) << inserted.failure.detail;
  const auto read = db->Run(xid, "SELECT i, u, d, f, s, b, n, id FROM v WHERE s = ?", {text}, 1);
  ASSERT_EQ(read.code, Code::kOk) << read.failure.detail;
  EXPECT_THAT(read.results.at(0).columns,
              ::testing::ElementsAre("i", "u", "d", "f", "s", "b", "n", "id"));
  EXPECT_EQ(read.results.at(0).rows.at(0),
            (std::vector<xa::Value>{std::string("-9223372036854775808"),
                                    std::string("18446744073709551615"),
                                    std::string("12345678901234567890.0123456789"), 0.1, text,
                                    xa::Bytes{bytes}, std::monostate{}, int64_t{1}}));
  EXPECT_EQ(db->RollBackActive(xid).code, Code::kOk);
}

TEST_F(Branch, ReturnsColumnsInTheirForms) {
  auto db = Open();
  const xa::Xid xid = NewXid();
  ASSERT_EQ(db->Do(Operation::kOpen, xid).code, Code::kOk);
  Root(
      "CREATE TABLE f (t TINYINT, s SMALLINT UNSIGNED, m MEDIUMINT, i INT UNSIGNED, y YEAR, "
      "b BIT(9), r FLOAT, d DATE, dt DATETIME(3), tm TIME, c CHAR(3), vb VARBINARY(4), "
      "e ENUM('x','y'), j JSON)",
      database_);
  Root(
      "INSERT INTO f VALUES (-1, 65535, -5, 4294967295, 2026, 257, 1.5, '2026-01-02', "
      "'2026-01-02 03:04:05.678', '-01:02:03', 'abc', x'00ff', 'y', '{\"a\": 1}')",
      database_);
  const auto read = db->Run(xid, "SELECT * FROM f");
  ASSERT_EQ(read.code, Code::kOk) << read.failure.detail;
  EXPECT_EQ(
      read.results.at(0).rows.at(0),
      (std::vector<xa::Value>{int64_t{-1}, int64_t{65535}, int64_t{-5}, int64_t{4294967295},
                              int64_t{2026}, int64_t{257}, 1.5, std::string("2026-01-02"),
                              std::string("2026-01-02 03:04:05.678"), std::string("-01:02:03"),
                              std::string("abc"), xa::Bytes{std::string("\0\xff", 2)},
                              std::string("y"), std::string("{\"a\": 1}")}));
  EXPECT_EQ(db->RollBackActive(xid).code, Code::kOk);
}

TEST_F(Branch, IsRefusedWhenTheRowsAreNotAsExpected) {
  auto db = Open();
  const xa::Xid xid = NewXid();
  ASSERT_EQ(db->Do(Operation::kOpen, xid).code, Code::kOk);
  const auto ran =
      db->Wait(db->PostRun(xid, {{"UPDATE account SET amount = 0 WHERE id = 1", {}, 1},
                                 {"UPDATE account SET amount = 0 WHERE id = 99", {}, 1}}));
  EXPECT_EQ(ran.code, Code::kRbOther);
  EXPECT_EQ(ran.failure.reason, Reason::kExpectRows);
  EXPECT_EQ(ran.failure.detail, "0 rows where 1 was expected");
  EXPECT_EQ(ran.failure.statement, 1);
  // No further statement runs, and the branch cannot be prepared.
  EXPECT_EQ(db->Run(xid, "SELECT 1").code, Code::kRbOther);
  EXPECT_EQ(db->Do(Operation::kPrepare, xid).code, Code::kRbOther);
  EXPECT_EQ(Amount(1), "100");
  EXPECT_EQ(db->rm().Status().in_use, 0u);
}

TEST_F(Branch, IsRefusedWhenAResultIsPastItsBound) {
  sql::ResourceOptions options = Options();
  options.max_rows = 5;
  options.max_result_bytes = 1'000;
  auto db = Open(options);
  for (const char* sql :
       {"SELECT * FROM information_schema.COLUMNS",
        "SELECT * FROM information_schema.COLUMNS LIMIT 900", "SELECT REPEAT('x', 1001)"}) {
    const xa::Xid xid = NewXid();
    ASSERT_EQ(db->Do(Operation::kOpen, xid).code, Code::kOk);
    const auto ran = db->Run(xid, sql);
    EXPECT_EQ(ran.code, Code::kRbOther) << sql;
    EXPECT_EQ(ran.failure.reason, Reason::kResultTooLarge) << sql;
    EXPECT_EQ(db->RollBackActive(xid).code, Code::kOk);
  }
  const xa::Xid xid = NewXid();
  ASSERT_EQ(db->Do(Operation::kOpen, xid).code, Code::kOk);
  EXPECT_EQ(db->Run(xid, "SELECT REPEAT('x', 1000)").code, Code::kOk);
  EXPECT_EQ(db->RollBackActive(xid).code, Code::kOk);
}

TEST_F(Branch, BoundOfRowsTouchesNoWrites) {
  sql::ResourceOptions options = Options();
  options.max_rows = 1;
  MakeNumbers();
  auto db = Open(options);
  const xa::Xid xid = NewXid();
  ASSERT_EQ(db->Do(Operation::kOpen, xid).code, Code::kOk);
  EXPECT_EQ(db->Run(xid,
                    "INSERT INTO account SELECT id + seq, 1 FROM account, number "
                    "WHERE id = 1 AND seq BETWEEN 10 AND 19",
                    {}, 10)
                .code,
            Code::kOk);
  EXPECT_EQ(db->Run(xid,
                    "UPDATE account SET amount = 2 WHERE id > 10 AND id IN (SELECT id FROM "
                    "(SELECT id FROM account) a)",
                    {}, 10)
                .code,
            Code::kOk);
  EXPECT_EQ(db->Run(xid, "DELETE FROM account WHERE id > 10", {}, 10).code, Code::kOk);
  EXPECT_EQ(db->RollBackActive(xid).code, Code::kOk);
}

TEST_F(Branch, ReportsTheServersError) {
  auto db = Open();
  const xa::Xid xid = NewXid();
  ASSERT_EQ(db->Do(Operation::kOpen, xid).code, Code::kOk);
  const auto ran = db->Run(xid, "UPDATE no_such_table SET a = 1");
  EXPECT_EQ(ran.code, Code::kRbOther);
  EXPECT_EQ(ran.failure.reason, Reason::kSqlError);
  EXPECT_EQ(ran.failure.vendor_code, 1146);
  EXPECT_EQ(ran.failure.sqlstate, "42S02");
  EXPECT_THAT(ran.failure.detail, ::testing::HasSubstr("no_such_table"));
  EXPECT_FALSE(ran.failure.may_retry);
  EXPECT_EQ(db->RollBackActive(xid).code, Code::kOk);
}

TEST_F(Branch, IsRefusedWhenParametersAreMissing) {
  auto db = Open();
  const xa::Xid xid = NewXid();
  ASSERT_EQ(db->Do(Operation::kOpen, xid).code, Code::kOk);
  const auto ran = db->Run(xid, "SELECT ?, ?", {int64_t{1}});
  EXPECT_EQ(ran.code, Code::kRbOther);
  EXPECT_EQ(ran.failure.detail, "question marks in the statement: 2, parameters given: 1");
  EXPECT_EQ(db->RollBackActive(xid).code, Code::kOk);
}

}  // namespace
}  // namespace assent::mysql
