// SPDX-License-Identifier: Apache-2.0
// HTTP partners and databases in one transaction: a real assentd, a partner with a ledger in
// SQLite, and the final state of both sides.
#include "tests/e2e/fixture.h"
#include "tests/support/partner.h"

namespace assent::test {
namespace {

using Pair = std::pair<int64_t, int64_t>;

class Partners : public EndToEndTest {
 protected:
  void SetUp() override {
    EndToEndTest::SetUp();
    const auto started = hotel_.Start();
    ASSERT_TRUE(started.has_value()) << started.error().message;
  }
  HttpPartner::Ledger Ledger() {
    auto ledger = hotel_.ReadLedger();
    EXPECT_TRUE(ledger.has_value()) << ledger.error().message;
    return ledger ? *ledger : HttpPartner::Ledger();
  }
  std::string StateOf(const std::string& gid) { return Ledger().StateOf(gid, "hotel"); }
  bool EventuallyIs(const std::string& gid, const std::string& state) {
    return Eventually(kSoon, [&] { return StateOf(gid) == state; });
  }
  void Behave(const std::string& json) {
    const auto done = hotel_.Behave(json);
    ASSERT_TRUE(done.has_value()) << done.error().message;
  }

  HttpPartner hotel_;
};

TEST_F(Partners, CommitsOverDatabasesAndAPartnerTogether) {
  StartDaemon();
  Api api = NewApi();
  const Reply done =
      api.Execute(Atomic("t-1", {Branch("pc", Grant(1, -100)), Branch("mobile", Grant(1, 100)),
                                 hotel_.Branch("hotel", 7, 250)}));
  ASSERT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(done.outcome(), v1::COMMITTED);
  EXPECT_EQ(done.transaction.branches(2).url(), hotel_.url());
  EXPECT_EQ(done.transaction.branches(2).state(), v1::BranchView::COMMITTED);
  EXPECT_EQ(Gold(1), Pair(1100, 900));
  const HttpPartner::Ledger ledger = Ledger();
  EXPECT_EQ(ledger.StateOf("t-1", "hotel"), "held+confirmed");
  EXPECT_EQ(ledger.accounts.at(7).booked, 250);
  const Reply resources = api.Get("/v1/resources");
  EXPECT_NE(resources.body.find("\"partners\":[{\"name\":\"http://127.0.0.1:"), std::string::npos)
      << resources.body;
}

TEST_F(Partners, ARefusingPartnerLeavesTheDatabasesUntouched) {
  StartDaemon();
  const Reply refused = NewApi().Execute(
      Atomic("t-2", {Branch("pc", Grant(1, -100)), hotel_.Branch("hotel", 7, 2'000'000)}));
  EXPECT_EQ(refused.status, 409) << refused.body;
  EXPECT_EQ(refused.problem.type(), "urn:assent:rolled-back");
  EXPECT_EQ(refused.cause().reason(), "PREPARE_REFUSED");
  EXPECT_EQ(refused.cause().branch(), "hotel");
  EXPECT_EQ(Gold(1), Pair(1000, 1000));
  EXPECT_EQ(StateOf("t-2"), "");
}

TEST_F(Partners, ARefusingDatabaseCancelsThePartner) {
  StartDaemon();
  const Reply refused = NewApi().Execute(
      Atomic("t-3", {hotel_.Branch("hotel", 7, 5), Branch("pc", Grant(77, -100))}));
  EXPECT_EQ(refused.status, 409) << refused.body;
  EXPECT_EQ(refused.cause().branch(), "pc");
  EXPECT_EQ(StateOf("t-3"), "held+cancelled");
  EXPECT_EQ(Ledger().accounts.at(7).left, HttpPartner::kOpening);
}

TEST_F(Partners, AnAnswerThatIsLostIsAskedForAgain) {
  StartDaemon();
  for (const char* operation : {"try", "confirm"}) {
    Behave(R"({"operation": ")" + std::string(operation) +
           R"(", "status": 500, "after": true, "times": 2})");
    const std::string gid = std::string("lost-") + operation;
    const Reply done = NewApi().Execute(Atomic(gid, {hotel_.Branch("hotel", 1, 5)}));
    EXPECT_EQ(done.status, 200) << done.body;
    EXPECT_TRUE(EventuallyIs(gid, "held+confirmed"));
  }
  EXPECT_EQ(Ledger().accounts.at(1).booked, 10) << "each once";
}

