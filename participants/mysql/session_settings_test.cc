// SPDX-License-Identifier: Apache-2.0
// A session's settings on a MariaDB whose configuration differs from them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "participants/mysql/testing.h"

namespace assent::mysql {
namespace {

using core::Operation;
using core::Reason;
using sql::NewXid;
using xa::Code;

constexpr char kCafe[] = "caf\xc3\xa9";
constexpr char kCafeHex[] = "636166C3A9";

class SessionSettings : public OnServer {
 protected:
  xa::Xid Opened(sql::TestDriver& db) {
    const xa::Xid xid = NewXid();
    EXPECT_EQ(db.Do(Operation::kOpen, xid).code, Code::kOk);
    return xid;
  }
  // The first value of the first row.
  std::string Text(sql::TestDriver& db, const xa::Xid& xid, const std::string& sql,
                   std::vector<xa::Value> values = {}) {
    const auto ran = db.Run(xid, sql, std::move(values));
    EXPECT_EQ(ran.code, Code::kOk) << ran.failure.detail;
    if (ran.results.empty() || ran.results[0].rows.empty()) return "nothing";
    const auto* text = std::get_if<std::string>(&ran.results[0].rows[0].at(0));
    return text == nullptr ? "no text" : *text;
  }
};

// The server ignores the character set that clients request when they connect.
class IgnoredHandshake : public SessionSettings {
 protected:
  void SetUp() override {
    Result<std::unique_ptr<test::Server>> started = test::Server::Start(
        test::ServerKind::kMariaDb,
        {.settings = {"character-set-server=latin1", "character-set-client-handshake=0",
                      "init-connect=SET NAMES latin1, autocommit = 0, max_error_count = 0"}});
    ASSERT_TRUE(started.has_value()) << started.error().message;
    own_ = std::move(*started);
    server_ = own_.get();
    database_ = "settings_test";
    Root("CREATE DATABASE " + database_);
    Root("CREATE TABLE account (id INT PRIMARY KEY, amount BIGINT NOT NULL)", database_);
    Root(
        "CREATE TABLE t (id INT PRIMARY KEY, u VARCHAR(9) CHARACTER SET utf8mb4, "
        "l VARCHAR(9) CHARACTER SET latin1)",
        database_);
    // init_connect does not run for users with all privileges.
    Root("CREATE USER plain@'%' IDENTIFIED BY 'plain'");
    Root("GRANT ALL ON " + database_ + ".* TO plain@'%'");
  }
  void TearDown() override {}

  sql::ResourceOptions Of(const std::string& user) {
    sql::ResourceOptions options = Options();
    options.user = options.password = user;
    options.pool = 1;
    return options;
  }

