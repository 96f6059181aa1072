// SPDX-License-Identifier: Apache-2.0
// The rules of the barrier, one call after the other, on MariaDB and PostgreSQL; the tests read the
// ledger with the databases' own clients.
#include "tests/barrier/session.h"

namespace assent::test {
namespace {

using barrier::Barrier;
using barrier::Call;
using barrier::Operation;
using barrier::Vendor;
using barrier::Verdict;

class BarrierOnServers : public BarrierStand {
 protected:
  void SetUp() override {
    BarrierStand::SetUp();
    session_ = Open();
  }
  Verdict Served(const Call& call) {
    const auto verdict = Serve(*session_, call);
    EXPECT_TRUE(verdict.has_value()) << session_->error();
    return verdict.value_or(Verdict::kStillRunning);
  }
  Verdict Served(Operation operation, const std::string& name = "") {
    return Served(CallOf(operation, 1, name));
  }
  // A separate local transaction around a barrier without business code.
  Verdict Recorded(Barrier barrier) {
    EXPECT_TRUE(session_->Begin() && session_->Settle(barrier)) << session_->error();
    EXPECT_TRUE(barrier::Commits(barrier.verdict()) ? session_->Commit() : session_->RollBack());
    return barrier.verdict();
  }
  std::string Causes() {
    std::string all;
    for (const auto& row : Query("SELECT operation, cause FROM assent_barrier ORDER BY 1")) {
      all += row[0] + "=" + row[1] + " ";
    }
    return all;
  }

