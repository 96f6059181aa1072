// SPDX-License-Identifier: Apache-2.0
// Connections and servers that fail: on a real MariaDB that is killed and restarted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>

#include "participants/mysql/testing.h"
#include "tests/support/process.h"
#include "tests/support/temp.h"

namespace assent::mysql {
namespace {

using core::Operation;
using core::Reason;
using sql::NewXid;
using xa::Code;
using xa::Health;

constexpr auto kLong = std::chrono::milliseconds(30'000);

class Lost : public OnServer {
 protected:
  xa::Xid Opened(sql::TestDriver& db) {
    const xa::Xid xid = NewXid();
    EXPECT_EQ(db.Do(Operation::kOpen, xid).code, Code::kOk);
    return xid;
  }
  // Kills every idle session of ours that holds a transaction, as a network failure would.
  void KillOwner() {
    for (const auto& row :
         Root("SELECT id FROM information_schema.processlist WHERE user = 'assent' AND db = '" +
              database_ + "'")) {
      (void)test::Sql(server(), "KILL " + row.at(0));
    }
  }
  // Waits so that the starts differ: two within one second look the same.
  void KillAndRestart() {
    ASSERT_TRUE(test::Eventually(kLong, [&] { return std::stoi(Status("Uptime")) > 2; }));
    ASSERT_TRUE(server().Kill().has_value());
    ASSERT_TRUE(server().Restart().has_value());
  }
  xa::Completion CommitUntilDone(sql::TestDriver& db, const xa::Xid& xid, Operation operation) {
    xa::Completion done;
    test::Eventually(kLong, [&] {
      done = db.Do(operation, xid);
      return done.code != Code::kErRmFail;
    });
    return done;
  }
};

TEST_F(Lost, PreparedBranchIsCommittedOnceItsOldSessionIsGone) {
  auto db = Open();
  const xa::Xid xid = Opened(*db);
  ASSERT_EQ(db->Run(xid, "UPDATE account SET amount = 1 WHERE id = 1").code, Code::kOk);
  ASSERT_EQ(db->Do(Operation::kPrepare, xid).code, Code::kOk);
  KillOwner();
  // The first commit finds its connection dead: unknown, not failed.
  EXPECT_EQ(db->Do(Operation::kCommit, xid).code, Code::kErRmFail);
  EXPECT_EQ(CommitUntilDone(*db, xid, Operation::kCommit).code, Code::kOk);
  EXPECT_EQ(Amount(1), "1");
}

TEST_F(Lost, RunOnADeadConnectionRefusesTheBranchAndMayBeTriedAgain) {
  auto db = Open();
  const xa::Xid xid = Opened(*db);
  ASSERT_EQ(db->Run(xid, "UPDATE account SET amount = 1 WHERE id = 1").code, Code::kOk);
  KillOwner();
  const auto ran = db->Run(xid, "UPDATE account SET amount = 2 WHERE id = 2");
  EXPECT_EQ(ran.code, Code::kRbCommFail);
  EXPECT_EQ(ran.failure.reason, Reason::kConnectionLost);
  EXPECT_TRUE(ran.failure.may_retry);
  EXPECT_EQ(db->Run(xid, "SELECT 1").code, Code::kRbCommFail);
  xa::Completion undone;
  EXPECT_TRUE(test::Eventually(kLong, [&] {
    undone = db->RollBackActive(xid);
    return undone.code == Code::kOk;
  }));
  EXPECT_EQ(Amount(1), "100");
  // The row is unlocked: its session was confirmed gone.
  const xa::Xid next = Opened(*db);
  EXPECT_EQ(db->Run(next, "UPDATE account SET amount = 5 WHERE id = 1").code, Code::kOk);
  EXPECT_EQ(db->Do(Operation::kCommitOnePhase, next).code, Code::kOk);
}

TEST_F(Lost, IdleConnectionThatDiedIsReplacedUnnoticed) {
  auto db = Open();
  const xa::Xid first = Opened(*db);
  ASSERT_EQ(db->Run(first, "SELECT 1").code, Code::kOk);
  ASSERT_EQ(db->RollBackActive(first).code, Code::kOk);
  KillOwner();
  const xa::Xid second = Opened(*db);
  const auto ran = db->Run(second, "UPDATE account SET amount = 3 WHERE id = 1");
  EXPECT_EQ(ran.code, Code::kOk) << ran.failure.detail;
  EXPECT_EQ(db->Do(Operation::kCommitOnePhase, second).code, Code::kOk);
  EXPECT_EQ(Amount(1), "3");
}

TEST_F(Lost, KilledServerKeepsWhatIsPreparedAndNothingElse) {
  auto db = Open();
  const xa::Xid committed = Opened(*db), undone = Opened(*db), active = Opened(*db);
  Root("INSERT INTO account VALUES (3, 100)", database_);
  ASSERT_EQ(db->Run(committed, "UPDATE account SET amount = 1 WHERE id = 1").code, Code::kOk);
  ASSERT_EQ(db->Run(undone, "UPDATE account SET amount = 1 WHERE id = 2").code, Code::kOk);
  ASSERT_EQ(db->Run(active, "UPDATE account SET amount = 1 WHERE id = 3").code, Code::kOk);
  const auto prepared = db->Do(Operation::kPrepare, committed);
  ASSERT_EQ(prepared.code, Code::kOk);
  ASSERT_EQ(db->Do(Operation::kPrepare, undone).code, Code::kOk);
  ASSERT_TRUE(server().Kill().has_value());
  EXPECT_EQ(db->Do(Operation::kCommit, committed).code, Code::kErRmFail);
  ASSERT_TRUE(db->sink().WaitHealth(Health::kDown));
  const auto open = db->Do(Operation::kOpen, NewXid());
  EXPECT_EQ(open.code, Code::kRbCommFail);
  EXPECT_EQ(open.failure.reason, Reason::kUnavailable);
  EXPECT_TRUE(open.failure.may_retry);
  EXPECT_FALSE(db->Scan().complete);
  EXPECT_EQ(db->Find(committed, true).found, xa::Found::kUnknown);

  ASSERT_TRUE(server().Restart().has_value());
  ASSERT_TRUE(db->sink().WaitHealth(Health::kUp));
  const xa::ScanResult scan = db->Scan();
  ASSERT_TRUE(scan.complete) << scan.error;
  EXPECT_EQ(scan.listed.size(), 2u);
  EXPECT_EQ(scan.stamp.identity, prepared.stamp.identity);
  EXPECT_NE(scan.stamp.started_at, prepared.stamp.started_at);
  EXPECT_EQ(CommitUntilDone(*db, committed, Operation::kCommit).code, Code::kOk);
  EXPECT_EQ(CommitUntilDone(*db, undone, Operation::kRollBack).code, Code::kOk);
  const auto lost = db->Do(Operation::kPrepare, active);
  EXPECT_EQ(lost.code, Code::kErRmFail);
  EXPECT_TRUE(
      test::Eventually(kLong, [&] { return db->RollBackActive(active).code == Code::kOk; }));
  EXPECT_EQ(Amount(1), "1");
  EXPECT_EQ(Amount(2), "100");
  EXPECT_EQ(Amount(3), "100");
  EXPECT_THAT(db->sink().Changes(),
              ::testing::ElementsAre(Health::kUp, Health::kDown, Health::kUp));
}

TEST_F(Lost, ServerThatIsDownAtTheStartComesUpLater) {
  ASSERT_TRUE(server().Kill().has_value());
  auto options = Options();
  auto db = Open(options);
  const auto open = db->Do(Operation::kOpen, NewXid());
  EXPECT_EQ(open.code, Code::kRbCommFail);
  EXPECT_EQ(open.failure.reason, Reason::kUnavailable);
  ASSERT_TRUE(server().Restart().has_value());
  ASSERT_TRUE(db->sink().WaitHealth(Health::kUp));
  const xa::Xid xid = Opened(*db);
  EXPECT_EQ(db->Run(xid, "SELECT 1").code, Code::kOk);
  EXPECT_EQ(db->RollBackActive(xid).code, Code::kOk);
}

// Neither a statement nor a connect hangs on a server that has stopped responding. When it responds
// again, the old session's locks are gone before "rolled back" is answered.
TEST_F(Lost, UnresponsiveServerIsGivenUpUntilItRecovers) {
  sql::ResourceOptions options = Options();
  options.connect_timeout_ms = options.call_timeout_ms = options.lock_timeout_ms = 1'000;
  auto db = Open(options);
  const xa::Xid xid = Opened(*db);
  ASSERT_EQ(db->Run(xid, "UPDATE account SET amount = 1 WHERE id = 1").code, Code::kOk);
  ASSERT_TRUE(test::Freeze(server().pid()));
  const uint64_t run = db->PostRun(xid, {{"UPDATE account SET amount = 1 WHERE id = 2", {}, {}}});
  const auto ran = db->Wait(run);
  EXPECT_TRUE(db->sink().WaitHealth(Health::kDown));
  const auto undone = db->RollBackActive(xid);
  ASSERT_EQ(kill(server().pid(), SIGCONT), 0);
  EXPECT_EQ(ran.code, Code::kRbCommFail);
  EXPECT_EQ(undone.code, Code::kErRmFail);
  ASSERT_TRUE(db->sink().WaitHealth(Health::kUp));
  EXPECT_TRUE(test::Eventually(kLong, [&] { return db->RollBackActive(xid).code == Code::kOk; }));
  EXPECT_EQ(One("SELECT COUNT(*) FROM information_schema.innodb_trx"), "0");
  EXPECT_EQ(Amount(1), "100");
}

// The read timeout is long, because a statement may wait for a lock that long. A cancel does not
// wait for it, nor does the roll-back after the statement.
TEST_F(Lost, SilentServerHoldsNeitherACancelledStatementNorItsRollBack) {
  sql::ResourceOptions options = Options();
  options.pool = 1;
  options.call_timeout_ms = 3'000;
  options.lock_timeout_ms = 300'000;
  auto db = Open(options);
  const xa::Xid xid = Opened(*db);
  ASSERT_EQ(db->Run(xid, "UPDATE account SET amount = 1 WHERE id = 1").code, Code::kOk);
  const uint64_t run = db->PostRun(xid, {{"SELECT SLEEP(600)", {}, {}}});
  ASSERT_TRUE(test::Eventually(kLong, [&] {
    return One("SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE "
               "'SELECT SLEEP%'") == "1";
  }));
  ASSERT_TRUE(test::Freeze(server().pid()));
  db->rm().Cancel(xid);
  xa::Call roll_back;
  roll_back.operation = Operation::kRollBack;
  roll_back.xid = xid;
  const uint64_t undo = db->Submit(roll_back);
  const auto ran = db->sink().Wait(run, std::chrono::seconds(30));
  const auto undone = db->sink().Wait(undo, std::chrono::seconds(30));
  ASSERT_EQ(kill(server().pid(), SIGCONT), 0);
  ASSERT_TRUE(ran && undone);
  EXPECT_EQ(ran->code, Code::kRbCommFail);
  EXPECT_EQ(ran->failure.reason, Reason::kDeadline);
  EXPECT_EQ(undone->code, Code::kErRmFail);
  EXPECT_TRUE(test::Eventually(kLong, [&] { return db->RollBackActive(xid).code == Code::kOk; }));
  EXPECT_EQ(One("SELECT COUNT(*) FROM information_schema.innodb_trx"), "0");
  EXPECT_EQ(Amount(1), "100");
  const xa::Xid next = NewXid();
  EXPECT_TRUE(
      test::Eventually(kLong, [&] { return db->Do(Operation::kOpen, next).code == Code::kOk; }));
  EXPECT_EQ(db->Run(next, "UPDATE account SET amount = 2 WHERE id = 1").code, Code::kOk);
  EXPECT_EQ(db->Do(Operation::kCommitOnePhase, next).code, Code::kOk);
  EXPECT_EQ(Amount(1), "2");
}

TEST_F(Lost, DeniedAccessIsDownAndThePasswordFileIsReadAgain) {
  Root("CREATE USER IF NOT EXISTS keeper@'%' IDENTIFIED BY 'right'");
  Root("GRANT ALL ON " + database_ + ".* TO keeper@'%'");
  test::TempDirectory directory;
  const std::string path = directory.File("password");
  std::ofstream(path) << "wrong\n";
  sql::ResourceOptions options = Options();
  options.user = "keeper";
  options.password = "";
  options.password_file = path;
  auto db = Open(options);
  ASSERT_TRUE(db->sink().WaitHealth(Health::kDown));
  const auto open = db->Do(Operation::kOpen, NewXid());
  EXPECT_EQ(open.code, Code::kRbCommFail);
  EXPECT_EQ(open.failure.reason, Reason::kUnavailable);
  EXPECT_EQ(open.failure.detail.find("wrong"), std::string::npos);
  std::ofstream(path) << "right\n";
  EXPECT_TRUE(db->sink().WaitHealth(Health::kUp));
  Root("DROP USER keeper@'%'");
}

// Trap 12: ids are reused after a restart; the same id is then somebody else's session.
TEST_F(Lost, SessionOfAnEarlierStartIsNeverEnded) {
  auto driver = MakeMySqlDriver(Options());
  Result<std::unique_ptr<sql::Session>> first = driver->Connect();
  ASSERT_TRUE(first.has_value()) << first.error().message;
  sql::SessionId old = (*first)->id();
  ASSERT_NO_FATAL_FAILURE(KillAndRestart());
  Result<std::unique_ptr<sql::Session>> innocent = driver->Connect();
  Result<std::unique_ptr<sql::Session>> control = driver->Connect();
  ASSERT_TRUE(innocent.has_value() && control.has_value());
  old.id = (*innocent)->id().id;
  EXPECT_EQ((*control)->EndSession(old).error().code, ErrorCode::kNotFound);
  EXPECT_EQ((*control)->CancelStatement(old).error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(*(*control)->IsGone(old));
  EXPECT_TRUE((*innocent)->List().has_value());
  // With the correct start it is ended.
  EXPECT_TRUE((*control)->EndSession((*innocent)->id()).has_value());
  EXPECT_TRUE(test::Eventually(kLong, [&] { return *(*control)->IsGone((*innocent)->id()); }));
  EXPECT_FALSE((*innocent)->List().has_value());
  EXPECT_FALSE((*innocent)->alive());
  // A session that has not noticed the restart knows nothing of sessions that began after it.
  const auto cancelled = (*first)->CancelStatement((*control)->id());
  ASSERT_FALSE(cancelled.has_value());
  EXPECT_NE(cancelled.error().code, ErrorCode::kNotFound);
  EXPECT_FALSE((*first)->alive());
}

TEST_F(Lost, IdleSessionThatMissedARestartConsidersNoOwnerGone) {
  auto driver = MakeMySqlDriver(Options());
  Result<std::unique_ptr<sql::Session>> one = driver->Connect();
  Result<std::unique_ptr<sql::Session>> two = driver->Connect();
  ASSERT_TRUE(one.has_value() && two.has_value());
  ASSERT_NO_FATAL_FAILURE(KillAndRestart());
  Result<std::unique_ptr<sql::Session>> owner = driver->Connect();
  ASSERT_TRUE(owner.has_value());
  EXPECT_FALSE((*one)->IsGone((*owner)->id()).has_value());
  EXPECT_FALSE((*two)->NoneBefore((*owner)->id(), {}).has_value());
}

// The connection over which statements are cancelled is otherwise idle, so it does not notice that
// the server was restarted.
TEST_F(Lost, CancelEndsAStatementAfterARestartOfTheServerToo) {
  auto db = Open();
  const auto cancel = [&] {
    const xa::Xid xid = Opened(*db);
    const uint64_t run = db->PostRun(xid, {{"SELECT SLEEP(60)", {}, {}}});
    ASSERT_TRUE(test::Eventually(kLong, [&] {
      const auto rows = Root(
          "SELECT id FROM information_schema.processlist WHERE info = "
          "'SELECT SLEEP(60)'");
      return !rows.empty();
    }));
    db->rm().Cancel(xid);
    const auto ran = db->Wait(run);
    EXPECT_EQ(ran.code, Code::kRbOther) << "the connection was broken instead";
    EXPECT_EQ(ran.failure.reason, Reason::kDeadline);
    EXPECT_EQ(db->RollBackActive(xid).code, Code::kOk);
  };
  cancel();
  ASSERT_NO_FATAL_FAILURE(KillAndRestart());
  cancel();
}

TEST_F(Lost, StampStaysTheSameWhileTheServerRuns) {
  auto driver = MakeMySqlDriver(Options());
  Result<std::unique_ptr<sql::Session>> first = driver->Connect();
  ASSERT_TRUE(first.has_value()) << first.error().message;
  // Over more than one second, at every fraction of it.
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(1'500);
  int looks = 0;
  while (std::chrono::steady_clock::now() < end) {
    Result<std::unique_ptr<sql::Session>> next = driver->Connect();
    ASSERT_TRUE(next.has_value()) << next.error().message;
    ASSERT_EQ((*next)->stamp().identity, (*first)->stamp().identity);
    ASSERT_EQ((*next)->stamp().started_at, (*first)->stamp().started_at);
    ASSERT_GE((*next)->stamp().position, (*first)->stamp().position);
    ++looks;
  }
  EXPECT_GT(looks, 1);
}

}  // namespace
}  // namespace assent::mysql
