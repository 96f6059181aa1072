// SPDX-License-Identifier: Apache-2.0
// For tests: a separate database on the shared MariaDB or MySQL, and resources over it.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>

#include "base/random.h"
#include "participants/mysql/driver.h"
#include "participants/sql/resource.h"
#include "participants/sql/testing.h"
#include "tests/support/servers.h"

namespace assent::mysql {

class OnServer : public ::testing::Test {
 protected:
  void SetUp() override {
    server_ = &test::SharedMySql();
    static std::atomic<int> number{0};
    database_ = "branch_test_" + std::to_string(++number);
    Root("CREATE DATABASE " + database_);
    Root("CREATE TABLE account (id INT PRIMARY KEY, amount BIGINT NOT NULL)", database_);
    Root("INSERT INTO account VALUES (1, 100), (2, 100)", database_);
  }
  void TearDown() override {
    if (!server_->Running()) (void)server_->Restart();
    // Branches that a failed test has left prepared would lock the tables.
    for (const auto& row : Root("XA RECOVER")) {
      const std::string gtrid = row[3].substr(0, std::stoul(row[1]));
      Root("XA ROLLBACK '" + gtrid + "','" + row[3].substr(gtrid.size()) + "'," + row[0]);
    }
    Root("DROP DATABASE " + database_);
  }

  // For a statement that contains semicolons.
  void RootWhole(const std::string& sql) { Root("DELIMITER //\n" + sql + "//", database_); }

  test::Rows Root(const std::string& sql, const std::string& database = "") {
    Result<test::Rows> rows = test::Sql(server(), sql, database);
    EXPECT_TRUE(rows.has_value()) << (rows ? "" : rows.error().message);
    return rows ? std::move(*rows) : test::Rows{};
  }
  std::string One(const std::string& sql) {
    const test::Rows rows = Root(sql, database_);
    return rows.empty() || rows[0].empty() ? "nothing" : rows[0][0];
  }
  // How many statements wait for a row lock. (innodb_trx shows an old state to a reader that polls
  // it more often than every 100 ms.)
  std::string WaitingForRows() { return Status("Innodb_row_lock_current_waits"); }
  std::string Status(const std::string& name) {
    const std::string schema = IsMariaDb() ? "information_schema" : "performance_schema";
    return One("SELECT variable_value FROM " + schema + ".global_status WHERE variable_name = '" +
               name + "'");
  }
  // Makes a table of the numbers from 0 to 999.
  void MakeNumbers() {
    Root(
        "CREATE TABLE digit (d INT); INSERT INTO digit VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),"
        "(9); CREATE TABLE number (seq INT PRIMARY KEY); INSERT INTO number "
        "SELECT a.d + 10 * b.d + 100 * c.d FROM digit a, digit b, digit c",
        database_);
  }
  std::string Amount(int id) {
    return One("SELECT amount FROM account WHERE id = " + std::to_string(id));
  }

  sql::ResourceOptions Options() {
    sql::ResourceOptions options;
    options.name = "mobile_game";
    options.driver = "mysql";
    options.url = "tcp://127.0.0.1:" + std::to_string(server().port()) + "/" + database_;
    options.user = "assent";
    options.password = "assent";
    options.pool = 4;
    options.connect_timeout_ms = 2'000;
    options.call_timeout_ms = 10'000;
    options.lock_timeout_ms = 10'000;
    return options;
  }
  std::unique_ptr<sql::TestDriver> Open(const sql::ResourceOptions& options) {
    return std::make_unique<sql::TestDriver>(
        sql::MakeSqlResource(options, MakeMySqlDriver(options), SystemRandom()));
  }
  std::unique_ptr<sql::TestDriver> Open() { return Open(Options()); }

  // A prepared branch that took `amount` from account 1.
  xa::Xid Prepared(sql::TestDriver& db, int amount = 30) {
    const xa::Xid xid = sql::NewXid();
    EXPECT_EQ(db.Do(core::Operation::kOpen, xid).code, xa::Code::kOk);
    EXPECT_EQ(
        db.Run(xid, "UPDATE account SET amount = amount - ? WHERE id = 1", {int64_t{amount}}, 1)
            .code,
        xa::Code::kOk);
    EXPECT_EQ(db.Do(core::Operation::kPrepare, xid).code, xa::Code::kOk);
    return xid;
  }
  xa::Xid Opened(sql::TestDriver& db, xa::BranchOptions options = {}) {
    const xa::Xid xid = sql::NewXid();
    EXPECT_EQ(db.Do(core::Operation::kOpen, xid, options).code, xa::Code::kOk);
    return xid;
  }

  test::Server& server() { return *server_; }
  static bool IsMariaDb() { return test::MySqlKind() == test::ServerKind::kMariaDb; }

  test::Server* server_ = nullptr;
  std::string database_;
};

}  // namespace assent::mysql
