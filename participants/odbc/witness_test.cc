// SPDX-License-Identifier: Apache-2.0
// The witness table on a real PostgreSQL: what its rows prove, and when they are removed.
#include <gmock/gmock.h>

#include "base/random.h"
#include "participants/odbc/testing.h"
#include "participants/sql/resource.h"
#include "participants/sql/testing.h"

namespace assent::odbc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using xa::Code;
using xa::Found;

class Witness : public PostgreSqlTest {
 protected:
  void TearDown() override {
    PostgreSqlTest::TearDown();
    Psql("DROP TABLE IF EXISTS assent_witness");
  }
};

TEST_F(Witness, InstallsTheWitnessTableOnce) {
  const auto session = Connect();
  const auto first = session->InstallWitness();
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_THAT(*first, HasSubstr("created"));
  EXPECT_THAT(*session->InstallWitness(), HasSubstr("already"));
  EXPECT_TRUE(session->ProbeServer()->witness);
}

TEST_F(Witness, ProbesTheRightToUseTheWitnessTable) {
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

// Trap 1: the row that the branch itself wrote shows what "unknown XID" meant.
TEST_F(Witness, FindsABranchsOutcomeByItsWitness) {
  const auto session = Connect();
  ASSERT_TRUE(session->InstallWitness());
  const xa::Xid committed = PrepareOne(*session, true);
  EXPECT_EQ(session->Commit(committed).code, Code::kOk);
  const xa::Xid undone = PrepareOne(*session, true);
  EXPECT_EQ(session->RollBackPrepared(undone).code, Code::kOk);

  EXPECT_EQ(session->SettleWitness(committed), Found::kWitnessCommitted);
  EXPECT_EQ(session->SettleWitness(undone), Found::kWitnessRolledBack);
  EXPECT_EQ(session->SettleWitness(undone), Found::kWitnessRolledBack);  // our own mark
  // Settled: a branch with that XID can never commit.
  EXPECT_EQ(session->Begin(undone, {}, true).code, Code::kRbIntegrity);
  EXPECT_EQ(One("SELECT string_agg(mark, '' ORDER BY mark) FROM assent_witness"), "CR");

  EXPECT_TRUE(session->PurgeWitness({committed, undone}));
  EXPECT_EQ(One("SELECT count(*) FROM assent_witness"), "0");
  EXPECT_TRUE(session->PurgeWitness({}));
}

// A mere read would find no row, and the commit would make it appear later.
TEST_F(Witness, DoesNotSettleWhileTheBranchStillExists) {
  const auto session = Connect();
  ASSERT_TRUE(session->InstallWitness());
  const xa::Xid xid = PrepareOne(*session, true);
  EXPECT_EQ(session->SettleWitness(xid), Found::kUnknown);
  EXPECT_EQ(session->Commit(xid).code, Code::kOk);
  EXPECT_EQ(session->SettleWitness(xid), Found::kWitnessCommitted);
  // The short lock timeout was for that transaction only.
  Begin(*session, NewXid());
  const sql::RunResult ran = session->Run(Sql("SHOW lock_timeout"));
  EXPECT_EQ(std::get<std::string>(ran.result.rows[0][0]), "2s");
}

TEST_F(Witness, PurgesManyWitnessRows) {
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

// This is how an old copy of a log directory is recognized.
TEST_F(Witness, ScanFindsTheWitnessRowOfALaterStartAndNoOther) {
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
  EXPECT_FALSE(db.Scan(own).complete) << "a failed read is not a complete scan";
  EXPECT_TRUE(test::Eventually(std::chrono::seconds(30), [&] { return db.Scan(own).complete; }));
}

// An earlier process has left rows of ended and of unfinished branches and, for a while, a session
// that might still execute a branch. Until it is gone, marks that forbid that stay.
TEST_F(Witness, PurgesWhatEarlierIncarnationsHaveLeft) {
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

TEST_F(Witness, KeepsAReadOnlyVoteOutOfTheWitness) {
  const auto session = Connect();
  ASSERT_TRUE(session->InstallWitness());
  const xa::Xid xid = NewXid();
  ASSERT_EQ(session->Begin(xid, {xa::Isolation::kReadCommitted, true}, true).code, Code::kOk);
  MustRun(*session, Sql("SELECT 1"));
  EXPECT_EQ(session->Prepare(xid).code, Code::kReadOnly);
  EXPECT_EQ(One("SELECT count(*) FROM assent_witness"), "0");
}

}  // namespace
}  // namespace assent::odbc
