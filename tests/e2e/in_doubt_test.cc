// SPDX-License-Identifier: Apache-2.0
// A partner in doubt: it holds a reservation, has said yes or may have, and receives no further
// call. It asks at the address from Assent-Coordinator and concludes only what docs/partners.md
// allows ("Cut off from the coordinator"). It then settles the reservation through the barrier on
// its own, and the later call finds that done.
#include <filesystem>
#include <future>
#include <latch>

#include "tests/e2e/fixture.h"
#include "tests/e2e/seat_partner.h"
#include "tests/support/temp.h"

namespace assent::test {
namespace {

using Operation = barrier::Operation;

enum class May { kHold, kConfirm, kCancel };

// The answer that a partner in doubt has received, and what it may do.
struct Finding {
  int status = 0;    // 0: no answer
  std::string type;  // of a problem
  May may = May::kHold;
};

Finding Ask(const partner::Call& tried) {
  Finding finding;
  auto connection = client::Connection::To(tried.coordinator);
  if (!connection) return finding;
  client::Client coordinator(std::move(*connection));
  const auto answer = coordinator.Get(tried.gid, tried.transaction);
  if (!answer) return finding;
  finding.status = answer->status;
  if (answer->problem) {
    finding.type = answer->problem->type();
  } else if (answer->message.outcome() == v1::COMMITTED) {
    finding.may = May::kConfirm;
  } else if (answer->message.outcome() == v1::ROLLED_BACK) {
    finding.may = May::kCancel;
  }
  return finding;
}

class InDoubt : public EndToEndTest {
 protected:
  void Begin() {
    api_ = std::make_unique<Api>(NewApi());
    const Reply begun = api_->Post("/v1/transactions", R"({"gid": "trip", "deadline": "25s"})");
    ASSERT_EQ(begun.status, 200) << begun.body;
    transaction_ = begun.transaction.transaction();
  }
  // Runs the partner's try, then cuts the partner off.
  void HoldAndCutOff() {
    seats_.Serve();
    Begin();
    const Reply enlisted = Post("/branches", seats_.Branch("seats"));
    ASSERT_EQ(enlisted.status, 200) << enlisted.body;
    seats_.Stop();
    tried_ = seats_.LastTry();
    ASSERT_EQ(tried_.coordinator, daemon_->url());
    ASSERT_EQ(seats_.Ledger(), "9 held");
  }
  Reply Post(const std::string& path, const std::string& json = "") {
    return api_->Post("/v1/transactions/trip" + path, json, transaction_);
  }
  void Restart() {
    daemon_->Kill();
    ExpectHold(0, "");
    ASSERT_TRUE(daemon_->Start());
  }
  void ExpectHold(int status, const std::string& type) {
    const Finding finding = Ask(tried_);
    EXPECT_EQ(finding.status, status);
    EXPECT_EQ(finding.type, type);
    EXPECT_EQ(finding.may, May::kHold);
  }
  // Asks until the partner may act; until then it keeps the reservation.
  May EventuallyMay() {
    May may = May::kHold;
    (void)Eventually(kSoon, [&] { return (may = Ask(tried_).may) != May::kHold; });
    return may;
  }
  // When the partner is reachable again, it receives the outcome that it knows already; nothing
  // runs twice.
  void ExpectDuplicate(Operation operation, const std::string& ledger) {
    const auto end = operation == Operation::kConfirm ? v1::Transaction::COMMITTED
                                                      : v1::Transaction::ROLLED_BACK;
    EXPECT_EQ(seats_.Ledger(), ledger);
    EXPECT_EQ(seats_.Ran(barrier::Name(operation)), 1);
    seats_.Serve();
    EXPECT_TRUE(Eventually(
        kSoon, [&] { return NewApi().Get("/v1/transactions/trip").transaction.state() == end; }));
    EXPECT_EQ(seats_.Ledger(), ledger);
    EXPECT_EQ(seats_.Ran(barrier::Name(operation)), 1);
  }

