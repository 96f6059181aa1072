// SPDX-License-Identifier: Apache-2.0
// For the tests against a real PostgreSQL: sessions, XIDs, and queries that bypass our own code.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "participants/odbc/driver.h"
#include "participants/sql/row_count.h"
#include "participants/sql/session.h"
#include "tests/support/servers.h"
#include "tests/support/temp.h"

namespace assent::odbc {

inline sql::ResourceOptions OptionsFor(int port, const std::string& database = "postgres") {
  sql::ResourceOptions options;
  options.name = "pc_game";
  options.driver = "odbc";
  options.dialect = "postgresql";
  options.dsn = "Driver=PostgreSQL Unicode;Server=127.0.0.1;Port=" + std::to_string(port) +
                ";Database=" + database;
  options.user = "postgres";
  options.lock_timeout_ms = 2'000;
  return options;
}

inline xa::Statement Sql(std::string text, std::vector<xa::Value> parameters = {},
                         std::optional<uint64_t> expect_rows = {}) {
  return {std::move(text), std::move(parameters), expect_rows};
}

// A new XID with each call, of this test program's own coordinator.
inline xa::Xid NewXid() {
  static uint64_t sequence = 0;
  return {core::Gtrid::Make("ODBCTEST", 1, "abc", ++sequence), 1};
}

class PostgreSqlTest : public testing::Test {
 protected:
  void SetUp() override {
    Psql("DROP TABLE IF EXISTS account; CREATE TABLE account (id int PRIMARY KEY, gold bigint)");
    Psql("INSERT INTO account VALUES (1, 100), (2, 200)");
  }
  void TearDown() override {
    for (const auto& row : Psql("SELECT gid FROM pg_prepared_xacts WHERE database = 'postgres'")) {
      Psql("ROLLBACK PREPARED '" + row[0] + "'");
    }
  }

  static test::Server& Server() { return test::SharedPostgreSql(); }
  // Through psql, independent of the code under test.
  static test::Rows Psql(const std::string& statement) {
    auto rows = test::Sql(Server(), statement);
    EXPECT_TRUE(rows) << statement << ": " << rows.error().message;
    return rows ? *rows : test::Rows{};
  }
  static std::string One(const std::string& statement) {
    const test::Rows rows = Psql(statement);
    return rows.empty() || rows[0].empty() ? "(none)" : rows[0][0];
  }
  static std::string Prepared(const xa::Xid& xid) {
    return One("SELECT count(*) FROM pg_prepared_xacts WHERE gid = '" + xid.ToPostgreSql() + "'");
  }
  static std::string Gold(int id) {
    return One("SELECT gold FROM account WHERE id = " + std::to_string(id));
  }

  static std::unique_ptr<sql::Driver> MakeDriver(
      const sql::ResourceOptions& options = OptionsFor(Server().port())) {
    auto driver = MakeOdbcDriver(options);
    EXPECT_TRUE(driver) << driver.error().message;
    return driver ? std::move(*driver) : nullptr;
  }
  static std::unique_ptr<sql::Session> ConnectWith(sql::Driver& driver) {
    auto session = driver.Connect();
    EXPECT_TRUE(session) << session.error().message;
    return session ? std::move(*session) : nullptr;
  }
  // A session of the driver that all tests of the program share.
  static std::unique_ptr<sql::Session> Connect() {
    static const std::unique_ptr<sql::Driver> driver = MakeDriver();
    return ConnectWith(*driver);
  }

  static void Begin(sql::Session& session, const xa::Xid& xid, xa::BranchOptions options = {}) {
    const sql::VerbResult begun = session.Begin(xid, options, false);
    ASSERT_EQ(begun.code, xa::Code::kOk) << begun.failure.detail;
  }
  static void MustRun(sql::Session& session, const xa::Statement& statement) {
    const sql::RunResult ran = session.Run(statement);
    ASSERT_EQ(ran.verb.code, xa::Code::kOk) << statement.sql << ": " << ran.verb.failure.detail;
    const auto wrong = sql::CheckRowCount(statement, ran.result);
    EXPECT_FALSE(wrong) << statement.sql << ": " << wrong->detail;
  }
  static xa::Xid PrepareOne(sql::Session& session, bool witness = false) {
    const xa::Xid xid = NewXid();
    EXPECT_EQ(session.Begin(xid, {}, witness).code, xa::Code::kOk);
    MustRun(session, Sql("UPDATE account SET gold = gold + 1 WHERE id = 1"));
    EXPECT_EQ(session.Prepare(xid).code, xa::Code::kOk);
    return xid;
  }
};

}  // namespace assent::odbc
