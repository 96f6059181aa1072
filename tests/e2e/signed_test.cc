// SPDX-License-Identifier: Apache-2.0
// Signed calls (Standard Webhooks): an application that calls a partner's try itself, a coordinator
// that signs its confirms, and a secret that is replaced while a confirm is pending.
#include "client/partner/testing.h"
#include "tests/e2e/fixture.h"
#include "tests/e2e/seat_partner.h"

namespace assent::test {
namespace {

using partner::kOtherSecret;
using partner::kSecret;

class Signed : public EndToEndTest {
 protected:
  std::string Signing(const std::string& secret) const {
    return "[[partners.signing]]\nprefix = \"" + seats_.url() + "\"\nsecret = \"" + secret + "\"\n";
  }
  // Begins a transaction with the partner; with `by_client` the application calls the partner
  // itself.
  void BeginWithDesk(bool by_client) {
    api_ = std::make_unique<Api>(NewApi());
    const Reply begun = api_->Post("/v1/transactions", R"({"gid": "trip", "deadline": "25s"})");
    ASSERT_EQ(begun.status, 200) << begun.body;
    transaction_ = begun.transaction.transaction();
    const Reply enlisted =
        Post("/branches", seats_.Branch("seats", by_client ? R"("called_by_client": true, )" : ""));
    ASSERT_EQ(enlisted.status, 200) << enlisted.body;
  }
  Reply Post(const std::string& path, const std::string& json = "") {
    return api_->Post("/v1/transactions/trip" + path, json, transaction_);
  }
  v1::Transaction Now() { return NewApi().Get("/v1/transactions/trip").transaction; }
  bool EventuallyCommitted() {
    return Eventually(kSoon, [&] { return Now().state() == v1::Transaction::COMMITTED; });
  }

  int Try(const std::vector<std::string>& secrets) {
    return seats_.Send(seats_.OwnTry(transaction_, "seats", secrets));
  }

  SeatPartner seats_{SharedMySql(), "signed"};
  std::unique_ptr<Api> api_;
  std::string transaction_;
};

TEST_F(Signed, TheApplicationTriesByItselfAndTheCoordinatorConfirms) {
  seats_.Serve({}, {kSecret});
  StartDaemon(Signing(kSecret));
  BeginWithDesk(true);
  EXPECT_EQ(Try({}), 401) << "no signature";
  EXPECT_EQ(Try({kOtherSecret}), 401) << "a wrong signature";
  std::string changed = seats_.OwnTry(transaction_, "seats", {kSecret});
  changed.replace(changed.size() - 2, 1, "2");
  EXPECT_EQ(seats_.Send(changed), 401) << "the signature of another body";
  EXPECT_EQ(seats_.Ran("try"), 0);
  EXPECT_EQ(Try({kSecret}), 200);
  EXPECT_EQ(seats_.Ledger(), "9 held");
  EXPECT_EQ(Post(":commit").status, 409) << "the vote is missing";
  EXPECT_EQ(Post("/branches/seats:vote", R"({"vote": "PREPARED"})").status, 200);
  const Reply done = Post(":commit");
  ASSERT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(done.transaction.state(), v1::Transaction::COMMITTED);
  EXPECT_EQ(seats_.Ledger(), "9 booked");
}

TEST_F(Signed, TheApplicationThatVotesAgainstIsCancelledWithASignature) {
  seats_.Serve({}, {kSecret});
  StartDaemon(Signing(kSecret));
  BeginWithDesk(true);
  EXPECT_EQ(Try({kSecret}), 200);
  const Reply voted = Post("/branches/seats:vote", R"({"vote": "REFUSED", "reason": "no visa"})");
  ASSERT_EQ(voted.status, 200) << voted.body;
  EXPECT_TRUE(Eventually(kSoon, [&] { return Now().state() == v1::Transaction::ROLLED_BACK; }));
  EXPECT_EQ(seats_.Ledger(), "10 released");
}

// The partner accepts a confirm only with the secret; the decision does not change.
TEST_F(Signed, AConfirmWithoutASignatureIsRefusedUntilTheSecretIsConfigured) {
  seats_.Serve({}, {kSecret});
  StartDaemon();
  BeginWithDesk(true);
  EXPECT_EQ(Try({kSecret}), 200);
  EXPECT_EQ(Post("/branches/seats:vote", R"({"vote": "PREPARED"})").status, 200);
  const Reply done = Post(":commit");
  EXPECT_EQ(done.outcome(), v1::COMMITTED) << done.body;
  EXPECT_EQ(done.transaction.branches(0).state(), v1::BranchView::NEEDS_OPERATOR) << done.body;
  EXPECT_EQ(seats_.Ledger(), "9 held");
  daemon_->Kill();
  daemon_->SetTables(Tables(Signing(kSecret)));
  ASSERT_TRUE(daemon_->Start());
  EXPECT_TRUE(EventuallyCommitted());
  EXPECT_EQ(seats_.Ledger(), "9 booked");
}

// The partner accepts both secrets, then the coordinator starts with the new one, then the partner
// accepts only that one. A transaction that was tried under the old secret is confirmed under the
// new one.
TEST_F(Signed, ASecretIsReplacedWhileAConfirmIsOwed) {
  seats_.Serve({}, {kSecret});
  StartDaemon(Signing(kSecret));
  BeginWithDesk(false);
  EXPECT_EQ(seats_.Ledger(), "9 held");
  seats_.Stop();
  EXPECT_EQ(Post(":commit").outcome(), v1::COMMITTED);
  daemon_->Kill();
  seats_.Serve({}, {kSecret, kOtherSecret});
  daemon_->SetTables(Tables(Signing(kOtherSecret)));
  ASSERT_TRUE(daemon_->Start());
  EXPECT_TRUE(EventuallyCommitted());
  EXPECT_EQ(seats_.Ledger(), "9 booked");
  seats_.Serve({}, {kOtherSecret});
  const Reply next = NewApi().Execute(Atomic("next", {seats_.Branch("seats")}));
  EXPECT_EQ(next.status, 200) << next.body;
  EXPECT_EQ(Try({kSecret}), 401) << "the old secret is no longer accepted";
}

// So the coordinator cannot sign with both secrets: the partner must accept both.
TEST_F(Signed, OfTwoTablesForOnePrefixTheFirstAloneCounts) {
  StartDaemon(Signing(kSecret) + Signing(kOtherSecret));
  seats_.Serve({}, {kOtherSecret});
  EXPECT_EQ(NewApi().Execute(Atomic("second", {seats_.Branch("seats")})).outcome(),
            v1::ROLLED_BACK);
  EXPECT_EQ(seats_.Ran("try"), 0);
  seats_.Serve({}, {kSecret});
  EXPECT_EQ(NewApi().Execute(Atomic("first", {seats_.Branch("seats")})).outcome(), v1::COMMITTED);
}

}  // namespace
}  // namespace assent::test