  std::unique_ptr<test::Server> own_;
};

TEST_F(IgnoredHandshake, StoresTextAsItWasGiven) {
  int id = 0;
  for (const std::string user : {"assent", "plain"}) {
    auto db = Open(Of(user));
    for (const std::string& text : {std::string(kCafe), std::string(kCafe) + "\\"}) {
      const xa::Xid xid = Opened(*db);
      const std::string key = std::to_string(++id);
      const auto ran = db->Run(xid, "INSERT INTO t VALUES (?, ?, ?)", {int64_t{id}, text, text}, 1);
      ASSERT_EQ(ran.code, Code::kOk) << ran.failure.detail;
      EXPECT_EQ(Text(*db, xid, "SELECT l FROM t WHERE u = ?", {text}), text);
      ASSERT_EQ(db->Do(Operation::kCommitOnePhase, xid).code, Code::kOk);
      const std::string tail = text == kCafe ? "" : "5C";
      EXPECT_EQ(One("SELECT HEX(u) FROM t WHERE id = " + key), kCafeHex + tail) << user;
      EXPECT_EQ(One("SELECT HEX(l) FROM t WHERE id = " + key), "636166E9" + tail) << user;
    }
  }
}

TEST_F(IgnoredHandshake, LeavesNoSettingToInitConnect) {
  auto db = Open(Of("plain"));
  for (const char* between : {"SELECT 1", "SELECT GET_LOCK('replaces the session', 0)"}) {
    const xa::Xid xid = Opened(*db);
    EXPECT_EQ(Text(*db, xid,
                   "SELECT CONCAT_WS(' ', @@character_set_client, @@character_set_connection, "
                   "@@character_set_results, @@autocommit, @@tx_isolation, @@max_error_count)"),
              "utf8mb4 utf8mb4 utf8mb4 ON READ-COMMITTED 65535");
    ASSERT_EQ(db->Run(xid, between).code, Code::kOk);
    EXPECT_EQ(db->RollBackActive(xid).code, Code::kOk);
  }
}

// The server's own settings stay as the database's code expects them.
TEST_F(SessionSettings, KeepTheServersSqlModeAndTimeZone) {
  const std::string mode = One("SELECT @@global.sql_mode");
  Root("SET GLOBAL sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES', time_zone = '+03:00'");
  {
    auto db = Open();
    const xa::Xid xid = Opened(*db);
    EXPECT_EQ(Text(*db, xid,
                   "SELECT CONCAT_WS(' ', @@sql_mode, @@time_zone, 'a\\', \"id\", ?) "
                   "FROM \"account\" WHERE \"id\" = 1",
                   {std::string("it's \\")}),
              "ANSI_QUOTES,NO_BACKSLASH_ESCAPES +03:00 a\\ 1 it's \\");
    EXPECT_EQ(db->RollBackActive(xid).code, Code::kOk);
  }
  Root("SET GLOBAL sql_mode = '" + mode + "', time_zone = 'SYSTEM'");
}

// A client sent a text and gets a text, even if the server would read its literal as NULL.
TEST_F(SessionSettings, ThatReadAnEmptyLiteralAsNullLeaveAnEmptyParameterAText) {
  if (!IsMariaDb()) GTEST_SKIP() << "MySQL has no mode EMPTY_STRING_IS_NULL";
  const std::string before = Root("SELECT @@GLOBAL.sql_mode").at(0).at(0);
  Root("SET GLOBAL sql_mode = 'EMPTY_STRING_IS_NULL'");
  {
    auto db = Open();
    const xa::Xid xid = Opened(*db);
    EXPECT_EQ(Text(*db, xid, "SELECT ?", {std::string()}), "");
    EXPECT_EQ(Text(*db, xid, "SELECT IF(? IS NULL, 'null', 'text')", {std::string()}), "text");
    EXPECT_EQ(db->RollBackActive(xid).code, Code::kOk);
  }
  Root("SET GLOBAL sql_mode = '" + before + "'");
}

TEST_F(SessionSettings, ThatMisreadALiteralAreNamedWhereItIsRefused) {
  const std::string mode = One("SELECT @@global.sql_mode");
  const struct {
    const char* mode;
    const char* sql;
  } cases[] = {{"NO_BACKSLASH_ESCAPES", R"(SELECT 'it\'s')"},
               {"NO_BACKSLASH_ESCAPES", R"(SELECT 'it\'s \'so\'')"},
               {"ANSI_QUOTES", R"(SELECT "it is", id FROM account)"}};
  for (const auto& it : cases) {
    Root("SET GLOBAL sql_mode = '" + std::string(it.mode) + "'");
    auto db = Open();
    const xa::Xid xid = Opened(*db);
    const auto ran = db->Run(xid, it.sql);
    EXPECT_EQ(ran.code, Code::kRbOther) << it.sql;
    EXPECT_THAT(ran.failure.detail, ::testing::HasSubstr(std::string("sql_mode has ") + it.mode));
    EXPECT_EQ(db->RollBackActive(xid).code, Code::kOk);
  }
  Root("SET GLOBAL sql_mode = '" + mode + "'");
}

// What a procedure sets does not garble the text of the branch's later statements.
TEST_F(SessionSettings, OfAProcedureDoNotGarbleTheNextStatement) {
  Root("SET GLOBAL sql_mode = ''");
  RootWhole(
      "CREATE PROCEDURE set_all() BEGIN SET NAMES latin1; SET character_set_results = latin1; "
      "SET SESSION max_error_count = 0; SET sql_mode = 'NO_BACKSLASH_ESCAPES'; END");
  Root("CREATE TABLE t (id INT PRIMARY KEY, u VARCHAR(9) CHARACTER SET utf8mb4, n INT)", database_);
  auto db = Open();
  const xa::Xid xid = Opened(*db);
  ASSERT_EQ(db->Run(xid, "CALL set_all()").code, Code::kOk);
  ASSERT_EQ(db->Run(xid, "INSERT INTO t VALUES (1, ?, 1)", {std::string(kCafe)}, 1).code,
            Code::kOk);
  EXPECT_EQ(Text(*db, xid, "SELECT u FROM t WHERE id = 1 AND 'a\\'' = ?", {std::string("a'")}),
            kCafe);
  ASSERT_EQ(db->Run(xid, "CALL set_all()").code, Code::kOk);
  EXPECT_EQ(db->Run(xid, "INSERT INTO t VALUES (2, '', 99999999999)").failure.reason,
            Reason::kValueChanged);
  EXPECT_EQ(db->RollBackActive(xid).code, Code::kOk);
  Root("SET GLOBAL sql_mode = DEFAULT");
}

// On MySQL, an account without the privilege cannot undo what the definer of a procedure has set.
TEST_F(SessionSettings, OfWarningsThatAnAccountMayNotSetAreReckonedWith) {
  Root("SET GLOBAL sql_mode = ''");
  RootWhole("CREATE PROCEDURE hide() BEGIN SET SESSION max_error_count = 0; END");
  Root("CREATE USER IF NOT EXISTS limited@'%' IDENTIFIED BY 'limited'");
  Root("GRANT ALL ON " + database_ + ".* TO limited@'%'");
  Root("CREATE TABLE t (id INT PRIMARY KEY, n INT)", database_);
  MakeNumbers();
  sql::ResourceOptions options = Options();
  options.user = options.password = "limited";
  {
    auto db = Open(options);
    const xa::Xid xid = Opened(*db);
    EXPECT_EQ(db->Run(xid, "INSERT INTO t VALUES (1, 1)").code, Code::kOk);
    ASSERT_EQ(db->Run(xid, "CALL hide()").code, Code::kOk);
    EXPECT_EQ(db->Run(xid, "INSERT INTO t VALUES (2, 99999999999)").failure.reason,
              Reason::kValueChanged);
    EXPECT_EQ(db->RollBackActive(xid).code, Code::kOk);
    // 2,000 warnings about duplicates: MySQL keeps 1,024 of them.
    const xa::Xid many = Opened(*db);
    const auto ran =
        db->Run(many, "INSERT IGNORE INTO account SELECT 1, 5 FROM number, digit WHERE d < 2");
    EXPECT_EQ(ran.code, IsMariaDb() ? Code::kOk : Code::kRbOther);
    if (!IsMariaDb()) {
      EXPECT_THAT(ran.failure.detail, ::testing::HasSubstr("(1024, max_error_count)"));
    }
    EXPECT_EQ(db->RollBackActive(many).code, Code::kOk);
  }
  Root("SET GLOBAL sql_mode = DEFAULT");
}

// Otherwise the same statement would mean one thing on one connection and another on the next.
TEST_F(SessionSettings, FollowTheServersWhenTheyChange) {
  sql::ResourceOptions options = Options();
  options.pool = 1;
  auto db = Open(options);
  const auto hours = [&] {
    const xa::Xid xid = Opened(*db);
    const std::string text =
        Text(*db, xid, "SELECT CONCAT(TIMESTAMPDIFF(HOUR, UTC_TIMESTAMP(), NOW()))");
    EXPECT_EQ(db->RollBackActive(xid).code, Code::kOk);
    return text;
  };
  Root("SET GLOBAL time_zone = '+04:00'");
  EXPECT_TRUE(test::Eventually(std::chrono::milliseconds(30'000), [&] {
    (void)db->Scan();
    return hours() == "4";
  }));
  Root("SET GLOBAL time_zone = '+05:00'");
  EXPECT_TRUE(test::Eventually(std::chrono::milliseconds(30'000), [&] {
    (void)db->Scan();
    return hours() == "5";
  }));
  Root("SET GLOBAL time_zone = 'SYSTEM'");
}

}  // namespace
}  // namespace assent::mysql