  std::unique_ptr<Session> session_;
};
INSTANTIATE_TEST_SUITE_P(All, BarrierOnServers,
                         testing::Values(Vendor::kMySql, Vendor::kPostgreSql),
                         [](const auto& which) {
                           return which.param == Vendor::kMySql ? "MariaDb" : "PostgreSql";
                         });

TEST_P(BarrierOnServers, RunEachOperationOnce) {
  for (const auto& [first, last] : {std::pair(Operation::kTry, Operation::kConfirm),
                                    std::pair(Operation::kAction, Operation::kCompensate)}) {
    for (const Operation operation : {first, last, first}) {
      for (int i = 0; i < 3; ++i) (void)Served(operation);
      EXPECT_EQ(Ran(barrier::Name(operation)), "1") << barrier::Name(operation);
    }
  }
  EXPECT_EQ(Causes(), "action=action compensate=compensate confirm=confirm try=try ");
}

TEST_P(BarrierOnServers, RecordAnEmptyCancelAndRefuseItsTry) {
  EXPECT_EQ(Served(Operation::kCancel), Verdict::kDone);
  EXPECT_EQ(Served(Operation::kCancel), Verdict::kDone);
  EXPECT_EQ(Served(Operation::kTry), Verdict::kRefused);
  EXPECT_EQ(Served(Operation::kCancel), Verdict::kDone);
  EXPECT_EQ(Ran("try") + Ran("cancel"), "00");
  EXPECT_EQ(Causes(), "cancel=cancel try=cancel ");
}

TEST_P(BarrierOnServers, CancelAnEffectiveTryOnce) {
  EXPECT_EQ(Served(Operation::kTry), Verdict::kRun);
  EXPECT_EQ(Served(Operation::kCancel), Verdict::kRun);
  EXPECT_EQ(Served(Operation::kCancel), Verdict::kDone);
  EXPECT_EQ(Served(Operation::kConfirm), Verdict::kConflict);
  EXPECT_EQ(Ran("try") + Ran("cancel") + Ran("confirm"), "110");
}

TEST_P(BarrierOnServers, RefuseAConfirmWithoutTry) {
  EXPECT_EQ(Served(Operation::kConfirm), Verdict::kConflict);
  EXPECT_EQ(Causes(), "");
}

TEST_P(BarrierOnServers, RefuseALateTryForGood) {
  Call late = CallOf(Operation::kTry);
  late.deadline_passed = true;
  EXPECT_EQ(Served(late), Verdict::kRefused);
  EXPECT_EQ(Served(Operation::kTry), Verdict::kRefused);
  EXPECT_EQ(Causes(), "try=refused ");
}

// The business code has written before it refuses: a savepoint undoes that and keeps the row.
TEST_P(BarrierOnServers, RememberARefusalInTheSameTransaction) {
  const Call call = CallOf(Operation::kTry);
  Barrier entering = Barrier::Enter(vendor(), call);
  ASSERT_TRUE(session_->Begin() && session_->Settle(entering)) << session_->error();
  ASSERT_EQ(entering.verdict(), Verdict::kRun);
  ASSERT_TRUE(session_->Run("SAVEPOINT work"));
  ASSERT_TRUE(session_->Run("INSERT INTO ledger VALUES ('x', 'voucher', 'try')"));
  ASSERT_TRUE(session_->Run("ROLLBACK TO SAVEPOINT work"));
  Barrier refusing = Barrier::Refuse(vendor(), call, Barrier::Where::kSameTransaction);
  ASSERT_TRUE(session_->Settle(refusing) && session_->Commit()) << session_->error();
  EXPECT_EQ(refusing.verdict(), Verdict::kRefused);
  EXPECT_EQ(Served(call), Verdict::kRefused);
  EXPECT_EQ(Served(Operation::kCancel), Verdict::kDone);
  EXPECT_EQ(One("SELECT COUNT(*) FROM ledger"), "0");
  EXPECT_EQ(Causes(), "cancel=cancel try=refused ");
}

TEST_P(BarrierOnServers, RememberARefusalAfterARollBack) {
  const Call call = CallOf(Operation::kTry);
  const auto refuse = [&] {
    return Recorded(Barrier::Refuse(vendor(), call, Barrier::Where::kNewTransaction));
  };
  EXPECT_EQ(refuse(), Verdict::kRefused);
  EXPECT_EQ(refuse(), Verdict::kRefused);
  EXPECT_EQ(Served(call), Verdict::kRefused);
}

TEST_P(BarrierOnServers, HoldEffectsOutsideToTheirRow) {
  Call call = CallOf(Operation::kTry);
  call.effects_outside = true;
  EXPECT_EQ(Recorded(Barrier::Enter(vendor(), call)), Verdict::kRun);
  EXPECT_EQ(Causes(), "try=started ");
  EXPECT_EQ(Served(call), Verdict::kStillRunning);
  EXPECT_EQ(Served(Operation::kConfirm), Verdict::kConflict);
  EXPECT_EQ(Recorded(Barrier::Succeed(vendor(), call)), Verdict::kDone);
  EXPECT_EQ(Recorded(Barrier::Succeed(vendor(), call)), Verdict::kDone);
  EXPECT_EQ(Served(call), Verdict::kDone);
  EXPECT_EQ(Served(Operation::kConfirm), Verdict::kRun);
}

TEST_P(BarrierOnServers, UndoEffectsOutsideThatWereCancelled) {
  Call call = CallOf(Operation::kTry);
  call.effects_outside = true;
  ASSERT_EQ(Recorded(Barrier::Enter(vendor(), call)), Verdict::kRun);
  EXPECT_EQ(Served(Operation::kCancel), Verdict::kRun);
  EXPECT_EQ(Recorded(Barrier::Succeed(vendor(), call)), Verdict::kUndo);
  EXPECT_EQ(Recorded(Barrier::Refuse(vendor(), call, Barrier::Where::kNewTransaction)),
            Verdict::kRefused);
  EXPECT_EQ(Causes(), "cancel=cancel try=refused ");
}

TEST_P(BarrierOnServers, KeepNamesApartByteForByte) {
  for (const char* name : {"", "stock", "Stock"}) {
    EXPECT_EQ(Served(Operation::kTry, name), Verdict::kRun) << name;
  }
  Call other = CallOf(Operation::kTry);
  other.branch = "VOUCHER";
  EXPECT_EQ(Served(other), Verdict::kRun);
  Call longest = CallOf(Operation::kTry, 1, std::string(64, 'n'));
  longest.branch = std::string(64, 'b');
  EXPECT_EQ(Served(longest), Verdict::kRun);
  longest.name.back() = 'm';
  EXPECT_EQ(Served(longest), Verdict::kRun) << "nothing was cut off";
}

}  // namespace
}  // namespace assent::test
