// SPDX-License-Identifier: Apache-2.0
// Flights of several calls, on a real MariaDB and a real PostgreSQL: one completion for each call,
// in order, and nothing is sent after the first failure.
#include <gtest/gtest.h>

#include "participants/sql/each_server_fixture.h"
#include "tests/support/temp.h"

namespace assent::sql {
namespace {

using core::Operation;
using core::Reason;
using xa::Code;

constexpr auto kLong = std::chrono::seconds(30);

class FlightTest : public EachServer {
 protected:
  void SetUp() override {
    EachServer::SetUp();
    Query("CREATE TABLE IF NOT EXISTS flight (id INT PRIMARY KEY)", kDatabase);
    Query("DELETE FROM flight", kDatabase);
  }
  void TearDown() override {
    db_.reset();
    Query("DROP TABLE flight", kDatabase);
  }
  static xa::Call Insert(const xa::Xid& xid, int id, std::optional<uint64_t> expect_rows = {}) {
    return TestDriver::RunOf(xid, {{"INSERT INTO flight VALUES (?)", {int64_t{id}}, expect_rows}});
  }
  static xa::Call Of(Operation operation, const xa::Xid& xid) {
    return TestDriver::CallOf(operation, xid);
  }
  static std::string Rows() { return Query("SELECT COUNT(*) FROM flight", kDatabase)[0][0]; }

