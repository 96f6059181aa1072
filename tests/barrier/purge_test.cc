// SPDX-License-Identifier: Apache-2.0
// The rows that the purge deletes, and those that it keeps.
#include "tests/barrier/session.h"

namespace assent::test {
namespace {

using barrier::Call;
using barrier::Operation;
using barrier::Vendor;
using barrier::Verdict;

class BarrierPurge : public BarrierStand {
 protected:
  void SetUp() override {
    BarrierStand::SetUp();
    session_ = Open();
  }
  void Serves(int number, const std::vector<Operation>& operations,
              const std::string& branch = "voucher") {
    for (const Operation operation : operations) {
      Call call = CallOf(operation, number);
      call.branch = branch;
      ASSERT_TRUE(Serve(*session_, call)) << session_->error();
    }
  }
  void AllRowsAreAsOldAs(const std::string& time, const std::string& where) {
    Query("UPDATE assent_barrier SET created_at = '" + time + "' WHERE " + where);
  }
  uint64_t Purge(const std::string& horizon) {
    const auto given = session_->Execute(
        barrier::Purge(vendor(), CallOf(Operation::kTry).transaction, *ParseTime(horizon)));
    EXPECT_TRUE(given.has_value()) << session_->error();
    return given ? given->affected : 0;
  }
  std::string Left() { return One("SELECT COUNT(*) FROM assent_barrier"); }

  std::unique_ptr<Session> session_;
};
INSTANTIATE_TEST_SUITE_P(All, BarrierPurge, testing::Values(Vendor::kMySql, Vendor::kPostgreSql),
                         [](const auto& which) {
                           return which.param == Vendor::kMySql ? "MariaDb" : "PostgreSql";
                         });

TEST_P(BarrierPurge, TakesWhatHasEndedADayBelowTheHorizon) {
  Serves(1, {Operation::kTry, Operation::kConfirm});
  Serves(2, {Operation::kCancel});
  Serves(3, {Operation::kAction, Operation::kCompensate});
  AllRowsAreAsOldAs("2026-03-01 12:00:00", "1 = 1");
  EXPECT_EQ(Purge("2026-03-02T12:00:00Z"), 0u) << "not older than the horizon less a day";
  EXPECT_EQ(Purge("2026-03-02T12:00:00.001Z"), 6u);
  EXPECT_EQ(Left(), "0");
  EXPECT_EQ(Purge("2026-03-02T12:00:00.001Z"), 0u);
}

// If the row of a try were purged before its cancel, the cancel would be an empty one.
TEST_P(BarrierPurge, LeavesABranchWithoutItsEnd) {
  Serves(1, {Operation::kTry});
  Serves(2, {Operation::kAction});
  AllRowsAreAsOldAs("2020-01-01 00:00:00", "1 = 1");
  EXPECT_EQ(Purge("2026-03-01T00:00:00Z"), 0u);
  EXPECT_EQ(Serve(*session_, CallOf(Operation::kCancel, 1)), Verdict::kRun);
}

TEST_P(BarrierPurge, TakesATransactionWholeOrNotAtAll) {
  Serves(1, {Operation::kTry, Operation::kConfirm}, "one");
  Serves(1, {Operation::kTry}, "two");
  AllRowsAreAsOldAs("2020-01-01 00:00:00", "1 = 1");
  EXPECT_EQ(Purge("2026-03-01T00:00:00Z"), 0u) << "its other branch has not ended";
  Serves(1, {Operation::kConfirm}, "two");
  EXPECT_EQ(Purge("2026-03-01T00:00:00Z"), 0u) << "its last row is young";
  AllRowsAreAsOldAs("2020-01-01 00:00:00", "1 = 1");
  EXPECT_EQ(Purge("2026-03-01T00:00:00Z"), 4u);
}

TEST_P(BarrierPurge, LeavesAnotherCoordinatorsRows) {
  for (const char* other : {"00c0ffee00c0ffed", "00c0ffee00c0fff0"}) {
    Call call = CallOf(Operation::kCancel);
    call.transaction.replace(0, 16, other);
    ASSERT_TRUE(Serve(*session_, call)) << session_->error();
  }
  Call highest = CallOf(Operation::kCancel);
  highest.transaction.replace(16, 24, std::string(24, 'f'));
  ASSERT_TRUE(Serve(*session_, highest)) << session_->error();
  AllRowsAreAsOldAs("2020-01-01 00:00:00", "1 = 1");
  EXPECT_EQ(Purge("2026-03-01T00:00:00Z"), 2u) << "the rows of its own last transaction";
  EXPECT_EQ(Left(), "4");
}

// Rows carry UTC, whatever the time zone of the session.
TEST_P(BarrierPurge, ReadsTheClockInUtc) {
  ASSERT_TRUE(session_->Run(vendor() == Vendor::kMySql ? "SET time_zone = '+13:00'"
                                                       : "SET TIME ZONE '+13'"));
  const WallTime now = SystemClock().Wall();
  Serves(1, {Operation::kCancel});
  const auto purge = [&](Duration after) {
    return session_->Execute(
        barrier::Purge(vendor(), CallOf(Operation::kTry).transaction, now + after));
  };
  EXPECT_EQ(purge(std::chrono::hours(23))->affected, 0u);
  EXPECT_EQ(purge(std::chrono::hours(25))->affected, 2u);
}

}  // namespace
}  // namespace assent::test
