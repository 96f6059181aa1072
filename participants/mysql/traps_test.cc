// SPDX-License-Identifier: Apache-2.0
// The traps of docs/databases.md that cost data, each on a real MariaDB.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "participants/mysql/testing.h"
#include "tests/support/process.h"
#include "tests/support/temp.h"

namespace assent::mysql {
namespace {

using core::Operation;
using core::Reason;
using sql::NewXid;
using xa::Code;
using xa::Found;

class Trap : public OnServer {};

// Trap 1: while the session that prepared is alive, MariaDB answers "unknown XID" to everybody
// else, although it lists the XID. MySQL detaches the branch from its session on prepare.
TEST_F(Trap, UnknownXidOfALiveOwnerIsFoundInTheList) {
  if (!IsMariaDb()) GTEST_SKIP() << "a prepared branch has no owner on MySQL";
  auto owner = Open(), other = Open();
  ASSERT_TRUE(other->sink().WaitHealth(xa::Health::kUp));
  const xa::Xid xid = Prepared(*owner);
  EXPECT_EQ(other->Do(Operation::kCommit, xid).code, Code::kErNota);
  EXPECT_EQ(other->Do(Operation::kRollBack, xid).code, Code::kErNota);
  EXPECT_EQ(other->Find(xid, true).found, Found::kListed);
  EXPECT_EQ(owner->Do(Operation::kCommit, xid).code, Code::kOk);
  EXPECT_EQ(Amount(1), "70");
  EXPECT_EQ(owner->Do(Operation::kCommit, xid).code, Code::kErNota);
  EXPECT_EQ(other->Find(xid, true).found, Found::kNotListed);
}

// Trap 5: on the server these errors undo only the statement; here they refuse the branch.
TEST_F(Trap, DuplicateKeyRefusesTheBranch) {
  auto db = Open();
  const xa::Xid xid = Opened(*db);
  ASSERT_EQ(db->Run(xid, "UPDATE account SET amount = 0 WHERE id = 2").code, Code::kOk);
  const auto ran = db->Run(xid, "INSERT INTO account VALUES (1, 1)");
  EXPECT_EQ(ran.code, Code::kRbOther);
  EXPECT_EQ(ran.failure.vendor_code, 1062);
  EXPECT_FALSE(ran.failure.may_retry);
  EXPECT_EQ(db->Do(Operation::kPrepare, xid).code, Code::kRbOther);
  EXPECT_FALSE(db->Lists(xid));
  EXPECT_EQ(Amount(2), "100");
}

TEST_F(Trap, LockWaitTimeoutRefusesTheBranchAndMayBeTriedAgain) {
  sql::ResourceOptions options = Options();
  options.lock_timeout_ms = 1'000;
  auto db = Open(options);
  const xa::Xid holder = Opened(*db), waiter = Opened(*db);
  ASSERT_EQ(db->Run(holder, "UPDATE account SET amount = 1 WHERE id = 1").code, Code::kOk);
  ASSERT_EQ(db->Run(waiter, "UPDATE account SET amount = 2 WHERE id = 2").code, Code::kOk);
  const auto ran = db->Run(waiter, "UPDATE account SET amount = 2 WHERE id = 1");
  EXPECT_TRUE(xa::IsRollBack(ran.code));
  EXPECT_EQ(ran.failure.reason, Reason::kLockTimeout);
  EXPECT_TRUE(ran.failure.may_retry);
  EXPECT_EQ(db->RollBackActive(waiter).code, Code::kOk);
  EXPECT_EQ(db->Do(Operation::kCommitOnePhase, holder).code, Code::kOk);
  EXPECT_EQ(Amount(1), "1");
  EXPECT_EQ(Amount(2), "100");
}

TEST_F(Trap, DeadlockRefusesOneBranchAndMayBeTriedAgain) {
  auto db = Open();
  const xa::Xid a = Opened(*db), b = Opened(*db);
  ASSERT_EQ(db->Run(a, "UPDATE account SET amount = 1 WHERE id = 1").code, Code::kOk);
  ASSERT_EQ(db->Run(b, "UPDATE account SET amount = 2 WHERE id = 2").code, Code::kOk);
  const uint64_t first = db->PostRun(a, {{"UPDATE account SET amount = 1 WHERE id = 2", {}, {}}});
  const uint64_t second = db->PostRun(b, {{"UPDATE account SET amount = 2 WHERE id = 1", {}, {}}});
  const auto of_a = db->Wait(first), of_b = db->Wait(second);
  ASSERT_NE(of_a.code == Code::kOk, of_b.code == Code::kOk);
  const auto& victim = of_a.code == Code::kOk ? of_b : of_a;
  const auto& winner = of_a.code == Code::kOk ? of_a : of_b;
  EXPECT_EQ(victim.code, Code::kRbDeadlock);
  EXPECT_EQ(victim.failure.reason, Reason::kDeadlock);
  EXPECT_TRUE(victim.failure.may_retry);
  EXPECT_EQ(db->RollBackActive(victim.xid).code, Code::kOk);
  EXPECT_EQ(db->Do(Operation::kPrepare, winner.xid).code, Code::kOk);
  EXPECT_EQ(db->Do(Operation::kCommit, winner.xid).code, Code::kOk);
  EXPECT_EQ(Amount(1), Amount(2));
}

// Trap 6. MySQL ends prepared branches while it is read-only, but is no server to judge a list of.
TEST_F(Trap, ReadOnlyServerPreparesAndCommitsLater) {
  Root("CREATE USER IF NOT EXISTS plain@'%' IDENTIFIED BY 'plain'");
  if (!IsMariaDb()) Root("GRANT XA_RECOVER_ADMIN ON *.* TO plain@'%'");
  Root("GRANT SELECT, INSERT, UPDATE, DELETE ON " + database_ + ".* TO plain@'%'");
  sql::ResourceOptions options = Options();
  options.user = options.password = "plain";
  auto db = Open(options);
  const xa::Xid committed = Opened(*db), undone = Opened(*db);
  ASSERT_EQ(db->Run(committed, "UPDATE account SET amount = 1 WHERE id = 1").code, Code::kOk);
  ASSERT_EQ(db->Run(undone, "UPDATE account SET amount = 1 WHERE id = 2").code, Code::kOk);
  ASSERT_EQ(db->Do(Operation::kPrepare, undone).code, Code::kOk);
  Root("SET GLOBAL read_only = 1");
  EXPECT_EQ(db->Do(Operation::kPrepare, committed).code, Code::kOk);
  if (IsMariaDb()) {
    const auto refused = db->Do(Operation::kCommit, committed);
    EXPECT_EQ(refused.code, Code::kErRmFail);
    EXPECT_EQ(refused.failure.vendor_code, 1290);
    EXPECT_EQ(db->Do(Operation::kRollBack, undone).code, Code::kErRmFail);
  }
  const xa::ScanResult scan = db->Scan();
  EXPECT_TRUE(scan.standby);
  Root("SET GLOBAL read_only = 0");
  EXPECT_FALSE(db->Scan().standby);
  EXPECT_EQ(db->Do(Operation::kCommit, committed).code, Code::kOk);
  EXPECT_EQ(db->Do(Operation::kRollBack, undone).code, Code::kOk);
  EXPECT_EQ(Amount(1), "1");
  EXPECT_EQ(Amount(2), "100");
}

TEST_F(Trap, GlobalReadLockDelaysTheCommit) {
  sql::ResourceOptions options = Options();
  options.lock_timeout_ms = 1'000;
  auto db = Open(options);
  const xa::Xid xid = Prepared(*db);
  auto lock = test::Process::Start({"mariadb", "--no-defaults", "--host=127.0.0.1",
                                    "--port=" + std::to_string(server().port()), "--user=root",
                                    "--execute=FLUSH TABLES WITH READ LOCK; SELECT SLEEP(300)"});
  ASSERT_TRUE(lock.has_value()) << lock.error().message;
  ASSERT_TRUE(test::Eventually(std::chrono::milliseconds(30'000), [&] {
    return One("SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE "
               "'SELECT SLEEP(300)%'") == "1";
  }));
  const auto refused = db->Do(Operation::kCommit, xid);
  EXPECT_EQ(refused.code, Code::kErRmFail);
  EXPECT_EQ(refused.failure.vendor_code, 1205);
  for (const auto& row : Root("SELECT id FROM information_schema.processlist WHERE info LIKE "
                              "'SELECT SLEEP(300)%'")) {
    Root("KILL " + row.at(0));
  }
  EXPECT_TRUE(test::Eventually(std::chrono::milliseconds(30'000),
                               [&] { return db->Do(Operation::kCommit, xid).code == Code::kOk; }));
  EXPECT_EQ(Amount(1), "70");
}

// Trap 7: constant format id and lengths, printable bytes.
TEST_F(Trap, ListsXidsOfConstantShape) {
  auto db = Open();
  const xa::Xid xid = Prepared(*db);
  const test::Rows rows = Root("XA RECOVER");
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_THAT(rows[0],
              ::testing::ElementsAre("1095978580", "40", "8", xid.gtrid_text() + xid.bqual_text()));
  EXPECT_EQ(db->Do(Operation::kRollBack, xid).code, Code::kOk);
}

// Trap 8: the results of a procedure do not break the connection.
TEST_F(Trap, SeveralResultsOfACallLeaveTheBranchWhole) {
  RootWhole(
      "CREATE PROCEDURE two() BEGIN SELECT 1 AS a; UPDATE account SET amount = 5 WHERE id = 1; "
      "SELECT 2 AS b UNION SELECT 3; END");
  auto db = Open();
  const xa::Xid xid = Opened(*db);
  const auto ran = db->Run(xid, "CALL two()");
  ASSERT_EQ(ran.code, Code::kOk) << ran.failure.detail;
  ASSERT_EQ(ran.results.size(), 2u);
  EXPECT_THAT(ran.results.at(0).columns, ::testing::ElementsAre("a"));
  EXPECT_THAT(ran.results.at(1).columns, ::testing::ElementsAre("b"));
  EXPECT_EQ(db->Run(xid, "SELECT 1").code, Code::kOk);
  EXPECT_EQ(db->Do(Operation::kPrepare, xid).code, Code::kOk);
  EXPECT_EQ(db->Do(Operation::kCommit, xid).code, Code::kOk);
  EXPECT_EQ(Amount(1), "5");
}

// Trap 9.
TEST_F(Trap, TransactionControlIsRefusedBeforeAndOnTheServer) {
  auto db = Open();
  EXPECT_FALSE(db->rm().Check("COMMIT"));
  EXPECT_FALSE(db->rm().Check("UPDATE account SET amount = 0; COMMIT"));
  EXPECT_TRUE(db->rm().Check("UPDATE account SET amount = 0"));
  RootWhole("CREATE PROCEDURE escape() BEGIN UPDATE account SET amount = 0; COMMIT; END");
  for (const char* sql : {"COMMIT", "CALL escape()"}) {
    const xa::Xid xid = Opened(*db);
    ASSERT_EQ(db->Run(xid, "UPDATE account SET amount = 1 WHERE id = 1").code, Code::kOk);
    EXPECT_EQ(db->Run(xid, sql).code, Code::kRbOther) << sql;
    EXPECT_EQ(db->RollBackActive(xid).code, Code::kOk);
    EXPECT_EQ(Amount(1), "100") << sql;
  }
}

TEST_F(Trap, ProcedureThatEndsTheBranchIsNoticed) {
  auto db = Open();
  const xa::Xid xid = NewXid();
  RootWhole("CREATE PROCEDURE leave_branch() BEGIN XA END " + xid.ToMySql() + "; XA COMMIT " +
            xid.ToMySql() + " ONE PHASE; END");
  ASSERT_EQ(db->Do(Operation::kOpen, xid).code, Code::kOk);
  ASSERT_EQ(db->Run(xid, "UPDATE account SET amount = 1 WHERE id = 1").code, Code::kOk);
  ASSERT_EQ(db->Run(xid, "CALL leave_branch()").code, Code::kOk);
  EXPECT_EQ(Amount(1), "1");  // committed behind our back
  const auto prepared = db->Do(Operation::kPrepare, xid);
  EXPECT_EQ(prepared.code, Code::kHeuristicHazard);
  EXPECT_EQ(prepared.failure.reason, Reason::kLeftBranch);
}

TEST_F(Trap, PreparedBranchWithoutAnOwnerIsFinishedByAnySession) {
  if (IsMariaDb()) GTEST_SKIP() << "a prepared branch belongs to its session on MariaDB";
  auto owner = Open(), other = Open();
  const xa::Xid committed = Prepared(*owner);
  EXPECT_EQ(other->Do(Operation::kCommit, committed).code, Code::kOk);
  EXPECT_EQ(Amount(1), "70");
  EXPECT_EQ(owner->Do(Operation::kCommit, committed).code, Code::kErNota);
  const xa::Xid undone = Prepared(*owner);
  EXPECT_EQ(other->Do(Operation::kRollBack, undone).code, Code::kOk);
  EXPECT_EQ(Amount(1), "70");
  EXPECT_EQ(owner->Find(undone, false).found, Found::kNotListed);
}

TEST_F(Trap, NothingOfABranchStaysInItsSession) {
  RootWhole(
      "CREATE FUNCTION touch_session() RETURNS INT BEGIN SET SESSION foreign_key_checks = 0; "
      "SET @left = 7; RETURN 1; END");
  sql::ResourceOptions options = Options();
  options.pool = 1;
  auto db = Open(options);
  for (const char* sql :
       {"SELECT GET_LOCK('assent_test', 1)", "SELECT @left := 7", "SELECT touch_session()"}) {
    const xa::Xid first = Opened(*db);
    ASSERT_EQ(db->Run(first, sql).code, Code::kOk) << sql;
    EXPECT_EQ(db->RollBackActive(first).code, Code::kOk);
    const xa::Xid second = Opened(*db);
    const auto seen =
        db->Run(second, "SELECT IS_USED_LOCK('assent_test'), @left, @@foreign_key_checks = 1");
    ASSERT_EQ(seen.code, Code::kOk) << seen.failure.detail;
    const auto& row = seen.results.at(0).rows.at(0);
    EXPECT_EQ(row.at(0), xa::Value(std::monostate{})) << sql;
    EXPECT_EQ(row.at(1), xa::Value(std::monostate{})) << sql;
    EXPECT_EQ(row.at(2), IsMariaDb() ? xa::Value(int64_t{1}) : xa::Value(std::string("1"))) << sql;
    EXPECT_EQ(db->RollBackActive(second).code, Code::kOk);
  }
}

TEST_F(Trap, TriggerThatTouchesTheSessionLeavesNothingEither) {
  Root("CREATE TRIGGER touch BEFORE UPDATE ON account FOR EACH ROW SET @left = 7", database_);
  sql::ResourceOptions options = Options();
  options.pool = 1;
  auto db = Open(options);
  const xa::Xid first = Opened(*db);
  ASSERT_EQ(db->Run(first, "UPDATE account SET amount = 1").code, Code::kOk);
  EXPECT_EQ(db->RollBackActive(first).code, Code::kOk);
  const xa::Xid second = Opened(*db);
  const auto seen = db->Run(second, "SELECT @left");
  ASSERT_EQ(seen.code, Code::kOk);
  EXPECT_EQ(seen.results.at(0).rows.at(0).at(0), xa::Value(std::monostate{}));
  EXPECT_EQ(db->RollBackActive(second).code, Code::kOk);
}

TEST_F(Trap, PlainBranchesShareOneSession) {
  sql::ResourceOptions options = Options();
  options.pool = 1;
  auto db = Open(options);
  const auto session = [&] {
    const xa::Xid xid = Opened(*db);
    const auto seen =
        db->Run(xid, "SELECT id FROM information_schema.processlist WHERE info LIKE ?",
                {std::string("%no other statement says this%")});
    EXPECT_EQ(seen.code, Code::kOk) << seen.failure.detail;
    EXPECT_EQ(db->RollBackActive(xid).code, Code::kOk);
    EXPECT_EQ(seen.results.at(0).rows.size(), 1);
    return seen.results.at(0).rows.at(0).at(0);
  };
  EXPECT_EQ(session(), session());
}

// Trap 10.
TEST_F(Trap, TableWithoutTransactionsIsNamedAndRefused) {
  Root("CREATE TABLE counter (n INT) ENGINE=MyISAM", database_);
  auto db = Open();
  ASSERT_TRUE(db->sink().WaitHealth(xa::Health::kUp));
  EXPECT_THAT(db->rm().Status().warnings,
              ::testing::Contains(::testing::HasSubstr("counter (MyISAM)")));
  for (const char* sql : {"INSERT INTO counter VALUES (1)", "UPDATE `Counter` SET n = 1",
                          "REPLACE counter VALUES (1)", "DELETE FROM counter"}) {
    const xa::Xid xid = Opened(*db);
    const auto ran = db->Run(xid, sql);
    EXPECT_EQ(ran.code, Code::kRbOther) << sql;
    EXPECT_EQ(ran.failure.reason, Reason::kNonTransactional) << sql;
    EXPECT_EQ(db->RollBackActive(xid).code, Code::kOk);
  }
}

TEST_F(Trap, ChangeThatStaysAfterARollBackIsMixed) {
  if (!IsMariaDb()) GTEST_SKIP() << "MySQL refuses to change both kinds of tables (1785)";
  Root("CREATE TABLE counter (n INT) ENGINE=MyISAM", database_);
  Root(
      "CREATE TRIGGER count_it AFTER UPDATE ON account FOR EACH ROW INSERT INTO counter VALUES (1)",
      database_);
  auto db = Open();
  const xa::Xid xid = Opened(*db);
  ASSERT_EQ(db->Run(xid, "UPDATE account SET amount = 1 WHERE id = 1").code, Code::kOk);
  const auto undone = db->RollBackActive(xid);
  EXPECT_EQ(undone.code, Code::kHeuristicMixed);
  EXPECT_EQ(undone.failure.reason, Reason::kNonTransactional);
  EXPECT_EQ(Amount(1), "100");
  EXPECT_EQ(One("SELECT COUNT(*) FROM counter"), "1");

  const xa::Xid prepared = Opened(*db);
  ASSERT_EQ(db->Run(prepared, "UPDATE account SET amount = 1 WHERE id = 1").code, Code::kOk);
  ASSERT_EQ(db->Do(Operation::kPrepare, prepared).code, Code::kOk);
  EXPECT_EQ(db->Do(Operation::kRollBack, prepared).code, Code::kHeuristicMixed);
  EXPECT_EQ(Amount(1), "100");
}

// Trap 11.
TEST_F(Trap, CountsMatchedRows) {
  auto db = Open();
  const xa::Xid xid = Opened(*db);
  const auto ran = db->Run(xid, "UPDATE account SET amount = 100 WHERE id = 1", {}, 1);
  EXPECT_EQ(ran.code, Code::kOk) << ran.failure.detail;
  EXPECT_EQ(db->RollBackActive(xid).code, Code::kOk);
}

// Trap 13: the list is the whole server's.
TEST_F(Trap, ScanShowsTheWholeServerAndCountsForeigners) {
  auto one = Open(), two = Open();
  const xa::Xid of_one = Prepared(*one, 1);
  const xa::Xid of_two = NewXid();
  ASSERT_EQ(two->Do(Operation::kOpen, of_two).code, Code::kOk);
  ASSERT_EQ(two->Run(of_two, "UPDATE account SET amount = 1 WHERE id = 2").code, Code::kOk);
  ASSERT_EQ(two->Do(Operation::kPrepare, of_two).code, Code::kOk);
  Root(
      "XA START 'their','own',7; INSERT INTO account VALUES (9, 9); XA END 'their','own',7; "
      "XA PREPARE 'their','own',7",
      database_);
  EXPECT_TRUE(one->Lists(of_one));
  EXPECT_TRUE(one->Lists(of_two));
  const xa::ScanResult scan = one->Scan();
  EXPECT_EQ(scan.foreign, 1u);
  EXPECT_EQ(scan.listed.size(), 2u);
  Root("XA ROLLBACK 'their','own',7");
  EXPECT_EQ(one->Do(Operation::kRollBack, of_one).code, Code::kOk);
  EXPECT_EQ(two->Do(Operation::kRollBack, of_two).code, Code::kOk);
}

TEST_F(Trap, ExistingXidIsADuplicate) {
  auto db = Open(), other = Open();
  const xa::Xid xid = Prepared(*db);
  ASSERT_EQ(other->Do(Operation::kOpen, xid).code, Code::kOk);
  EXPECT_EQ(other->Run(xid, "SELECT 1").code, Code::kErDupid);
  EXPECT_EQ(db->Do(Operation::kCommit, xid).code, Code::kOk);
}

TEST_F(Trap, ProbeNamesWhatADurableServerLacks) {
  Root("SET GLOBAL innodb_flush_log_at_trx_commit = 2");
  {
    auto db = Open();
    ASSERT_TRUE(db->sink().WaitHealth(xa::Health::kUp));
    EXPECT_THAT(
        db->rm().Status().warnings,
        ::testing::Contains(::testing::HasSubstr("SET GLOBAL innodb_flush_log_at_trx_commit = 1")));
    EXPECT_FALSE(db->rm().Status().keeps_prepared);
  }
  Root("SET GLOBAL innodb_flush_log_at_trx_commit = 1");
  auto db = Open();
  ASSERT_TRUE(db->sink().WaitHealth(xa::Health::kUp));
  // MySQL may lose one in a crash if its binary log contains XIDs of several format ids.
  EXPECT_EQ(db->rm().Status().keeps_prepared, IsMariaDb());
  EXPECT_EQ(db->rm().Status().dialect, IsMariaDb() ? "mariadb" : "mysql");
}

}  // namespace
}  // namespace assent::mysql
