// SPDX-License-Identifier: Apache-2.0
// What a session reads from its server and does to other sessions, on a real PostgreSQL.
#include <gmock/gmock.h>
#include <locale.h>
#include <signal.h>

#include <atomic>
#include <thread>

#include "participants/odbc/testing.h"

namespace assent::odbc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using xa::Code;

class PgServer : public PostgreSqlTest {
 protected:
  void TearDown() override {
    PostgreSqlTest::TearDown();
    Psql("DROP TABLE IF EXISTS assent_witness");
  }
};

TEST_F(PgServer, ListsOurBranchesAndCountsForeignOnes) {
  const auto session = Connect();
  const xa::Xid xid = PrepareOne(*session);
  Psql("BEGIN; INSERT INTO account VALUES (7, 7); PREPARE TRANSACTION 'somebody''s own'");
  const std::string near = xid.ToPostgreSql() + "0";
  Psql("BEGIN; INSERT INTO account VALUES (8, 8); PREPARE TRANSACTION '" + near + "'");
  const auto scan = session->List();
  ASSERT_TRUE(scan);
  EXPECT_TRUE(scan->complete);
  EXPECT_FALSE(scan->standby);
  ASSERT_EQ(scan->listed.size(), 1u);
  EXPECT_EQ(scan->listed[0].xid, xid);
  EXPECT_EQ(scan->listed[0].owner_hint, "postgres");
  EXPECT_EQ(scan->foreign, 2u);
  EXPECT_EQ(scan->stamp.identity, session->stamp().identity);
  EXPECT_EQ(scan->stamp.started_at, session->stamp().started_at);
  EXPECT_GT(scan->stamp.position, session->stamp().position) << "the server's log has grown";
  Psql("ROLLBACK PREPARED 'somebody''s own'");
  EXPECT_EQ(session->Commit(xid).code, Code::kOk);
}

// Trap 13: the list shows the whole cluster.
TEST_F(PgServer, ListsOnlyItsOwnDatabase) {
  Psql("DROP DATABASE IF EXISTS neighbour");
  Psql("CREATE DATABASE neighbour");
  const auto driver = MakeDriver(OptionsFor(Server().port(), "neighbour"));
  const auto neighbour = ConnectWith(*driver);
  const xa::Xid xid = NewXid();
  Begin(*neighbour, xid);
  MustRun(*neighbour, Sql("CREATE TABLE t AS SELECT 1 AS a"));
  ASSERT_EQ(neighbour->Prepare(xid).code, Code::kOk);
  const auto session = Connect();
  const auto here = session->List();
  ASSERT_TRUE(here);
  EXPECT_THAT(here->listed, IsEmpty());
  EXPECT_EQ(here->foreign, 0u);
  EXPECT_NE(session->stamp().identity, neighbour->stamp().identity);
  EXPECT_EQ(session->Commit(xid).code, Code::kErRmErr);  // of another database
  EXPECT_EQ(neighbour->List()->listed.size(), 1u);
  EXPECT_EQ(neighbour->RollBackPrepared(xid).code, Code::kOk);
}

TEST_F(PgServer, HasAStampOfSystemTimelineAndDatabase) {
  const auto session = Connect();
  const std::string system = One("SELECT system_identifier FROM pg_control_system()");
  EXPECT_THAT(session->stamp().identity, StartsWith("postgresql/" + system + "/1/"));
  EXPECT_THAT(session->stamp().identity, HasSubstr("/postgres"));
  EXPECT_EQ(session->stamp().started_at,
            One("SELECT (extract(epoch from pg_postmaster_start_time())*1000000)::bigint"));
}

TEST_F(PgServer, HasAStampForAUserWhoMayNotReadTheControlFile) {
  Psql("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC");
  Psql("DROP ROLE IF EXISTS plain; CREATE ROLE plain LOGIN");
  auto options = OptionsFor(Server().port());
  options.user = "plain";
  const auto driver = MakeDriver(options);
  const auto session = ConnectWith(*driver);
  EXPECT_THAT(session->stamp().identity, StartsWith("postgresql/127.0.0.1:"));
  EXPECT_TRUE(session->List());
  EXPECT_TRUE(session->ProbeServer());
  Psql("GRANT EXECUTE ON FUNCTION pg_control_system() TO PUBLIC");
}

// psqlODBC reads the locale's name at each connect, while another thread that connects frees any
// name but "C". (Seen to crash under ASan within a second.)
TEST_F(PgServer, ConnectsInManyThreadsAtOnce) {
  const auto driver = MakeDriver(OptionsFor(Server().port()));
  EXPECT_STREQ(setlocale(LC_CTYPE, ""), "C");
  std::vector<std::thread> threads;
  std::atomic<int> connected = 0;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 10; ++k) connected += driver->Connect().has_value();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(connected, 160);
}