  // The completions of a flight, after checking that they came in order, once each.
  std::vector<xa::Completion> Fly(std::vector<xa::Call> calls) {
    const size_t before = db_->sink().Order().size();
    const std::vector<uint64_t> numbers = db_->SubmitFlight(std::move(calls));
    std::vector<xa::Completion> done;
    for (const uint64_t number : numbers) done.push_back(db_->Wait(number));
    std::vector<uint64_t> order = db_->sink().Order();
    order.erase(order.begin(), order.begin() + static_cast<ptrdiff_t>(before));
    EXPECT_EQ(order, numbers);
    return done;
  }
  static void ExpectNotSent(const xa::Completion& completion, Reason reason) {
    EXPECT_TRUE(completion.not_sent);
    EXPECT_EQ(completion.failure.reason, reason);
    const bool works =
        completion.operation == Operation::kOpen || completion.operation == Operation::kRun;
    EXPECT_EQ(completion.code, works ? Code::kRbOther : Code::kErRmFail);
  }
};

TEST_P(FlightTest, CarriesABranchFromItsOpeningToItsCommit) {
  const xa::Xid xid = NewXid();
  const auto done = Fly({Of(Operation::kOpen, xid), Insert(xid, 1, 1), Insert(xid, 2, 1),
                         Of(Operation::kPrepare, xid), Of(Operation::kCommit, xid)});
  ASSERT_EQ(done.size(), 5u);
  for (const xa::Completion& completion : done) {
    EXPECT_EQ(completion.code, Code::kOk) << completion.failure.detail;
    EXPECT_FALSE(completion.not_sent);
  }
  EXPECT_EQ(done[1].results.at(0).affected, 1u);
  EXPECT_EQ(Rows(), "2");
  EXPECT_EQ(db_->rm().Status().in_use, 0u);
}

TEST_P(FlightTest, SendsNoPrepareAfterAStatementThatWasRefused) {
  const xa::Xid xid = NewXid();
  const auto done = Fly({Of(Operation::kOpen, xid), Insert(xid, 1), Insert(xid, 1), Insert(xid, 2),
                         Of(Operation::kPrepare, xid)});
  EXPECT_EQ(done[1].code, Code::kOk);
  EXPECT_TRUE(xa::IsRollBack(done[2].code));
  EXPECT_FALSE(done[2].not_sent);
  ExpectNotSent(done[3], Reason::kSqlError);
  ExpectNotSent(done[4], Reason::kSqlError);
  EXPECT_FALSE(db_->Lists(xid));
  EXPECT_EQ(db_->RollBackActive(xid).code, Code::kOk) << "the branch is still there";
  EXPECT_EQ(Rows(), "0");
  EXPECT_EQ(db_->rm().Status().in_use, 0u);
}

// The check is the coordinator's: the server would have committed.
TEST_P(FlightTest, SendsNoCommitAfterARowCountThatWasNotExpected) {
  const xa::Xid xid = NewXid();
  const auto done =
      Fly({Of(Operation::kOpen, xid), Insert(xid, 1, 2), Of(Operation::kCommitOnePhase, xid)});
  EXPECT_EQ(done[1].failure.reason, Reason::kExpectRows);
  ExpectNotSent(done[2], Reason::kExpectRows);
  EXPECT_EQ(db_->RollBackActive(xid).code, Code::kOk);
  EXPECT_EQ(Rows(), "0");
}

TEST_P(FlightTest, EndsWhereTheBranchHasEndedReadOnly) {
  const xa::Xid xid = NewXid();
  const auto done =
      Fly({Of(Operation::kOpen, xid), Of(Operation::kPrepare, xid), Of(Operation::kCommit, xid)});
  EXPECT_EQ(done[1].code, Code::kReadOnly);
  ExpectNotSent(done[2], Reason::kNone);
  EXPECT_EQ(db_->rm().Status().in_use, 0u);
}

// Calls for a branch that has lost its connection use the one of phase two.
TEST_P(FlightTest, GoesOnOverAnotherConnectionWhereTheBranchHasGivenItsOwnBack) {
  const xa::Xid xid = NewXid();
  const auto first = Fly({Of(Operation::kOpen, xid), Insert(xid, 1), Of(Operation::kPrepare, xid),
                          Of(Operation::kCommit, xid), Of(Operation::kForget, xid)});
  for (const xa::Completion& completion : first) EXPECT_EQ(completion.code, Code::kOk);
  const auto again = Fly({Of(Operation::kCommit, xid), Of(Operation::kForget, xid)});
  EXPECT_EQ(again[0].code, Code::kErNota);
  ExpectNotSent(again[1], again[0].failure.reason);
  EXPECT_EQ(Rows(), "1");
}

TEST_P(FlightTest, IsNotInterruptedByTheNextFlightOfItsBranch) {
  const xa::Xid xid = NewXid();
  const auto first = db_->SubmitFlight({Of(Operation::kOpen, xid), Insert(xid, 1), Insert(xid, 2)});
  const auto second = db_->SubmitFlight({Insert(xid, 3), Of(Operation::kCommitOnePhase, xid)});
  std::vector<uint64_t> all = first;
  all.insert(all.end(), second.begin(), second.end());
  for (const uint64_t call : all) EXPECT_EQ(db_->Wait(call).code, Code::kOk);
  EXPECT_EQ(db_->sink().Order(), all);
  EXPECT_EQ(Rows(), "3");
}

TEST_P(FlightTest, WaitsAsAWholeForAConnection) {
  std::vector<xa::Xid> holders;
  for (uint32_t i = 0; i < db_->rm().Status().pool; ++i) {
    holders.push_back(NewXid());
    ASSERT_EQ(db_->Do(Operation::kOpen, holders.back()).code, Code::kOk);
  }
  const xa::Xid served = NewXid(), refused = NewXid();
  const auto waits = db_->SubmitFlight(
      {Of(Operation::kOpen, served), Insert(served, 1), Of(Operation::kCommitOnePhase, served)});
  const auto cancelled = db_->SubmitFlight({Of(Operation::kOpen, refused), Insert(refused, 2)});
  EXPECT_EQ(db_->rm().Status().waiting, 2u);
  db_->rm().Cancel(refused);
  EXPECT_EQ(db_->Wait(cancelled[0]).code, Code::kRbOther);
  ExpectNotSent(db_->Wait(cancelled[1]), Reason::kDeadline);
  EXPECT_FALSE(db_->sink().Answered(waits[0]));
  EXPECT_EQ(db_->RollBackActive(holders[0]).code, Code::kOk);
  for (const uint64_t call : waits) EXPECT_EQ(db_->Wait(call).code, Code::kOk);
  EXPECT_EQ(Rows(), "1");
  for (size_t i = 1; i < holders.size(); ++i) db_->RollBackActive(holders[i]);
}

// A cancel ends the running statement; the rest of the flight is not sent.
TEST_P(FlightTest, IsEndedByACancelOfItsStatement) {
  const xa::Xid holder = NewXid(), waiter = NewXid();
  ASSERT_EQ(Fly({Of(Operation::kOpen, holder), Insert(holder, 1)})[1].code, Code::kOk);
  const auto flight = db_->SubmitFlight(
      {Of(Operation::kOpen, waiter), Insert(waiter, 1), Of(Operation::kPrepare, waiter)});
  EXPECT_EQ(db_->Wait(flight[0]).code, Code::kOk);
  EXPECT_TRUE(test::Eventually(kLong, [&] {
    return Query(is_mysql() ? "SELECT COUNT(*) FROM information_schema.processlist WHERE "
                              "user = 'assent' AND info LIKE 'INSERT INTO flight%'"
                            : "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = "
                              "'Lock' AND query LIKE 'INSERT INTO flight%'")[0][0] == "1";
  }));
  db_->rm().Cancel(waiter);
  const xa::Completion cancelled = db_->Wait(flight[1]);
  EXPECT_EQ(cancelled.failure.reason, Reason::kDeadline);
  ExpectNotSent(db_->Wait(flight[2]), Reason::kDeadline);
  EXPECT_EQ(db_->RollBackActive(waiter).code, Code::kOk);
  EXPECT_EQ(db_->RollBackActive(holder).code, Code::kOk);
  EXPECT_EQ(Rows(), "0");
}

INSTANTIATE_TEST_SUITE_P(Each, FlightTest,
                         testing::Values(test::MySqlKind(), test::ServerKind::kPostgreSql), NameOf);

}  // namespace
}  // namespace assent::sql