  SeatPartner seats_{SharedPostgreSql(), "in_doubt"};
  partner::Call tried_;
  std::unique_ptr<Api> api_;
  std::string transaction_;
};

TEST_F(InDoubt, HoldsWhileNothingIsDecided) {
  StartDaemon();
  HoldAndCutOff();
  ExpectHold(200, "");
  EXPECT_EQ(Post(":commit").outcome(), v1::COMMITTED) << "it was right to hold";
}

TEST_F(InDoubt, ConfirmsByItselfWhatIsCommitted) {
  StartDaemon();
  HoldAndCutOff();
  ASSERT_EQ(Post(":commit").outcome(), v1::COMMITTED);
  EXPECT_EQ(Ask(tried_).may, May::kConfirm);
  Restart();
  EXPECT_EQ(EventuallyMay(), May::kConfirm);
  EXPECT_EQ(seats_.Settle(tried_, Operation::kConfirm), 200);
  Restart();
  EXPECT_EQ(EventuallyMay(), May::kConfirm) << "a decision does not change";
  EXPECT_EQ(seats_.Settle(tried_, Operation::kConfirm), 200);
  ExpectDuplicate(Operation::kConfirm, "9 booked");
}

TEST_F(InDoubt, CancelsByItselfWhatIsRolledBack) {
  StartDaemon();
  HoldAndCutOff();
  ASSERT_EQ(Post(":rollback").outcome(), v1::ROLLED_BACK);
  EXPECT_EQ(Ask(tried_).may, May::kCancel);
  Restart();
  EXPECT_EQ(EventuallyMay(), May::kCancel);
  EXPECT_EQ(seats_.Settle(tried_, Operation::kCancel), 200);
  Restart();
  EXPECT_EQ(EventuallyMay(), May::kCancel) << "a decision does not change";
  ExpectDuplicate(Operation::kCancel, "10 released");
}

TEST_F(InDoubt, CancelsByItselfWhatWasUndecidedWhenTheCoordinatorDied) {
  StartDaemon();
  HoldAndCutOff();
  ExpectHold(200, "");
  Restart();
  EXPECT_EQ(EventuallyMay(), May::kCancel);
  EXPECT_EQ(seats_.Settle(tried_, Operation::kCancel), 200);
  ExpectDuplicate(Operation::kCancel, "10 released");
}

// The decision is on disk, but nobody has received it.
TEST_F(InDoubt, ConfirmsByItselfWhatWasDecidedWhenTheCoordinatorDied) {
  daemon_ = std::make_unique<Daemon>(Tables(""));
  ASSERT_TRUE(daemon_->Start({"ASSENT_CRASH_AT=call-commit.before:1"}));
  HoldAndCutOff();
  EXPECT_EQ(Post(":commit").status, 0) << "the coordinator has died";
  ExpectHold(0, "");
  ASSERT_TRUE(daemon_->Start());
  EXPECT_EQ(EventuallyMay(), May::kConfirm);
  EXPECT_EQ(seats_.Settle(tried_, Operation::kConfirm), 200);
  ExpectDuplicate(Operation::kConfirm, "9 booked");
}

// The partner's try commits after the coordinator has died: the partner cannot know whether its
// answer has arrived.
TEST_F(InDoubt, HoldsWhenItsYesMayHaveArrived) {
  StartDaemon();
  std::latch entered(1), released(1);
  seats_.Serve({.on_try = [&](partner::Session&, const partner::Call&) {
    entered.count_down();
    released.wait();
    return partner::Done();
  }});
  Begin();
  auto enlisted = std::async(std::launch::async,
                             [&] { return Post("/branches", seats_.Branch("seats")).status; });
  entered.wait();
  daemon_->Kill();
  released.count_down();
  EXPECT_EQ(enlisted.get(), 0);
  EXPECT_TRUE(Eventually(kSoon, [&] { return seats_.Ledger() == "9 held"; }));
  seats_.Stop();
  tried_ = seats_.LastTry();
  ExpectHold(0, "");
  ASSERT_TRUE(daemon_->Start());
  EXPECT_EQ(EventuallyMay(), May::kCancel);
  EXPECT_EQ(seats_.Settle(tried_, Operation::kCancel), 200);
  ExpectDuplicate(Operation::kCancel, "10 released");
}

// Another coordinator with its own log answers at the address. It does not know the gid, or uses it
// for another transaction, although the transaction has committed.
TEST_F(InDoubt, HoldsWhenTheOutcomeIsUnknown) {
  StartDaemon();
  HoldAndCutOff();
  ASSERT_EQ(Post(":commit").outcome(), v1::COMMITTED);
  daemon_->Kill();
  const std::string log = daemon_->log_directory(), aside = log + ".aside";
  std::filesystem::rename(log, aside);
  ASSERT_TRUE(daemon_->Start());
  ExpectHold(404, "urn:assent:unknown-transaction");
  Begin();
  ExpectHold(409, "urn:assent:stale");
  EXPECT_EQ(Post(":rollback").outcome(), v1::ROLLED_BACK);
  ExpectHold(409, "urn:assent:stale");
  daemon_->Kill();
  RemoveTree(log);
  std::filesystem::rename(aside, log);
  ASSERT_TRUE(daemon_->Start());
  EXPECT_EQ(EventuallyMay(), May::kConfirm);
  EXPECT_EQ(seats_.Settle(tried_, Operation::kConfirm), 200);
  ExpectDuplicate(Operation::kConfirm, "9 booked");
}

}  // namespace
}  // namespace assent::test