TEST_F(Partners, ASilentPartnerIsCancelledAtTheDeadlineAndHoldsNoRowLocks) {
  StartDaemon();
  Behave(R"({"operation": "try", "delay": 3, "times": 1})");
  Api api = NewApi();
  const std::string slow =
      Atomic("slow", {Branch("pc", Grant(1, -1)), hotel_.Branch("hotel", 1, 5)}, "1s");
  Reply answer;
  std::thread client([&] { answer = api.Execute(slow); });
  // The row that the transaction is about to change is not locked in the meantime.
  EXPECT_EQ(NewApi().Execute(Atomic("quick", {Branch("pc", Grant(1, -2))})).status, 200);
  client.join();
  EXPECT_EQ(answer.outcome(), v1::ROLLED_BACK) << answer.body;
  EXPECT_EQ(answer.cause().reason(), "DEADLINE");
  EXPECT_EQ(answer.cause().branch(), "hotel");
  EXPECT_EQ(GoldAt(pc(), 1), 998);
  // The suspended try arrives after its cancel, or is late: in either case nothing is held.
  std::this_thread::sleep_for(std::chrono::seconds(3));
  const std::string state = StateOf("slow");
  EXPECT_TRUE(state.empty() || state == "held+cancelled") << state;
}

TEST_F(Partners, AReservationThatEndsTooSoonIsNotDecidedOn) {
  StartDaemon();
  Behave(R"({"operation": "try", "expires": 0.5, "times": 1})");
  const Reply late =
      NewApi().Execute(Atomic("late", {hotel_.Branch("hotel", 1, 5), Branch("pc", Grant(1, -1))}));
  EXPECT_EQ(late.status, 409) << late.body;
  EXPECT_EQ(late.cause().reason(), "EXPIRED");
  EXPECT_TRUE(EventuallyIs("late", "held+cancelled"));
  EXPECT_EQ(GoldAt(pc(), 1), 1000);
}

TEST_F(Partners, ConfirmsAPartnerThatDiedBetweenTryAndConfirm) {
  StartDaemon();
  Behave(R"({"operation": "confirm", "status": 503})");
  const Reply done =
      NewApi().Execute(Atomic("dies", {hotel_.Branch("hotel", 1, 5), Branch("pc", Grant(1, -1))}));
  EXPECT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(done.transaction.state(), v1::Transaction::COMMITTING);
  hotel_.Kill();
  daemon_->Kill();
  ASSERT_TRUE(daemon_->Start());
  ASSERT_TRUE(hotel_.Start());
  EXPECT_TRUE(EventuallyIs("dies", "held+confirmed"));
  EXPECT_EQ(GoldAt(pc(), 1), 999);
}

TEST_F(Partners, WhatWasOpenWhenTheCoordinatorDiedIsCancelled) {
  StartDaemon();
  Behave(R"({"operation": "try", "status": 500, "after": true})");
  Api api = NewApi();
  const Reply accepted =
      api.Send("POST", "/v1/transactions:execute?wait=0s", {{"Content-Type", "application/json"}},
               Atomic("open", {hotel_.Branch("hotel", 1, 5)}));
  EXPECT_EQ(accepted.status, 202) << accepted.body;
  ASSERT_TRUE(EventuallyIs("open", "held"));
  daemon_->Kill();
  ASSERT_TRUE(daemon_->Start());
  EXPECT_TRUE(EventuallyIs("open", "held+cancelled"));
  const Reply again = NewApi().Execute(Atomic("open", {hotel_.Branch("hotel", 1, 5)}));
  EXPECT_EQ(again.outcome(), v1::ROLLED_BACK) << again.body;
  EXPECT_EQ(again.cause().reason(), "CRASH");
}

class Steps : public Partners {
 protected:
  void Begin(const std::string& gid) {
    StartDaemon();
    gid_ = gid;
    api_ = std::make_unique<Api>(NewApi());
    const Reply begun = api_->Post("/v1/transactions", R"({"gid": ")" + gid + R"("})");
    ASSERT_EQ(begun.status, 200) << begun.body;
    transaction_ = begun.transaction.transaction();
  }
  Reply Post(const std::string& path, const std::string& json) {
    return api_->Post("/v1/transactions/" + gid_ + path, json, transaction_);
  }
  std::unique_ptr<Api> api_;
  std::string gid_, transaction_;
};

