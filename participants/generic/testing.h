// SPDX-License-Identifier: Apache-2.0
// For the tests on a real SQLite file: sessions, XIDs, and queries that bypass our own sessions.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "participants/generic/driver.h"
#include "participants/generic/witness.h"
#include "participants/odbc/handle.h"
#include "participants/sql/session.h"
#include "participants/sql/testing.h"
#include "tests/support/temp.h"

namespace assent::generic {

inline constexpr xa::BranchOptions kLast = {.last_resource = true};

inline xa::Statement Sql(std::string text, std::vector<xa::Value> parameters = {}) {
  return {std::move(text), std::move(parameters), {}};
}

using Rows = std::vector<std::vector<std::string>>;

// Another program's connection to a SQLite file.
class Raw {
 public:
  explicit Raw(const std::string& file) {
    auto environment = odbc::OdbcEnvironment::Make();
    CHECK(environment.has_value());
    auto opened = odbc::OdbcHandle::Open(*environment,
                                         "Driver=SQLite3;Timeout=1;Database=" + file + ";", 5000);
    CHECK(opened.has_value()) << opened.error().message;
    handle_ = std::move(*opened);
    handle_->Use(odbc::ValueRules::kTypedWide);
  }
  odbc::OdbcResult Try(const std::string& sql) { return handle_->Execute(sql); }
  Rows Query(const std::string& sql) {
    const odbc::OdbcResult result = Try(sql);
    EXPECT_TRUE(result.ok()) << sql << ": " << result.error.message;
    Rows rows;
    if (!result.ok()) return rows;
    for (const auto& row : result.results[0].rows) {
      auto& out = rows.emplace_back();
      for (const xa::Value& value : row) {
        const auto* text = std::get_if<std::string>(&value);
        out.push_back(text == nullptr ? "(no text)" : *text);
      }
    }
    return rows;
  }
  std::string One(const std::string& sql) {
    const Rows rows = Query(sql);
    return rows.empty() ? "(none)" : rows[0][0];
  }

 private:
  std::unique_ptr<odbc::OdbcHandle> handle_;
};

class SqliteTest : public testing::Test {
 protected:
  void SetUp() override {
    Create(file_);
    driver_ = MakeDriver(Options());
  }

  // A file with accounts 1 and 2, of 100 and 200 gold, and with the witness table.
  void Create(const std::string& file, bool install = true) {
    { std::ofstream empty(file, std::ios::app); }
    Raw raw(file);
    raw.Query("CREATE TABLE account (id INTEGER PRIMARY KEY, gold INTEGER)");
    raw.Query("INSERT INTO account VALUES (1, 100), (2, 200)");
    if (!install) return;
    auto driver = MakeDriver(OptionsFor(file));
    auto session = driver->Connect();
    ASSERT_TRUE(session) << session.error().message;
    ASSERT_TRUE((*session)->InstallWitness());
  }

  static sql::ResourceOptions OptionsFor(const std::string& file) {
    sql::ResourceOptions options;
    options.name = "till";
    options.driver = "odbc";
    options.dialect = "generic";
    options.dsn = "Driver=SQLite3;Database=" + file;
    options.lock_timeout_ms = 400;
    return options;
  }
  sql::ResourceOptions Options() const { return OptionsFor(file_); }
  static std::unique_ptr<sql::Driver> MakeDriver(const sql::ResourceOptions& options) {
    auto driver = MakeGenericDriver(options);
    CHECK(driver.has_value()) << driver.error().message;
    return std::move(*driver);
  }
  std::unique_ptr<sql::Session> Connect() {
    auto session = driver_->Connect();
    CHECK(session.has_value()) << session.error().message;
    return std::move(*session);
  }
  std::string Gold(int id) {
    return Raw(file_).One("SELECT gold FROM account WHERE id = " + std::to_string(id));
  }
  // The mark of the witness row of `xid`.
  std::string Mark(const xa::Xid& xid) {
    return Raw(file_).One("SELECT mark FROM assent_witness WHERE xid = '" + WitnessKey(xid) + "'");
  }

  static xa::Xid Begin(sql::Session& session) {
    const xa::Xid xid = sql::NewXid();
    const sql::VerbResult begun = session.Begin(xid, kLast, false);
    EXPECT_EQ(begun.code, xa::Code::kOk) << begun.failure.detail;
    return xid;
  }
  static xa::StatementResult MustRun(sql::Session& session, const xa::Statement& statement) {
    sql::RunResult ran = session.Run(statement);
    EXPECT_EQ(ran.verb.code, xa::Code::kOk) << statement.sql << ": " << ran.verb.failure.detail;
    return std::move(ran.result);
  }
  // A branch that has added 1 gold to account 1.
  static xa::Xid BeginWithWork(sql::Session& session) {
    const xa::Xid xid = Begin(session);
    MustRun(session, Sql("UPDATE account SET gold = gold + 1 WHERE id = 1"));
    return xid;
  }

  test::TempDirectory directory_;
  std::string file_ = directory_.File("till.db");
  std::unique_ptr<sql::Driver> driver_;
};

}  // namespace assent::generic