TEST_F(PgServer, IsFoundHealthy) {
  const auto session = Connect();
  const auto probe = session->ProbeServer();
  ASSERT_TRUE(probe) << probe.error().message;
  EXPECT_THAT(probe->server_version, StartsWith("15"));
  EXPECT_EQ(probe->dialect, "postgresql");
  EXPECT_TRUE(probe->keeps_prepared);
  EXPECT_TRUE(probe->detaches_on_prepare);
  EXPECT_FALSE(probe->standby);
  EXPECT_FALSE(probe->witness);
  EXPECT_THAT(probe->warnings, IsEmpty());
  EXPECT_EQ(probe->stamp, session->stamp());
}

TEST_F(PgServer, WarnsIfAnUnresponsiveServerWouldNotBeDetected) {
  auto options = OptionsFor(Server().port());
  options.dsn = "Driver=PostgreSQL Unicode;Database=postgres;Protocol=7.4-2;Port=" +
                std::to_string(Server().port()) + ";Server=" + Server().socket();
  const auto driver = MakeDriver(options);
  const auto probe = ConnectWith(*driver)->ProbeServer();
  ASSERT_TRUE(probe) << probe.error().message;
  EXPECT_THAT(probe->warnings, ElementsAre(HasSubstr("7.4-0"), HasSubstr("unresponsive")));
}

// No trace of one client's transaction may show in the next one's.
TEST_F(PgServer, ResetsWhatASessionWasLeftWith) {
  const auto session = Connect();
  const xa::Xid xid = NewXid();
  Begin(*session, xid);
  MustRun(*session, Sql("SELECT set_config('search_path', 'elsewhere', false), "
                        "set_config('lock_timeout', '1', false), "
                        "set_config('DateStyle', 'ISO, DMY', false), pg_advisory_lock(4711)"));
  ASSERT_EQ(session->CommitOnePhase(xid).code, Code::kOk);
  ASSERT_TRUE(session->Reset());
  EXPECT_EQ(One("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"), "0");
  Begin(*session, NewXid());
  const sql::RunResult ran = session->Run(
      Sql("SELECT current_setting('search_path'), current_setting('lock_timeout'), "
          "current_user::text, current_setting('application_name'), current_setting('DateStyle')"));
  ASSERT_EQ(ran.verb.code, Code::kOk);
  EXPECT_THAT(
      ran.result.rows[0],
      ElementsAre(std::string("\"$user\", public"), std::string("2s"), std::string("postgres"),
                  std::string("assent/pc_game"), std::string("ISO, MDY")));
}

TEST_F(PgServer, ResetsTemporaryTablesAndListening) {
  const auto session = Connect();
  const xa::Xid xid = NewXid();
  Begin(*session, xid);
  MustRun(*session, Sql("CREATE TEMP TABLE scratch AS SELECT 1 AS a"));
  MustRun(*session, Sql("LISTEN channel"));
  ASSERT_EQ(session->CommitOnePhase(xid).code, Code::kOk);
  ASSERT_TRUE(session->Reset());
  Begin(*session, NewXid());
  const sql::RunResult ran =
      session->Run(Sql("SELECT count(*)::int, to_regclass('scratch') IS NULL FROM "
                       "pg_listening_channels()"));
  ASSERT_EQ(ran.verb.code, Code::kOk);
  EXPECT_THAT(ran.result.rows[0], ElementsAre(int64_t{0}, true));
}

TEST_F(PgServer, DoesNotResetASessionThatHoldsABranch) {
  const auto session = Connect();
  Begin(*session, NewXid());
  EXPECT_FALSE(session->Reset());
}

TEST_F(PgServer, EndsAnotherSessionOnlyWhileItIsOurs) {
  const auto killer = Connect();
  const auto victim = Connect();
  const sql::SessionId id = victim->id();
  EXPECT_FALSE(*killer->IsGone(id));
  // Trap 12: another session reuses the id.
  const sql::SessionId reused{id.id, id.started + "1"};
  EXPECT_TRUE(*killer->IsGone(reused));
  for (const auto& acted : {killer->EndSession(reused), killer->CancelStatement(reused)}) {
    ASSERT_FALSE(acted);
    EXPECT_EQ(acted.error().code, ErrorCode::kNotFound);
  }
  auto options = OptionsFor(Server().port());
  options.name = "other_game";  // another application_name: not ours to end
  const auto driver = MakeDriver(options);
  EXPECT_EQ(ConnectWith(*driver)->EndSession(id).error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(victim->ProbeServer());

  EXPECT_TRUE(killer->EndSession(id));
  EXPECT_TRUE(test::Eventually(std::chrono::seconds(10), [&] { return *killer->IsGone(id); }));
  EXPECT_FALSE(victim->List());
  EXPECT_FALSE(victim->alive());
}

}  // namespace
}  // namespace assent::odbc