TEST_F(Steps, EnlistSqlAndAPartnerThenCommit) {
  Begin("steps");
  const Reply enlisted = Post("/branches", hotel_.Branch("hotel", 3, 30));
  ASSERT_EQ(enlisted.status, 200) << enlisted.body;
  EXPECT_EQ(enlisted.transaction.branches(0).state(), v1::BranchView::PREPARED);
  EXPECT_EQ(StateOf("steps"), "held");
  EXPECT_EQ(Post("/branches", R"({"name": "pc", "xa": {"resource": "pc_game"}})").status, 200);
  EXPECT_EQ(Post("/branches/pc:run", R"({"seq": 1, "statements": [)" + Grant(1, -30) + "]}").status,
            200);
  EXPECT_EQ(
      Post("/branches/hotel:run", R"({"seq": 1, "statements": [)" + Grant(1, 1) + "]}").status,
      409);
  const Reply done = Post(":commit", "");
  EXPECT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(StateOf("steps"), "held+confirmed");
  EXPECT_EQ(GoldAt(pc(), 1), 970);
  EXPECT_EQ(Post("/branches", hotel_.Branch("more", 3, 30)).problem.type(),
            "urn:assent:already-decided");
}

TEST_F(Steps, TheApplicationTriesByItselfAndVotes) {
  Begin("votes");
  ASSERT_EQ(
      Post("/branches", hotel_.Branch("hotel", 3, 30, R"("called_by_client": true, )")).status,
      200);
  EXPECT_EQ(StateOf("votes"), "") << "the coordinator does not call try";
  EXPECT_EQ(Post(":commit", "").status, 409) << "the vote is missing";
  Api partner("http://127.0.0.1:" + hotel_.url().substr(17, hotel_.url().rfind('/') - 17));
  const Reply tried = partner.Send("POST", "/ledger/try",
                                   {{"Assent-Transaction", transaction_},
                                    {"Assent-Gid", gid_},
                                    {"Assent-Branch", "hotel"},
                                    {"Assent-Operation", "try"},
                                    {"Assent-Deadline", "2999-01-01T00:00:00.000Z"}},
                                   R"({"account": 3, "amount": 30})");
  ASSERT_EQ(tried.status, 200) << tried.body;
  EXPECT_EQ(Post("/branches/nobody:vote", R"({"vote": "PREPARED"})").status, 404);
  const Reply bad = Post("/branches/hotel:vote", R"({"vote": "PREPARED", "expires_at": "soon"})");
  EXPECT_EQ(bad.problem.field(), "expires_at") << bad.body;
  EXPECT_EQ(Post("/branches/hotel:vote", R"({"vote": "PREPARED"})").status, 200);
  EXPECT_EQ(Post(":commit", "").status, 200);
  EXPECT_EQ(StateOf("votes"), "held+confirmed");
}

TEST_F(Partners, BadInputNamesItsField) {
  StartDaemon();
  Api api = NewApi();
  const auto field = [&](const std::string& tcc) {
    const Reply refused =
        api.Execute(R"({"atomic": {"branches": [{"name": "h", "tcc": )" + tcc + "}]}}");
    EXPECT_EQ(refused.status, 400) << refused.body;
    return refused.problem.field();
  };
  const std::string path = "atomic.branches[0].tcc.";
  EXPECT_EQ(field(R"({"url": "nonsense"})"), path + "url");
  EXPECT_EQ(field(R"({"url": "http://user:secret@127.0.0.1/"})"), path + "url");
  EXPECT_EQ(field(R"({"url": "http://example.com/hotel"})"), path + "url") << "not on the list";
  EXPECT_EQ(field(R"({"url": "http://127.0.0.1:1/", "payload": {"a": tru}})"), path + "payload");
  EXPECT_EQ(
      field(R"({"url": "http://127.0.0.1:1/", "payload": ")" + std::string(70'000, 'x') + R"("})"),
      path + "payload");
  EXPECT_EQ(field(R"({"url": "http://127.0.0.1:1/", "called_by_client": true})"),
            path + "called_by_client");
}

}  // namespace
}  // namespace assent::test
