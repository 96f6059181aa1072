// SPDX-License-Identifier: Apache-2.0
// Results that the server ends early are errors, on a real MariaDB: whatever was sent before the
// error, the branch is refused and none of its changes remains.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "participants/mysql/testing.h"
#include "tests/support/temp.h"

namespace assent::mysql {
namespace {

using core::Operation;
using core::Reason;
using sql::NewXid;
using xa::Code;

constexpr auto kLong = std::chrono::milliseconds(30'000);

class Results : public OnServer {
 protected:
  void SetUp() override {
    OnServer::SetUp();
    MakeNumbers();
    Root(
        "CREATE TABLE rt (id INT PRIMARY KEY, w INT CHECK (w < 3)); INSERT INTO rt VALUES (41, 1);"
        "CREATE TABLE parent (id INT PRIMARY KEY); INSERT INTO parent VALUES (1), (2), (3);"
        "CREATE TABLE child (id INT PRIMARY KEY, of_parent INT, FOREIGN KEY (of_parent) REFERENCES "
        "parent (id));"
        "INSERT INTO child VALUES (1, 3)",
        database_);
    RootWhole(
        "CREATE FUNCTION fails_at_2(i INT) RETURNS INT BEGIN "
        "IF i = 2 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not this one'; END IF; "
        "RETURN i; END");
    RootWhole(
        "CREATE FUNCTION lock_it(i INT) RETURNS INT BEGIN DECLARE a INT; "
        "SELECT amount INTO a FROM account WHERE id = i FOR UPDATE; RETURN a; END");
  }
  xa::Xid Opened(sql::TestDriver& db) {
    const xa::Xid xid = NewXid();
    EXPECT_EQ(db.Do(Operation::kOpen, xid).code, Code::kOk);
    return xid;
  }
  // A branch that has already changed account 1.
  xa::Xid Changed(sql::TestDriver& db) {
    const xa::Xid xid = Opened(db);
    EXPECT_EQ(db.Run(xid, "UPDATE account SET amount = 0 WHERE id = 1").code, Code::kOk);
    return xid;
  }
  void ExpectUndone(sql::TestDriver& db, const xa::Xid& xid) {
    EXPECT_TRUE(test::Eventually(kLong, [&] { return db.RollBackActive(xid).code == Code::kOk; }));
    EXPECT_FALSE(db.Lists(xid));
    EXPECT_EQ(Amount(1), "100");
    EXPECT_EQ(One("SELECT COUNT(*) FROM rt"), "1");
    EXPECT_EQ(One("SELECT COUNT(*) FROM parent"), "3");
    // Its connection, or the one that replaces it, is usable.
    const xa::Xid next = Opened(db);
    EXPECT_EQ(db.Run(next, "SELECT id FROM account", {}, 2).code, Code::kOk);
    EXPECT_EQ(db.RollBackActive(next).code, Code::kOk);
  }
  // The id of the session that runs a statement with this beginning, once there is one.
  std::string SessionThatRuns(const std::string& statement) {
    std::string id;
    test::Eventually(kLong, [&] {
      id = One("SELECT id FROM information_schema.processlist WHERE info LIKE '" + statement +
               "%' AND user = 'assent'");
      return id != "nothing";
    });
    return id;
  }
  // The completion of a query that has sent rows and is then ended by `kill`.
  xa::Completion Killed(sql::TestDriver& db, const xa::Xid& xid, const std::string& kill) {
    const uint64_t run =
        db.PostRun(xid, {{"SELECT seq, REPEAT('x', 20000), SLEEP(IF(seq = 3, 600, 0)) FROM number "
                          "WHERE seq <= 5 "
                          "ORDER BY seq",
                          {},
                          {}}});
    Root(kill + " " + SessionThatRuns("SELECT seq, REPEAT"));
    return db.Wait(run);
  }
};

TEST_F(Results, ErrorBehindTheColumnHeaderRefusesTheBranch) {
  struct Case {
    const char* sql;
    int32_t number;
  };
  auto db = Open();
  std::vector<Case> cases = {{"SELECT id, fails_at_2(id) FROM account ORDER BY id", 1644}};
  if (IsMariaDb()) {
    cases.insert(cases.end(),
                 {{"INSERT INTO rt(id,w) VALUES(11,1),(12,1),(11,1) RETURNING id", 1062},
                  {"INSERT INTO rt VALUES(41,1) RETURNING id", 1062},
                  {"INSERT INTO rt VALUES(42,1),(43,9) RETURNING id", 4025},
                  {"DELETE FROM parent RETURNING id", 1451}});
  }
  for (const Case& c : cases) {
    const xa::Xid xid = Changed(*db);
    const auto ran = db->Run(xid, c.sql);
    EXPECT_EQ(ran.code, Code::kRbOther) << c.sql;
    EXPECT_EQ(ran.failure.reason, Reason::kSqlError) << c.sql;
    EXPECT_EQ(ran.failure.vendor_code, c.number) << c.sql << ": " << ran.failure.detail;
    EXPECT_FALSE(ran.failure.may_retry) << c.sql;
    EXPECT_TRUE(ran.results.empty()) << c.sql;
    EXPECT_TRUE(xa::IsRollBack(db->Do(Operation::kPrepare, xid).code)) << c.sql;
    ExpectUndone(*db, xid);
  }
}

TEST_F(Results, DeadlockBehindARowIsADeadlock) {
  auto db = Open();
  const xa::Xid victim = Changed(*db), winner = Opened(*db);
  // The server rolls back the transaction that has changed less.
  ASSERT_EQ(db->Run(winner, "INSERT INTO rt SELECT seq, 1 FROM number WHERE seq >= 100").code,
            Code::kOk);
  ASSERT_EQ(db->Run(winner, "UPDATE account SET amount = 7 WHERE id = 2").code, Code::kOk);
  const uint64_t first = db->PostRun(
      victim, {{"SELECT seq, lock_it(seq) FROM number WHERE seq IN (1, 2) ORDER BY seq", {}, {}}});
  ASSERT_TRUE(test::Eventually(kLong, [&] { return WaitingForRows() == "1"; }));
  const auto won = db->Run(winner, "UPDATE account SET amount = 7 WHERE id = 1");
  const auto lost = db->Wait(first);
  EXPECT_EQ(won.code, Code::kOk) << won.failure.detail;
  EXPECT_EQ(lost.code, Code::kRbDeadlock) << lost.failure.detail;
  EXPECT_EQ(lost.failure.reason, Reason::kDeadlock);
  EXPECT_EQ(lost.failure.vendor_code, 1213);
  EXPECT_TRUE(lost.failure.may_retry);
  EXPECT_EQ(db->RollBackActive(winner).code, Code::kOk);
  ExpectUndone(*db, victim);
}

TEST_F(Results, QueryThatIsKilledBehindARowIsAnError) {
  auto db = Open();
  const xa::Xid xid = Changed(*db);
  const auto ran = Killed(*db, xid, "KILL QUERY");
  EXPECT_EQ(ran.code, Code::kRbOther) << ran.failure.detail;
  EXPECT_EQ(ran.failure.reason, Reason::kSqlError);
  EXPECT_EQ(ran.failure.vendor_code, 1317);
  EXPECT_TRUE(ran.failure.may_retry);
  ExpectUndone(*db, xid);
}

TEST_F(Results, ConnectionThatIsKilledBehindARowIsALostConnection) {
  auto db = Open();
  const xa::Xid xid = Changed(*db);
  const auto ran = Killed(*db, xid, "KILL");
  EXPECT_EQ(ran.code, Code::kRbCommFail) << ran.failure.detail;
  EXPECT_EQ(ran.failure.reason, Reason::kConnectionLost);
  EXPECT_TRUE(ran.failure.may_retry);
  ExpectUndone(*db, xid);
}

TEST_F(Results, StatementThatRunsOutOfTimeBehindARowIsAnError) {
  const std::string setting = IsMariaDb() ? "max_statement_time" : "max_execution_time";
  Root("SET GLOBAL " + setting + " = " + (IsMariaDb() ? "1" : "1000"));
  auto db = Open();
  const xa::Xid xid = Changed(*db);
  const auto ran = db->Run(xid,
                           "SELECT seq, REPEAT('x', 20000), SLEEP(IF(seq = 3, 600, 0)) FROM number "
                           "WHERE seq <= 5 ORDER BY seq");
  Root("SET GLOBAL " + setting + " = DEFAULT");
  EXPECT_EQ(ran.code, Code::kRbOther) << ran.failure.detail;
  EXPECT_EQ(ran.failure.reason, Reason::kSqlError);
  EXPECT_EQ(ran.failure.vendor_code, IsMariaDb() ? 1969 : 3024);
  EXPECT_TRUE(ran.failure.may_retry);
  ExpectUndone(*db, xid);
}

TEST_F(Results, ErrorInALaterResultOfACallRefusesTheBranch) {
  RootWhole(
      "CREATE PROCEDURE two_results() BEGIN SELECT id FROM account; "
      "SELECT id, fails_at_2(id) FROM account ORDER BY id; END");
  auto db = Open();
  const xa::Xid xid = Changed(*db);
  const auto ran = db->Run(xid, "CALL two_results()");
  EXPECT_EQ(ran.code, Code::kRbOther);
  EXPECT_EQ(ran.failure.vendor_code, 1644);
  ExpectUndone(*db, xid);
}

// The server would take days for the rest beyond the bound: the connection is closed instead.
TEST_F(Results, ResultWithoutAnEndIsGivenUpPastItsBound) {
  sql::ResourceOptions options = Options();
  options.max_rows = 5;
  options.pool = 1;
  auto db = Open(options);
  const xa::Xid xid = Changed(*db);
  const auto ran = db->Run(xid,
                           "SELECT REPEAT('x', 20000), SLEEP(IF(n.seq < 10, 0, 1)) FROM number n, "
                           "number m LIMIT 100000");
  EXPECT_EQ(ran.code, Code::kRbCommFail);
  EXPECT_EQ(ran.failure.reason, Reason::kResultTooLarge) << ran.failure.detail;
  EXPECT_THAT(ran.failure.detail, ::testing::HasSubstr("5 rows (max_rows)"));
  EXPECT_FALSE(ran.failure.may_retry);
  ExpectUndone(*db, xid);
}

TEST_F(Results, RowThatIsFarTooLongIsRefused) {
  auto db = Open();
  const xa::Xid xid = Changed(*db);
  const auto ran = db->Run(xid, "SELECT REPEAT('x', 12000000)");
  EXPECT_TRUE(xa::IsRollBack(ran.code));
  EXPECT_EQ(ran.failure.reason, Reason::kResultTooLarge) << ran.failure.detail;
  EXPECT_THAT(ran.failure.detail, ::testing::HasSubstr("1048576 bytes (max_result_bytes)"));
  EXPECT_FALSE(ran.failure.may_retry);
  ExpectUndone(*db, xid);
}

// As a literal, 700 KB of bytes are twice as long.
TEST_F(Results, StatementPastTheServersPacketIsRefusedAndNamesTheSizes) {
  Root("CREATE TABLE files (id INT PRIMARY KEY, content LONGBLOB)", database_);
  Root("SET GLOBAL max_allowed_packet = 1048576");
  sql::ResourceOptions options = Options();
  options.pool = 1;
  auto db = Open(options);
  const xa::Xid xid = Changed(*db);
  const auto seen = db->Run(xid, "SELECT CAST(CONNECTION_ID() AS CHAR)");
  ASSERT_EQ(seen.code, Code::kOk) << seen.failure.detail;
  const auto id = std::get<std::string>(seen.results.at(0).rows.at(0).at(0));
  const auto ran =
      db->Run(xid, "INSERT INTO files VALUES (1, ?)", {xa::Bytes{std::string(700'000, '\xff')}});
  Root("SET GLOBAL max_allowed_packet = DEFAULT");
  EXPECT_EQ(ran.code, Code::kRbOther) << ran.failure.detail;
  EXPECT_EQ(ran.failure.reason, Reason::kSqlError);
  EXPECT_EQ(ran.failure.vendor_code, 1153);
  EXPECT_THAT(ran.failure.detail, ::testing::HasSubstr("1048576"));
  EXPECT_THAT(ran.failure.detail, ::testing::HasSubstr("14000"));
  EXPECT_FALSE(ran.failure.may_retry);
  EXPECT_EQ(One("SELECT COUNT(*) FROM information_schema.processlist WHERE id = " + id), "1")
      << "the connection was lost";
  EXPECT_EQ(db->RollBackActive(xid).code, Code::kOk);
  ExpectUndone(*db, xid);
  EXPECT_EQ(One("SELECT COUNT(*) FROM files"), "0");
}

// The server would return NULL instead.
TEST_F(Results, ValueOfAResultPastTheServersPacketIsRefusedAndNamesTheSize) {
  Root(
      "CREATE TABLE halves (a LONGTEXT, b LONGTEXT);"
      "INSERT INTO halves VALUES (REPEAT('a', 700000), REPEAT('b', 700000))",
      database_);
  Root("SET GLOBAL max_allowed_packet = 1048576");
  sql::ResourceOptions options = Options();
  options.max_result_bytes = 10'000'000;
  auto db = Open(options);
  const xa::Xid xid = Changed(*db);
  const auto ran = db->Run(xid, "SELECT 1, CONCAT(a, b) FROM halves");
  Root("SET GLOBAL max_allowed_packet = DEFAULT");
  EXPECT_EQ(ran.code, Code::kRbOther) << ran.failure.detail;
  EXPECT_EQ(ran.failure.reason, Reason::kResultTooLarge);
  EXPECT_THAT(ran.failure.detail, ::testing::HasSubstr("1048576"));
  EXPECT_FALSE(ran.failure.may_retry);
  ExpectUndone(*db, xid);
}

// A value may be far longer than a result is allowed to be.
TEST_F(Results, BoundOnResultsBoundsNoParameter) {
  Root("CREATE TABLE files (id INT PRIMARY KEY, content LONGTEXT)", database_);
  sql::ResourceOptions options = Options();
  options.max_result_bytes = 1'000;
  auto db = Open(options);
  const xa::Xid xid = Opened(*db);
  const auto ran =
      db->Run(xid, "INSERT INTO files VALUES (1, ?)", {std::string(3'000'000, 'x')}, 1);
  EXPECT_EQ(ran.code, Code::kOk) << ran.failure.detail;
  EXPECT_EQ(db->Do(Operation::kCommitOnePhase, xid).code, Code::kOk);
  EXPECT_EQ(One("SELECT LENGTH(content) FROM files"), "3000000");
}

TEST_F(Results, CallReturnsEveryResultInItsOrder) {
  RootWhole(
      "CREATE PROCEDURE several() BEGIN SELECT id, amount FROM account ORDER BY id; "
      "UPDATE account SET amount = 5 WHERE id = 1; SELECT 'text' AS b FROM account WHERE id = 9; "
      "SELECT 2 AS c UNION ALL SELECT 3; END");
  RootWhole("CREATE PROCEDURE none() UPDATE account SET amount = amount + 1");
  auto db = Open();
  const xa::Xid xid = Opened(*db);
  const auto ran = db->Wait(db->PostRun(
      xid, {{"CALL several()", {}, 2}, {"CALL none()", {}, 2}, {"SELECT 4 AS d", {}, {}}}));
  ASSERT_EQ(ran.code, Code::kOk) << ran.failure.detail;
  ASSERT_EQ(ran.results.size(), 5u);
  EXPECT_THAT(ran.results[0].columns, ::testing::ElementsAre("id", "amount"));
  EXPECT_EQ(ran.results[0].rows.size(), 2u);
  EXPECT_EQ(ran.results[0].rows[0], (std::vector<xa::Value>{int64_t{1}, std::string("100")}));
  EXPECT_THAT(ran.results[1].columns, ::testing::ElementsAre("b"));
  EXPECT_TRUE(ran.results[1].rows.empty());
  EXPECT_THAT(ran.results[2].columns, ::testing::ElementsAre("c"));
  EXPECT_EQ(ran.results[2].rows.size(), 2u);
  EXPECT_TRUE(ran.results[3].columns.empty());
  EXPECT_EQ(ran.results[3].affected, 2u);
  EXPECT_THAT(ran.results[4].columns, ::testing::ElementsAre("d"));
  EXPECT_EQ(db->Do(Operation::kPrepare, xid).code, Code::kOk);
  EXPECT_EQ(db->Do(Operation::kCommit, xid).code, Code::kOk);
  EXPECT_EQ(Amount(1), "6");
}

// Each result of the CALL is small.
TEST_F(Results, ResultsOfACallAreBoundedTogether) {
  RootWhole(
      "CREATE PROCEDURE many(n INT) BEGIN WHILE n > 0 DO SELECT n FROM account WHERE id = 9; "
      "SET n = n - 1; END WHILE; END");
  RootWhole("CREATE PROCEDURE rows_of(n INT) BEGIN SELECT n; SELECT n; SELECT n; SELECT n; END");
  sql::ResourceOptions options = Options();
  options.max_rows = 3;
  auto db = Open(options);
  for (const char* sql : {"CALL many(4)", "CALL many(100000)", "CALL rows_of(1)"}) {
    const xa::Xid xid = Changed(*db);
    const auto ran = db->Run(xid, sql);
    EXPECT_TRUE(xa::IsRollBack(ran.code)) << sql;
    EXPECT_EQ(ran.failure.reason, Reason::kResultTooLarge) << sql;
    EXPECT_FALSE(ran.failure.may_retry) << sql;
    ExpectUndone(*db, xid);
  }
  const xa::Xid xid = Opened(*db);
  EXPECT_EQ(db->Run(xid, "CALL many(3)").code, Code::kOk);
  EXPECT_EQ(db->RollBackActive(xid).code, Code::kOk);
}

// A column's form depends on its type, whatever its values are.
TEST_F(Results, FormOfAColumnDependsOnItsTypeOnly) {
  Root(
      "CREATE TABLE f (small INT UNSIGNED, big BIGINT, ubig BIGINT UNSIGNED, d DECIMAL(20,0), "
      "b32 BIT(32), b33 BIT(33), at DATETIME, f DOUBLE, z INT ZEROFILL);"
      "INSERT INTO f VALUES (7, 7, 7, 7, 7, 7, '2026-01-02', 7, 7),"
      "(4294967295, -9223372036854775808, 18446744073709551615, 99999999999999999999,"
      "0xffffffff, 0x1ffffffff, '1000-01-01', 1.5e300, 7)",
      database_);
  auto db = Open();
  const xa::Xid xid = Opened(*db);
  const auto read = db->Run(xid, "SELECT * FROM f ORDER BY small");
  ASSERT_EQ(read.code, Code::kOk) << read.failure.detail;
  const std::string seven = "7";
  EXPECT_EQ(read.results.at(0).rows.at(0),
            (std::vector<xa::Value>{int64_t{7}, seven, seven, seven, int64_t{7}, seven,
                                    std::string("2026-01-02 00:00:00"), 7.0, int64_t{7}}));
  EXPECT_EQ(read.results.at(0).rows.at(1),
            (std::vector<xa::Value>{int64_t{4294967295}, std::string("-9223372036854775808"),
                                    std::string("18446744073709551615"),
                                    std::string("99999999999999999999"), int64_t{4294967295},
                                    std::string("8589934591"), std::string("1000-01-01 00:00:00"),
                                    1.5e300, int64_t{7}}));
  const auto counted =
      db->Run(xid, "SELECT COUNT(*), SUM(small), SUM(f), NOW() IS NULL, CURTIME() FROM f");
  ASSERT_EQ(counted.code, Code::kOk) << counted.failure.detail;
  const auto& row = counted.results.at(0).rows.at(0);
  EXPECT_EQ(row.at(0), xa::Value(std::string("2")));
  EXPECT_EQ(row.at(1), xa::Value(std::string("4294967302")));
  EXPECT_EQ(row.at(2), xa::Value(1.5e300));
  // A condition is a BIGINT on MySQL.
  EXPECT_EQ(row.at(3), IsMariaDb() ? xa::Value(int64_t{0}) : xa::Value(std::string("0")));
  EXPECT_TRUE(std::holds_alternative<std::string>(row.at(4)));
  EXPECT_EQ(db->RollBackActive(xid).code, Code::kOk);
}

}  // namespace
}  // namespace assent::mysql
