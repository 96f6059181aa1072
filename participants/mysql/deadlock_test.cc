// SPDX-License-Identifier: Apache-2.0
// Deadlocks that a stored procedure's handler catches, on a real MariaDB: the server has rolled the
// branch back, but the caller gets OK.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "participants/mysql/testing.h"

namespace assent::mysql {
namespace {

using core::Operation;
using core::Reason;
using sql::NewXid;
using xa::Code;

class SwallowedDeadlock : public OnServer {
 protected:
  void SetUp() override {
    OnServer::SetUp();
    Root("CREATE TABLE ballast (id INT PRIMARY KEY)", database_);
    MakeNumbers();
    MakeProcedure("swallow", "");
    db_ = Open();
  }
  void TearDown() override {
    db_.reset();
    OnServer::TearDown();
  }

  void MakeProcedure(const std::string& name, const std::string& first) {
    RootWhole("CREATE PROCEDURE " + name + "(OUT ok INT) BEGIN " + first +
              "BEGIN DECLARE EXIT HANDLER FOR SQLEXCEPTION SET ok = 0; "
              "UPDATE account SET amount = 1 WHERE id = 1; "
              "UPDATE account SET amount = 1 WHERE id = 2; SET ok = 1; END; END");
  }

  // Calls the procedure in `victim`, which must be open, so that its second update becomes the
  // victim of a deadlock with a transaction of more weight.
  void Deadlock(const xa::Xid& victim, const std::string& procedure = "swallow") {
    const xa::Xid winner = NewXid();
    ASSERT_EQ(db_->Do(Operation::kOpen, winner).code, Code::kOk);
    ASSERT_EQ(db_->Run(winner, "INSERT INTO ballast SELECT seq FROM number").code, Code::kOk);
    ASSERT_EQ(db_->Run(winner, "UPDATE account SET amount = 2 WHERE id = 2").code, Code::kOk);
    const uint64_t call = db_->PostRun(victim, {{"CALL " + procedure + "(@ok)", {}, {}}});
    ASSERT_TRUE(test::Eventually(std::chrono::milliseconds(30'000),
                                 [&] { return WaitingForRows() == "1"; }));
    const auto won = db_->Run(winner, "UPDATE account SET amount = 2 WHERE id = 1");
    ASSERT_EQ(won.code, Code::kOk) << won.failure.detail;
    EXPECT_EQ(db_->RollBackActive(winner).code, Code::kOk);
    const auto called = db_->Wait(call);
    ASSERT_EQ(called.code, Code::kOk) << called.failure.detail;
  }
  xa::Xid Opened() {
    const xa::Xid xid = NewXid();
    EXPECT_EQ(db_->Do(Operation::kOpen, xid).code, Code::kOk);
    return xid;
  }
  void ExpectDeadlock(const xa::Completion& answer) {
    EXPECT_EQ(answer.code, Code::kRbDeadlock) << answer.failure.detail;
    EXPECT_EQ(answer.failure.reason, Reason::kDeadlock);
    EXPECT_TRUE(answer.failure.may_retry);
  }
  // No branch and no change remain, and the connections are usable.
  void ExpectNothingLeft() {
    EXPECT_TRUE(Root("XA RECOVER").empty());
    EXPECT_EQ(Amount(1), "100");
    EXPECT_EQ(Amount(2), "100");
    EXPECT_EQ(db_->rm().Status().in_use, 0u);
    const xa::Xid next = Opened();
    EXPECT_EQ(db_->Run(next, "UPDATE account SET amount = 5", {}, 2).code, Code::kOk);
    EXPECT_EQ(db_->RollBackActive(next).code, Code::kOk);
  }

  std::unique_ptr<sql::TestDriver> db_;
};

TEST_F(SwallowedDeadlock, RefusesThePrepareAndMayBeTriedAgain) {
  const xa::Xid xid = Opened();
  ASSERT_NO_FATAL_FAILURE(Deadlock(xid));
  ExpectDeadlock(db_->Do(Operation::kPrepare, xid));
  ExpectNothingLeft();
}

TEST_F(SwallowedDeadlock, RefusesTheCommitInOnePhaseAndMayBeTriedAgain) {
  const xa::Xid xid = Opened();
  ASSERT_NO_FATAL_FAILURE(Deadlock(xid));
  ExpectDeadlock(db_->Do(Operation::kCommitOnePhase, xid));
  ExpectNothingLeft();
}

TEST_F(SwallowedDeadlock, RefusesTheNextStatementAndMayBeTriedAgain) {
  const xa::Xid xid = Opened();
  ASSERT_NO_FATAL_FAILURE(Deadlock(xid));
  ExpectDeadlock(db_->Run(xid, "UPDATE account SET amount = 3 WHERE id = 1"));
  EXPECT_EQ(db_->RollBackActive(xid).code, Code::kOk);
  ExpectNothingLeft();
}

// The deadlock is then that of a transaction which is not ours; the outcome of ours is unknown.
TEST_F(SwallowedDeadlock, IsAHazardWhereAProcedureHadLeftTheBranchBefore) {
  for (const Operation operation : {Operation::kPrepare, Operation::kCommitOnePhase}) {
    const xa::Xid xid = Opened();
    MakeProcedure("leave_" + std::to_string(static_cast<int>(operation)),
                  "XA END " + xid.ToMySql() + "; XA COMMIT " + xid.ToMySql() +
                      " ONE PHASE; XA START 'other'; ");
    ASSERT_EQ(db_->Run(xid, "UPDATE account SET amount = 7 WHERE id = 1").code, Code::kOk);
    ASSERT_NO_FATAL_FAILURE(Deadlock(xid, "leave_" + std::to_string(static_cast<int>(operation))));
    const auto answer = db_->Do(operation, xid);
    EXPECT_EQ(answer.code, Code::kHeuristicHazard);
    EXPECT_EQ(answer.failure.reason, Reason::kLeftBranch);
    EXPECT_EQ(Amount(1), "7");
  }
}

TEST_F(SwallowedDeadlock, IsAHazardForARollBackWhereAProcedureHadLeftTheBranch) {
  const xa::Xid xid = Opened();
  MakeProcedure("leave_it", "XA END " + xid.ToMySql() + "; XA COMMIT " + xid.ToMySql() +
                                " ONE PHASE; XA START 'other'; ");
  ASSERT_EQ(db_->Run(xid, "UPDATE account SET amount = 7 WHERE id = 1").code, Code::kOk);
  ASSERT_NO_FATAL_FAILURE(Deadlock(xid, "leave_it"));
  EXPECT_EQ(db_->RollBackActive(xid).code, Code::kHeuristicHazard);
  EXPECT_EQ(Amount(1), "7");
}

}  // namespace
}  // namespace assent::mysql
