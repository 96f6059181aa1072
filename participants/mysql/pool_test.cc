// SPDX-License-Identifier: Apache-2.0
// Leasing, waiting for and cancelling on connections of the pool: on a real MariaDB.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "participants/mysql/testing.h"
#include "tests/support/temp.h"

namespace assent::mysql {
namespace {

using core::Operation;
using core::Reason;
using sql::NewXid;
using xa::Code;

constexpr auto kLong = std::chrono::milliseconds(30'000);

class Pool : public OnServer {
 protected:
  std::unique_ptr<sql::TestDriver> OpenWith(uint32_t pool) {
    sql::ResourceOptions options = Options();
    options.pool = pool;
    auto db = Open(options);
    EXPECT_TRUE(db->sink().WaitHealth(xa::Health::kUp));
    return db;
  }
  bool Waits(const std::string& statement) {
    return test::Eventually(kLong, [&] {
      return One("SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE '" +
                 statement + "%'") == "1";
    });
  }
};

TEST_F(Pool, AnswersAnOpenInsideSubmitWhereAConnectionIsFree) {
  auto db = OpenWith(1);
  const xa::Xid first = NewXid(), second = NewXid();
  ASSERT_EQ(db->Do(Operation::kOpen, first).code, Code::kOk);
  ASSERT_EQ(db->RollBackActive(first).code, Code::kOk);
  ASSERT_TRUE(test::Eventually(kLong, [&] {
    const uint64_t call = db->Post(Operation::kOpen, second);
    if (db->sink().Answered(call)) return true;
    db->Wait(call);
    db->RollBackActive(second);
    return false;
  }));
  EXPECT_EQ(db->RollBackActive(second).code, Code::kOk);
}

TEST_F(Pool, ServesWaitingBranchesInOrder) {
  auto db = OpenWith(2);
  const xa::Xid a = NewXid(), b = NewXid(), c = NewXid(), d = NewXid();
  ASSERT_EQ(db->Do(Operation::kOpen, a).code, Code::kOk);
  ASSERT_EQ(db->Do(Operation::kOpen, b).code, Code::kOk);
  const uint64_t third = db->Post(Operation::kOpen, c), fourth = db->Post(Operation::kOpen, d);
  EXPECT_EQ(db->rm().Status().in_use, 2u);
  EXPECT_EQ(db->rm().Status().waiting, 2u);
  EXPECT_EQ(db->RollBackActive(b).code, Code::kOk);
  EXPECT_EQ(db->Wait(third).code, Code::kOk);
  EXPECT_FALSE(db->sink().Answered(fourth));
  EXPECT_EQ(db->RollBackActive(c).code, Code::kOk);
  EXPECT_EQ(db->Wait(fourth).code, Code::kOk);
  EXPECT_EQ(db->RollBackActive(d).code, Code::kOk);
  EXPECT_EQ(db->RollBackActive(a).code, Code::kOk);
}

TEST_F(Pool, RemovesCancelledAndRolledBackBranchesFromTheQueue) {
  auto db = OpenWith(1);
  const xa::Xid holder = NewXid(), cancelled = NewXid(), undone = NewXid(), last = NewXid();
  ASSERT_EQ(db->Do(Operation::kOpen, holder).code, Code::kOk);
  const uint64_t first = db->Post(Operation::kOpen, cancelled);
  const uint64_t second = db->Post(Operation::kOpen, undone);
  const uint64_t third = db->Post(Operation::kOpen, last);
  db->rm().Cancel(cancelled);
  EXPECT_EQ(db->Wait(first).code, Code::kRbOther);
  EXPECT_EQ(db->Wait(first).failure.reason, Reason::kDeadline);
  EXPECT_EQ(db->RollBackActive(undone).code, Code::kOk);
  EXPECT_EQ(db->Wait(second).code, Code::kRbOther);
  EXPECT_EQ(db->RollBackActive(holder).code, Code::kOk);
  EXPECT_EQ(db->Wait(third).code, Code::kOk);
  EXPECT_EQ(db->RollBackActive(cancelled).code, Code::kOk);
  EXPECT_EQ(db->RollBackActive(last).code, Code::kOk);
  EXPECT_EQ(db->sink().Answers(first), 1u);
}

// The wait for a lock ends long before its own timeout, and the branch can be rolled back.
TEST_F(Pool, CancelEndsAStatementThatWaitsForALock) {
  auto db = OpenWith(2);
  const xa::Xid holder = NewXid(), waiter = NewXid();
  ASSERT_EQ(db->Do(Operation::kOpen, holder).code, Code::kOk);
  ASSERT_EQ(db->Do(Operation::kOpen, waiter).code, Code::kOk);
  ASSERT_EQ(db->Run(holder, "UPDATE account SET amount = 1 WHERE id = 1").code, Code::kOk);
  const uint64_t run =
      db->PostRun(waiter, {{"UPDATE account SET amount = 2 WHERE id = 1", {}, {}},
                           {"UPDATE account SET amount = 2 WHERE id = 2", {}, {}}});
  ASSERT_TRUE(Waits("UPDATE account SET amount = 2"));
  db->rm().Cancel(waiter);
  const auto ran = db->Wait(run);
  EXPECT_EQ(ran.code, Code::kRbOther);
  EXPECT_EQ(ran.failure.reason, Reason::kDeadline);
  EXPECT_EQ(ran.failure.statement, 0);
  EXPECT_EQ(db->RollBackActive(waiter).code, Code::kOk);
  EXPECT_EQ(db->Do(Operation::kCommitOnePhase, holder).code, Code::kOk);
  EXPECT_EQ(Amount(1), "1");
  EXPECT_EQ(Amount(2), "100");
}

// Cancels that cross the end of their statement never hit a later verb.
TEST_F(Pool, CancelThatComesLateHitsNothingElse) {
  auto db = OpenWith(1);
  for (int i = 0; i < 60; ++i) {
    const xa::Xid xid = NewXid();
    ASSERT_EQ(db->Do(Operation::kOpen, xid).code, Code::kOk);
    const uint64_t run =
        db->PostRun(xid, {{"UPDATE account SET amount = amount + 1 WHERE id = 1", {}, {}}});
    if (i % 3 != 0) {
      for (int spin = 0; spin < i * 400 && !db->sink().Answered(run); ++spin) {
      }
    }
    db->rm().Cancel(xid);
    const auto ran = db->Wait(run);
    if (ran.code == Code::kOk) {
      EXPECT_EQ(db->Do(Operation::kPrepare, xid).code, Code::kOk);
      EXPECT_EQ(db->Do(Operation::kRollBack, xid).code, Code::kOk);
    } else {
      EXPECT_EQ(ran.failure.reason, Reason::kDeadline) << ran.failure.detail;
      EXPECT_EQ(db->RollBackActive(xid).code, Code::kOk);
    }
  }
  EXPECT_EQ(Amount(1), "100");
}

TEST_F(Pool, RefusesASecondOpenOfTheSameBranch) {
  auto db = OpenWith(2);
  const xa::Xid xid = NewXid();
  ASSERT_EQ(db->Do(Operation::kOpen, xid).code, Code::kOk);
  EXPECT_EQ(db->Do(Operation::kOpen, xid).code, Code::kRbProto);
  EXPECT_EQ(db->RollBackActive(xid).code, Code::kOk);
}

TEST_F(Pool, AnswersEveryCallBeforeStopReturns) {
  auto db = OpenWith(2);
  const xa::Xid runs = NewXid(), idle = NewXid(), waits = NewXid();
  ASSERT_EQ(db->Do(Operation::kOpen, runs).code, Code::kOk);
  ASSERT_EQ(db->Do(Operation::kOpen, idle).code, Code::kOk);
  const uint64_t run = db->PostRun(runs, {{"SELECT SLEEP(300)", {}, {}}});
  ASSERT_TRUE(Waits("SELECT SLEEP"));
  const uint64_t open = db->Post(Operation::kOpen, waits);
  db->rm().Stop();
  EXPECT_EQ(db->sink().Answers(run), 1u);
  EXPECT_EQ(db->sink().Answers(open), 1u);
  EXPECT_TRUE(xa::IsRollBack(db->Wait(run).code));
  EXPECT_TRUE(xa::IsRollBack(db->Wait(open).code));
  // And every later call.
  EXPECT_TRUE(xa::IsRollBack(db->Do(Operation::kOpen, NewXid()).code));
  EXPECT_EQ(db->Do(Operation::kCommit, idle).code, Code::kErRmFail);
  EXPECT_EQ(db->Find(idle, true).found, xa::Found::kUnknown);
  EXPECT_FALSE(db->Scan().complete);
}

// Phase two of a branch without a connection needs no connection of the pool.
TEST_F(Pool, CommitsAnOrphanWhileEveryConnectionIsTaken) {
  auto db = OpenWith(1);
  const xa::Xid orphan = NewXid(), holder = NewXid();
  Root("XA START " + orphan.ToMySql() + "; UPDATE account SET amount = 1 WHERE id = 1; XA END " +
           orphan.ToMySql() + "; XA PREPARE " + orphan.ToMySql(),
       database_);
  ASSERT_EQ(db->Do(Operation::kOpen, holder).code, Code::kOk);
  const uint64_t run =
      db->PostRun(holder, {{"UPDATE account SET amount = amount + 1 WHERE id = 1", {}, {}}});
  ASSERT_TRUE(Waits("UPDATE account SET amount = amount"));
  EXPECT_TRUE(db->Lists(orphan));
  EXPECT_EQ(db->Do(Operation::kCommit, orphan).code, Code::kOk);
  EXPECT_EQ(db->Wait(run).code, Code::kOk);
  EXPECT_EQ(db->Do(Operation::kCommitOnePhase, holder).code, Code::kOk);
  EXPECT_EQ(Amount(1), "2");
}

}  // namespace
}  // namespace assent::mysql
