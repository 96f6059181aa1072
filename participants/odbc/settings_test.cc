// SPDX-License-Identifier: Apache-2.0
// A session's settings decide how its client's text is stored and read; they must hold in each of
// its branches.
#include <gmock/gmock.h>
#include <stdlib.h>

#include "participants/odbc/testing.h"

namespace assent::odbc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using xa::Code;

class Settings : public PostgreSqlTest {
 protected:
  // As an operator's shell may set them: libpq would send them after our own settings.
  static void SetUpTestSuite() {
    Psql("SELECT 1");  // the server itself starts without them
    setenv("PGCLIENTENCODING", "LATIN1", 1);
    setenv("PGDATESTYLE", "German", 1);
  }
  void SetUp() override {
    PostgreSqlTest::SetUp();
    Psql("DROP DATABASE IF EXISTS latin");
    Psql("DROP ROLE IF EXISTS odd; CREATE ROLE odd LOGIN SUPERUSER");
  }
  static sql::ResourceOptions As(const std::string& user, const std::string& database) {
    auto options = OptionsFor(Server().port(), database);
    options.user = user;
    return options;
  }
  // Five branches on one connection, as with a pool of one.
  static void InsertFive(const sql::ResourceOptions& options) {
    const auto driver = MakeDriver(options);
    const auto session = ConnectWith(*driver);
    for (int i = 0; i < 5; ++i) {
      const xa::Xid xid = NewXid();
      Begin(*session, xid);
      MustRun(*session, Sql("INSERT INTO words VALUES (?)", {std::string("café")}, 1));
      ASSERT_EQ(session->Prepare(xid).code, Code::kOk);
      ASSERT_EQ(session->Commit(xid).code, Code::kOk);
      ASSERT_TRUE(session->Reset());
    }
  }
  static std::string Stored(const std::string& database) {
    const auto rows = test::Sql(
        Server(),
        "SELECT string_agg(DISTINCT encode(convert_to(word,'LATIN1'),'hex'),' '), count(*) "
        "FROM words",
        database);
    EXPECT_TRUE(rows);
    return rows ? rows->at(0).at(0) + " " + rows->at(0).at(1) : "";
  }
};

TEST_F(Settings, KeepACharacterTheSameInEachBranchOfALatin1Database) {
  Psql("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'");
  ASSERT_TRUE(test::Sql(Server(), "CREATE TABLE words (word text)", "latin"));
  InsertFive(As("postgres", "latin"));
  EXPECT_EQ(Stored("latin"), "636166e9 5");

  const auto driver = MakeDriver(As("postgres", "latin"));
  const auto session = ConnectWith(*driver);
  const xa::Xid xid = NewXid();
  Begin(*session, xid);
  const sql::RunResult ran = session->Run(Sql("INSERT INTO words VALUES (?)", {std::string("漢")}));
  EXPECT_EQ(ran.verb.code, Code::kRbOther) << "the database cannot store it";
  EXPECT_EQ(ran.verb.failure.sqlstate, "22P05");
  EXPECT_EQ(session->Prepare(xid).code, Code::kRbOther);
}

TEST_F(Settings, OfTheRoleDoNotChangeWhatIsStored) {
  Psql("DROP TABLE IF EXISTS words; CREATE TABLE words (word text)");
  Psql("ALTER ROLE odd SET client_encoding = 'LATIN1'");
  InsertFive(As("odd", "postgres"));
  EXPECT_EQ(Stored("postgres"), "636166e9 5");
}

TEST_F(Settings, OfTheRoleDoNotChangeWhatIsReadBack) {
  for (const char* setting :
       {"DateStyle = 'German'", "IntervalStyle = 'iso_8601'", "bytea_output = 'escape'",
        "extra_float_digits = 0", "standard_conforming_strings = off", "lock_timeout = '1h'"}) {
    Psql(std::string("ALTER ROLE odd SET ") + setting);
  }
  const auto driver = MakeDriver(As("odd", "postgres"));
  const auto session = ConnectWith(*driver);
  for (int i = 0; i < 2; ++i) {
    const xa::Xid xid = NewXid();
    Begin(*session, xid);
    const sql::RunResult ran = session->Run(
        Sql("SELECT '2026-01-31'::date, '1 day'::interval, '\\x00ff'::bytea, 0.1::float8 + "
            "0.2::float8, '\\', current_setting('lock_timeout')"));
    ASSERT_EQ(ran.verb.code, Code::kOk) << ran.verb.failure.detail;
    EXPECT_THAT(ran.result.rows[0], ElementsAre(std::string("2026-01-31"), std::string("1 day"),
                                                xa::Bytes{std::string("\0\xff", 2)}, 0.1 + 0.2,
                                                std::string("\\"), std::string("2s")))
        << i;
    ASSERT_EQ(session->CommitOnePhase(xid).code, Code::kOk);
    ASSERT_TRUE(session->Reset());
  }
}

// The time zone is the server's own, but a branch never runs under another time zone than its
// session had at the connect.
TEST_F(Settings, ThatChangeUnderASessionEndIt) {
  const auto session = Connect();
  Psql("ALTER SYSTEM SET TimeZone = 'Asia/Tokyo'");
  Psql("SELECT pg_reload_conf()");
  sql::VerbResult begun;
  EXPECT_TRUE(test::Eventually(std::chrono::seconds(30), [&] {
    const xa::Xid xid = NewXid();
    begun = session->Begin(xid, {}, false);
    if (begun.code != Code::kOk) return true;
    EXPECT_EQ(session->RollBackActive(xid).code, Code::kOk);
    return false;
  }));
  Psql("ALTER SYSTEM RESET TimeZone");
  Psql("SELECT pg_reload_conf()");
  EXPECT_EQ(begun.code, Code::kRbTransient);
  EXPECT_TRUE(begun.failure.may_retry);
  EXPECT_THAT(begun.failure.detail, HasSubstr("settings"));
  EXPECT_FALSE(session->alive()) << "the resource connects a new session";
  EXPECT_EQ(One("SELECT count(*) FROM account"), "2");
}

}  // namespace
}  // namespace assent::odbc
