// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <locale.h>
#include <signal.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "base/random.h"
#include "participants/odbc/testing.h"
#include "participants/sql/resource.h"
#include "participants/sql/testing.h"

namespace assent::odbc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;
using xa::Code;
using xa::Found;

class PgServer : public PostgreSqlTest {
 protected:
  void TearDown() override {
    PostgreSqlTest::TearDown();
    Psql("DROP TABLE IF EXISTS assent_witness");
  }
  static xa::Xid PrepareOne(sql::Session& session, bool witness = false) {
    const xa::Xid xid = NewXid();
    EXPECT_EQ(session.Begin(xid, {}, witness).code, Code::kOk);
    MustRun(session, Sql("UPDATE account SET gold = gold + 1 WHERE id = 1"));
    EXPECT_EQ(session.Prepare(xid).code, Code::kOk);
    return xid;
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

// psqlODBC reads the locale's name at each connect; any name but "C" is freed meanwhile by another
// thread that connects. (Seen to crash under ASan within a second.)
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

TEST_F(PgServer, WarnsWhereASilentServerWouldNotBeNoticed) {
  auto options = OptionsFor(Server().port());
  options.dsn = "Driver=PostgreSQL Unicode;Database=postgres;Protocol=7.4-2;Port=" +
                std::to_string(Server().port()) + ";Server=" + Server().socket();
  const auto driver = MakeDriver(options);
  const auto probe = ConnectWith(*driver)->ProbeServer();
  ASSERT_TRUE(probe) << probe.error().message;
  EXPECT_THAT(probe->warnings, ElementsAre(HasSubstr("7.4-0"), HasSubstr("silent")));
}

TEST_F(PgServer, InstallsTheWitnessTableOnce) {
  const auto session = Connect();
  const auto first = session->InstallWitness();
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_THAT(*first, HasSubstr("created"));
  EXPECT_THAT(*session->InstallWitness(), HasSubstr("already"));
  EXPECT_TRUE(session->ProbeServer()->witness);
}

TEST_F(PgServer, ProbesTheRightToUseTheWitnessTable) {
  const auto session = Connect();
  ASSERT_TRUE(session->InstallWitness());
  Psql("DROP ROLE IF EXISTS plain; CREATE ROLE plain LOGIN");
  auto options = OptionsFor(Server().port());
  options.user = "plain";
  const auto driver = MakeDriver(options);
  const auto probe = ConnectWith(*driver)->ProbeServer();
  ASSERT_TRUE(probe);
  EXPECT_FALSE(probe->witness);
  EXPECT_THAT(probe->warnings, ElementsAre(HasSubstr("GRANT SELECT, INSERT, DELETE")));
}

// Trap 1: what "unknown XID" meant is told by the row that the branch itself wrote.
TEST_F(PgServer, TellsByTheWitnessWhatBecameOfABranch) {
  const auto session = Connect();
  ASSERT_TRUE(session->InstallWitness());
  const xa::Xid committed = PrepareOne(*session, true);
  EXPECT_EQ(session->Commit(committed).code, Code::kOk);
  const xa::Xid undone = PrepareOne(*session, true);
  EXPECT_EQ(session->RollBackPrepared(undone).code, Code::kOk);

  EXPECT_EQ(session->SettleWitness(committed), Found::kWitnessCommitted);
  EXPECT_EQ(session->SettleWitness(undone), Found::kWitnessRolledBack);
  EXPECT_EQ(session->SettleWitness(undone), Found::kWitnessRolledBack);  // our own mark
  // Settled: a branch of that XID can never commit any more.
  EXPECT_EQ(session->Begin(undone, {}, true).code, Code::kRbIntegrity);
  EXPECT_EQ(One("SELECT string_agg(mark, '' ORDER BY mark) FROM assent_witness"), "CR");

  EXPECT_TRUE(session->PurgeWitness({committed, undone}));
  EXPECT_EQ(One("SELECT count(*) FROM assent_witness"), "0");
  EXPECT_TRUE(session->PurgeWitness({}));
}

// A mere read would say "not there", and the commit would make it appear later.
TEST_F(PgServer, DoesNotSettleWhileTheBranchStillStands) {
  const auto session = Connect();
  ASSERT_TRUE(session->InstallWitness());
  const xa::Xid xid = PrepareOne(*session, true);
  EXPECT_EQ(session->SettleWitness(xid), Found::kUnknown);
  EXPECT_EQ(session->Commit(xid).code, Code::kOk);
  EXPECT_EQ(session->SettleWitness(xid), Found::kWitnessCommitted);
  // The short lock time-out was for that transaction only.
  Begin(*session, NewXid());
  const sql::RunAnswer ran = session->Run(Sql("SHOW lock_timeout"));
  EXPECT_EQ(std::get<std::string>(ran.result.rows[0][0]), "2s");
}

TEST_F(PgServer, PurgesManyWitnessRows) {
  const auto session = Connect();
  ASSERT_TRUE(session->InstallWitness());
  std::vector<xa::Xid> xids;
  for (int i = 0; i < 1201; ++i) xids.push_back(NewXid());
  for (const size_t kept : {size_t{0}, size_t{500}, size_t{1200}}) {
    EXPECT_EQ(session->SettleWitness(xids[kept]), Found::kWitnessRolledBack);
  }
  EXPECT_TRUE(session->PurgeWitness(xids));
  EXPECT_EQ(One("SELECT count(*) FROM assent_witness"), "0");
}

// By it an old copy of a log directory is recognised.
TEST_F(PgServer, ScanFindsTheWitnessRowOfALaterStartAndNoOther) {
  const auto xid_of = [](const char* coordinator, uint32_t incarnation, const char* nonce) {
    return xa::Xid{core::Gtrid::Make(coordinator, incarnation, nonce, 7), 1};
  };
  const core::Gtrid own = xid_of("SCANNING", 2, "nnn").gtrid;
  const auto insert = [](const xa::Xid& xid) {
    Psql("INSERT INTO assent_witness VALUES ('" + xid.gtrid_text() + "-" + xid.bqual_text() +
         "', 'C', now())");
  };
  auto options = OptionsFor(Server().port());
  sql::TestDriver db(sql::MakeSqlResource(options, MakeDriver(options), SystemRandom()));
  ASSERT_TRUE(db.sink().WaitHealth(xa::Health::kUp));
  EXPECT_FALSE(db.Scan(own).newer_witness) << "there is no table";
  ASSERT_TRUE(db.Install().has_value());
  for (const xa::Xid& xid : {xid_of("SCANNING", 1, "zzz"), xid_of("SCANNING", 2, "nnn"),
                             xid_of("AAAAAAAA", 9, "nnn"), xid_of("SCANNINH", 9, "nnn")}) {
    insert(xid);
  }
  EXPECT_FALSE(db.Scan(own).newer_witness);
  for (const xa::Xid& xid : {xid_of("SCANNING", 2, "nnm"), xid_of("SCANNING", 2, "nno"),
                             xid_of("SCANNING", 2, "\xff\xff\xff"), xid_of("SCANNING", 3, "aaa"),
                             xid_of("SCANNING", 0xffffffff, "nnn")}) {
    insert(xid);
    EXPECT_EQ(db.Scan(own).newer_witness, xid);
    Psql("DELETE FROM assent_witness WHERE xid LIKE '" + xid.gtrid_text() + "%'");
  }
  Psql("DROP TABLE assent_witness");
  EXPECT_FALSE(db.Scan(own).complete) << "a look that failed is none";
  EXPECT_TRUE(test::Eventually(std::chrono::seconds(30), [&] { return db.Scan(own).complete; }));
}

// An earlier process has left rows of what had ended and of what had not, and, for a while, a
// session that might still carry a branch out: as long, marks that forbid that stay.
TEST_F(PgServer, PurgesWhatEarlierIncarnationsHaveLeft) {
  const auto xid_of = [](const char* coordinator, uint32_t incarnation, uint64_t sequence) {
    return xa::Xid{core::Gtrid::Make(coordinator, incarnation, "abc", sequence), 1};
  };
  const auto key = [](const xa::Xid& xid) { return xid.gtrid_text() + "-" + xid.bqual_text(); };
  const auto left = [&](const xa::Xid& xid) {
    return One("SELECT count(*) FROM assent_witness WHERE xid = '" + key(xid) + "'") == "1";
  };
  const auto restart = [] {
    auto options = OptionsFor(Server().port());
    auto db = std::make_unique<sql::TestDriver>(
        sql::MakeSqlResource(options, MakeDriver(options), SystemRandom()));
    EXPECT_TRUE(db->sink().WaitHealth(xa::Health::kUp));
    return db;
  };
  const xa::Xid ended = xid_of("PURGEOLD", 1, 1), forbidden = xid_of("PURGEOLD", 1, 2);
  const xa::Xid unfinished = xid_of("PURGEOLD", 1, 3), running = xid_of("PURGEOLD", 2, 1);
  const xa::Xid others = xid_of("PURGEOTH", 1, 1);
  auto old = Connect();
  ASSERT_TRUE(old->InstallWitness());
  ASSERT_EQ(old->SettleWitness(forbidden), Found::kWitnessRolledBack);
  for (const xa::Xid& xid : {ended, unfinished, running, others}) {
    Psql("INSERT INTO assent_witness VALUES ('" + key(xid) + "', 'C', now())");
  }
  {
    const auto db = restart();
    db->rm().PurgeWitnessesOf("PURGEOLD", 2, {unfinished});
    EXPECT_TRUE(test::Eventually(std::chrono::seconds(30), [&] { return !left(ended); }));
    EXPECT_TRUE(left(forbidden));
  }
  old.reset();
  ASSERT_TRUE(test::Eventually(std::chrono::seconds(30), [] {
    return One("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'assent/%'") ==
           "0";
  }));
  const auto db = restart();
  db->rm().PurgeWitnessesOf("PURGEOLD", 2, {unfinished});
  EXPECT_TRUE(test::Eventually(std::chrono::seconds(30), [&] { return !left(forbidden); }));
  EXPECT_TRUE(left(unfinished));
  EXPECT_TRUE(left(running));
  EXPECT_TRUE(left(others));
}

TEST_F(PgServer, KeepsAReadOnlyVoteOutOfTheWitness) {
  const auto session = Connect();
  ASSERT_TRUE(session->InstallWitness());
  const xa::Xid xid = NewXid();
  ASSERT_EQ(session->Begin(xid, {xa::Isolation::kReadCommitted, true}, true).code, Code::kOk);
  MustRun(*session, Sql("SELECT 1"));
  EXPECT_EQ(session->Prepare(xid).code, Code::kReadOnly);
  EXPECT_EQ(One("SELECT count(*) FROM assent_witness"), "0");
}

// Nothing of one client's transaction may show in the next one's.
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
  const sql::RunAnswer ran = session->Run(
      Sql("SELECT current_setting('search_path'), current_setting('lock_timeout'), "
          "current_user::text, current_setting('application_name'), current_setting('DateStyle')"));
  ASSERT_EQ(ran.answer.code, Code::kOk);
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
  const sql::RunAnswer ran =
      session->Run(Sql("SELECT count(*)::int, to_regclass('scratch') IS NULL FROM "
                       "pg_listening_channels()"));
  ASSERT_EQ(ran.answer.code, Code::kOk);
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
  // Trap 12: the id is used again by another session.
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

class PgLogin : public PostgreSqlTest {
 protected:
  static constexpr const char* kPassword = "p;w{d}=%41'\"\\ $é";

  void SetUp() override {
    PostgreSqlTest::SetUp();
    Psql("DROP ROLE IF EXISTS secret; CREATE ROLE secret LOGIN PASSWORD 'p;w{d}=%41''\"\\ $é'");
    const std::string path = Server().directory() + "/data/pg_hba.conf";
    hba_ = test::ReadFile(path);
    std::ofstream(path) << "host all secret 127.0.0.1/32 scram-sha-256\n" << hba_;
    Psql("SELECT pg_reload_conf()");
    options_ = OptionsFor(Server().port());
    options_.user = "secret";
  }
  void TearDown() override {
    std::ofstream(Server().directory() + "/data/pg_hba.conf") << hba_;
    Psql("SELECT pg_reload_conf()");
  }
  // The reload is asynchronous: at first any password may still do.
  void UntilPasswordsCount() {
    auto wrong = options_;
    wrong.password = "wrong";
    wrong.password_file = "";
    const auto driver = MakeDriver(wrong);
    ASSERT_TRUE(test::Eventually(std::chrono::seconds(10), [&] {
      const auto session = driver->Connect();
      return !session && session.error().code == ErrorCode::kDenied;
    }));
  }

  std::string hba_;
  sql::ResourceOptions options_;
};

TEST_F(PgLogin, TakesAPasswordOfAnyCharacters) {
  UntilPasswordsCount();
  options_.password = kPassword;
  EXPECT_TRUE(MakeDriver(options_)->Connect());
}

TEST_F(PgLogin, NeverRepeatsThePassword) {
  UntilPasswordsCount();
  options_.password = "quite-wrong";
  const auto session = MakeDriver(options_)->Connect();
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().code, ErrorCode::kDenied);
  EXPECT_THAT(session.error().message, Not(HasSubstr("quite-wrong")));
}

TEST_F(PgLogin, ReadsThePasswordFileAtEachConnect) {
  UntilPasswordsCount();
  const test::TempDirectory directory;
  options_.password_file = directory.File("password");
  const auto driver = MakeDriver(options_);
  EXPECT_EQ(driver->Connect().error().code, ErrorCode::kUnavailable);
  std::ofstream(options_.password_file) << "old";
  EXPECT_EQ(driver->Connect().error().code, ErrorCode::kDenied);
  std::ofstream(options_.password_file) << kPassword << "\n";
  EXPECT_TRUE(driver->Connect());
}

// Trap 14: a branch that another user prepared cannot be finished, for ever.
TEST_F(PgLogin, MayNotFinishAnotherUsersBranch) {
  UntilPasswordsCount();
  options_.password = kPassword;
  const auto owner = Connect();
  const xa::Xid xid = NewXid();
  Begin(*owner, xid);
  MustRun(*owner, Sql("UPDATE account SET gold = 0"));
  ASSERT_EQ(owner->Prepare(xid).code, Code::kOk);
  const auto driver = MakeDriver(options_);
  const sql::Answer answer = ConnectWith(*driver)->Commit(xid);
  EXPECT_EQ(answer.code, Code::kErRmErr);
  EXPECT_EQ(answer.failure.sqlstate, "42501");
  EXPECT_EQ(Prepared(xid), "1");
}

}  // namespace
}  // namespace assent::odbc
