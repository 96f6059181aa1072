// SPDX-License-Identifier: Apache-2.0
// The witness table on a real MariaDB: what its rows prove, and when they are removed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "participants/mysql/testing.h"
#include "tests/support/temp.h"

namespace assent::mysql {
namespace {

using core::Operation;
using sql::NewXid;
using xa::Code;
using xa::Found;

class Witness : public OnServer {};

TEST_F(Witness, DistinguishesCommittedFromRolledBack) {
  auto db = Open();
  const Result<std::string> installed = db->Install();
  ASSERT_TRUE(installed.has_value()) << installed.error().message;
  EXPECT_TRUE(db->rm().Status().witness);
  EXPECT_TRUE(db->Install().has_value());  // idempotent

  const xa::Xid committed = Prepared(*db);
  EXPECT_EQ(db->Do(Operation::kCommit, committed).code, Code::kOk);
  const auto found = db->Find(committed, true);
  EXPECT_EQ(found.found, Found::kWitnessCommitted);
  EXPECT_NE(found.stamp.identity, "");

  const xa::Xid undone = Prepared(*db);
  EXPECT_EQ(db->Do(Operation::kRollBack, undone).code, Code::kOk);
  EXPECT_EQ(db->Find(undone, false).found, Found::kNotListed);
  EXPECT_EQ(db->Find(undone, true).found, Found::kWitnessRolledBack);
  EXPECT_EQ(db->Find(undone, true).found, Found::kWitnessRolledBack);  // our own mark
  // The row of the start (S) is there too if a scan has come in between.
  EXPECT_EQ(One("SELECT GROUP_CONCAT(mark ORDER BY mark) FROM assent_witness WHERE mark <> 'S'"),
            "C,I,R");
}

// Installing refines the server's identity; it does not make it another server.
TEST_F(Witness, TableMakesTheIdentityMoreExact) {
  if (!IsMariaDb()) GTEST_SKIP() << "MySQL has an identity of its own, server_uuid";
  auto db = Open();
  const std::string before = db->Scan().stamp.identity;
  ASSERT_TRUE(db->Install().has_value());
  const std::string after = db->Scan().stamp.identity;
  EXPECT_NE(after, before);
  EXPECT_EQ(xa::Compare(before, after), xa::Likeness::kSame) << before << " " << after;
  Root("DROP TABLE assent_witness", database_);
  ASSERT_TRUE(db->Install().has_value());
  EXPECT_EQ(xa::Compare(after, db->Scan().stamp.identity), xa::Likeness::kOther);
  EXPECT_EQ(xa::Compare(before, db->Scan().stamp.identity), xa::Likeness::kSame);
}

// The mark is inserted, not only read: a branch that still exists blocks it.
TEST_F(Witness, ThatIsBlockedIsInconclusive) {
  auto db = Open();
  ASSERT_TRUE(db->Install().has_value());
  const xa::Xid xid = Opened(*db);
  ASSERT_EQ(db->Run(xid, "UPDATE account SET amount = 0").code, Code::kOk);
  EXPECT_EQ(db->Find(xid, true).found, Found::kUnknown);
  EXPECT_EQ(db->Do(Operation::kCommitOnePhase, xid).code, Code::kOk);
  EXPECT_EQ(db->Find(xid, true).found, Found::kWitnessCommitted);
}

// A mark prevents the branch from beginning, and so from committing, later.
TEST_F(Witness, MarkForbidsALaterCommit) {
  auto db = Open();
  ASSERT_TRUE(db->Install().has_value());
  const xa::Xid xid = NewXid();
  EXPECT_EQ(db->Find(xid, true).found, Found::kWitnessRolledBack);
  ASSERT_EQ(db->Do(Operation::kOpen, xid).code, Code::kOk);
  EXPECT_TRUE(xa::IsRollBack(db->Run(xid, "UPDATE account SET amount = 0").code));
  EXPECT_EQ(db->RollBackActive(xid).code, Code::kOk);
  EXPECT_EQ(Amount(1), "100");
}

// A branch older than the table has no row: its absence proves nothing.
TEST_F(Witness, ProvesNothingForBranchesOlderThanTheTable) {
  auto db = Open();
  const xa::Xid old = Prepared(*db);
  ASSERT_TRUE(db->Install().has_value());
  EXPECT_EQ(db->Do(Operation::kCommit, old).code, Code::kOk);
  EXPECT_EQ(db->Find(old, true).found, Found::kNotListed);
  const xa::Xid young = Prepared(*db);
  EXPECT_EQ(db->Do(Operation::kCommit, young).code, Code::kOk);
  EXPECT_EQ(db->Find(young, true).found, Found::kWitnessCommitted);
}

TEST_F(Witness, PurgeDeletesOnlyTheGivenRows) {
  Result<std::unique_ptr<sql::Session>> session = MakeMySqlDriver(Options())->Connect();
  ASSERT_TRUE(session.has_value()) << session.error().message;
  ASSERT_TRUE((*session)->InstallWitness().has_value());
  const xa::Xid ended = NewXid(), other = NewXid();
  EXPECT_EQ((*session)->SettleWitness(ended), Found::kWitnessRolledBack);
  EXPECT_EQ((*session)->SettleWitness(other), Found::kWitnessRolledBack);
  EXPECT_TRUE((*session)->PurgeWitness({ended}));
  EXPECT_EQ(One("SELECT GROUP_CONCAT(xid) FROM assent_witness WHERE mark = 'R'"),
            other.gtrid_text() + other.bqual_text());
}

xa::Xid XidOf(const char* coordinator, uint32_t incarnation, uint64_t sequence) {
  return {core::Gtrid::Make(coordinator, incarnation, "abc", sequence), 1};
}

// An earlier process has left rows of ended and of unfinished branches and, for a while, a session
// that might still execute a branch. Until it is gone, marks that forbid that stay.
TEST_F(Witness, PurgeAfterARestartDeletesRowsOfEarlierIncarnations) {
  const auto key = [](const xa::Xid& xid) { return xid.gtrid_text() + xid.bqual_text(); };
  const xa::Xid ended = XidOf("PURGEOLD", 1, 1), forbidden = XidOf("PURGEOLD", 1, 2);
  const xa::Xid unfinished = XidOf("PURGEOLD", 1, 3), running = XidOf("PURGEOLD", 2, 1);
  const xa::Xid others = XidOf("PURGEOTH", 1, 1);
  Result<std::unique_ptr<sql::Session>> old = MakeMySqlDriver(Options())->Connect();
  ASSERT_TRUE(old.has_value()) << old.error().message;
  ASSERT_TRUE((*old)->InstallWitness().has_value());
  ASSERT_EQ((*old)->SettleWitness(forbidden), Found::kWitnessRolledBack);
  for (const xa::Xid& xid : {ended, unfinished, running, others}) {
    Root("INSERT INTO assent_witness (xid, mark) VALUES ('" + key(xid) + "', 'C')", database_);
  }
  const auto left = [&](const xa::Xid& xid) {
    return One("SELECT COUNT(*) FROM assent_witness WHERE xid = '" + key(xid) + "'") == "1";
  };
  {
    auto db = Open();
    ASSERT_TRUE(db->sink().WaitHealth(xa::Health::kUp));
    db->rm().PurgeWitnessesOf("PURGEOLD", 2, {unfinished});
    EXPECT_TRUE(test::Eventually(std::chrono::seconds(30), [&] { return !left(ended); }));
    EXPECT_TRUE(left(forbidden));
  }
  old->reset();
  ASSERT_TRUE(test::Eventually(std::chrono::seconds(30), [&] {
    return One("SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'assent'") == "0";
  }));
  auto db = Open();
  ASSERT_TRUE(db->sink().WaitHealth(xa::Health::kUp));
  db->rm().PurgeWitnessesOf("PURGEOLD", 2, {unfinished});
  EXPECT_TRUE(test::Eventually(std::chrono::seconds(30), [&] { return !left(forbidden); }));
  EXPECT_TRUE(left(unfinished));
  EXPECT_TRUE(left(running));
  EXPECT_TRUE(left(others));
  EXPECT_EQ(One("SELECT COUNT(*) FROM assent_witness WHERE mark = 'I'"), "1");
}

TEST_F(Witness, PurgeAfterARestartDeletesMoreThanOneBatch) {
  Result<std::unique_ptr<sql::Session>> session = MakeMySqlDriver(Options())->Connect();
  ASSERT_TRUE(session.has_value()) << session.error().message;
  ASSERT_TRUE((*session)->InstallWitness().has_value());
  std::string rows;
  for (uint64_t i = 0; i < 1'200; ++i) {
    const xa::Xid xid = XidOf("PURGEOLD", 1, i);
    rows += (rows.empty() ? "('" : ",('") + xid.gtrid_text() + xid.bqual_text() + "','C')";
  }
  Root("INSERT INTO assent_witness (xid, mark) VALUES " + rows, database_);
  auto db = Open();
  ASSERT_TRUE(db->sink().WaitHealth(xa::Health::kUp));
  db->rm().PurgeWitnessesOf("PURGEOLD", 2, {XidOf("PURGEOLD", 1, 700)});
  EXPECT_TRUE(test::Eventually(std::chrono::seconds(30), [&] {
    return One("SELECT COUNT(*) FROM assent_witness WHERE mark = 'C'") == "1";
  }));
}

// This is how an old copy of a log directory is recognized.
TEST_F(Witness, ScanFindsTheWitnessRowOfALaterStartAndNoOther) {
  const auto xid_of = [](const char* coordinator, uint32_t incarnation, const char* nonce) {
    return xa::Xid{core::Gtrid::Make(coordinator, incarnation, nonce, 7), 1};
  };
  const core::Gtrid own = xid_of("SCANNING", 2, "nnn").gtrid;
  const auto insert = [&](const xa::Xid& xid) {
    Root("INSERT INTO assent_witness (xid, mark) VALUES ('" + xid.gtrid_text() + xid.bqual_text() +
             "', 'C')",
         database_);
  };
  auto db = Open();
  EXPECT_FALSE(db->Scan(own).newer_witness) << "there is no table";
  ASSERT_TRUE(db->Install().has_value());
  for (const xa::Xid& xid : {xid_of("SCANNING", 1, "zzz"), xid_of("SCANNING", 2, "nnn"),
                             xid_of("AAAAAAAA", 9, "nnn"), xid_of("SCANNINH", 9, "nnn")}) {
    insert(xid);
  }
  EXPECT_FALSE(db->Scan(own).newer_witness);
  for (const xa::Xid& xid : {xid_of("SCANNING", 2, "nnm"), xid_of("SCANNING", 2, "nno"),
                             xid_of("SCANNING", 2, "\xff\xff\xff"), xid_of("SCANNING", 3, "aaa"),
                             xid_of("SCANNING", 0xffffffff, "nnn")}) {
    insert(xid);
    EXPECT_EQ(db->Scan(own).newer_witness, xid);
    Root("DELETE FROM assent_witness WHERE xid LIKE '" + xid.gtrid_text() + "%'", database_);
  }
}

}  // namespace
}  // namespace assent::mysql
