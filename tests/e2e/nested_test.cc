// SPDX-License-Identifier: Apache-2.0
// Nested services: a partner enlists more branches in the transaction that it was called for. A
// flight partner enlists a hotel partner or SQL during its try. Then the application, which began
// the transaction with only the flight, ends it.
#include <atomic>

#include "tests/e2e/fixture.h"
#include "tests/e2e/seat_partner.h"

namespace assent::test {
namespace {

using partner::Call;
using partner::Outcome;
using partner::Session;

class Nested : public EndToEndTest {
 protected:
  using Answer = Result<client::Answer<v1::Transaction>>;

  static client::Client Coordinator(const Call& call) {
    auto connection = client::Connection::To(call.coordinator);
    CHECK(connection.has_value()) << call.coordinator;
    return client::Client(std::move(*connection));
  }
  static Answer Enlist(const Call& call, const v1::Branch& branch) {
    return Coordinator(call).Enlist(call.gid, call.transaction, branch);
  }
  // The outcome of a try that depends on this answer.
  template <typename T>
  static Outcome OutcomeOf(const Result<client::Answer<T>>& answer) {
    if (!answer) return partner::Unavailable(answer.error().message);
    return answer->problem ? partner::Refused(answer->problem->type()) : partner::Done();
  }
  static std::string TypeOf(const Answer& answer) {
    return !answer ? answer.error().message : answer->problem ? answer->problem->type() : "none";
  }
  SeatPartner::Work EnlistsHotel() {
    return [this](Session&, const Call& call) {
      return OutcomeOf(Enlist(call, hotel_.Enlisted("hotel")));
    };
  }
  // Takes gold from a player of the PC game: enlists its database and runs the statement there.
  static SeatPartner::Work RunsSql(int id) {
    return [id](Session&, const Call& call) {
      v1::Branch branch;
      branch.set_name("pc");
      branch.mutable_xa()->set_resource("pc_game");
      const Outcome enlisted = OutcomeOf(Enlist(call, branch));
      if (enlisted.kind != Outcome::Kind::kDone) return enlisted;
      v1::RunRequest run;
      run.set_seq(1);
      v1::Statement* statement = run.add_statements();
      statement->set_sql("UPDATE wallet SET gold = gold - 50 WHERE id = ?");
      statement->add_parameters()->set_integer(id);
      statement->set_expect_rows(1);
      return OutcomeOf(Coordinator(call).Run(call.gid, call.transaction, "pc", run));
    };
  }

  void Begin(More flight) {
    StartDaemon();
    flight_.Serve(std::move(flight));
    hotel_.Serve();
    api_ = std::make_unique<Api>(NewApi());
    const Reply begun = api_->Post("/v1/transactions", R"({"gid": "trip", "deadline": "25s"})");
    ASSERT_EQ(begun.status, 200) << begun.body;
    transaction_ = begun.transaction.transaction();
  }
  Reply Post(const std::string& path, const std::string& json = "") {
    return api_->Post("/v1/transactions/trip" + path, json, transaction_);
  }
  Reply EnlistFlight() { return Post("/branches", flight_.Branch("flight")); }
  std::string Ledgers() { return flight_.Ledger() + ", " + hotel_.Ledger(); }
  bool EventuallyEnds(v1::Transaction::State state) {
    return Eventually(
        kSoon, [&] { return NewApi().Get("/v1/transactions/trip").transaction.state() == state; });
  }

  SeatPartner flight_{SharedMySql(), "flight"};
  SeatPartner hotel_{SharedPostgreSql(), "hotel"};
  std::unique_ptr<Api> api_;
  std::string transaction_;
};

TEST_F(Nested, ConfirmsWhatAPartnerHasEnlisted) {
  Begin({.on_try = EnlistsHotel()});
  const Reply enlisted = EnlistFlight();
  ASSERT_EQ(enlisted.status, 200) << enlisted.body;
  EXPECT_EQ(enlisted.transaction.branches_size(), 2) << enlisted.body;
  EXPECT_EQ(Ledgers(), "9 held, 9 held");
  const Reply done = Post(":commit");
  ASSERT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(done.transaction.state(), v1::Transaction::COMMITTED);
  EXPECT_EQ(Ledgers(), "9 booked, 9 booked");
  EXPECT_EQ(hotel_.LastTry().transaction, transaction_);
  EXPECT_EQ(hotel_.LastTry().branch, "hotel");
  EXPECT_EQ(hotel_.LastTry().coordinator, daemon_->url());
}

TEST_F(Nested, CancelsWhatAPartnerHasEnlisted) {
  Begin({.on_try = EnlistsHotel()});
  ASSERT_EQ(EnlistFlight().status, 200);
  const Reply done = Post(":rollback");
  ASSERT_EQ(done.status, 200) << done.body;
  EXPECT_TRUE(EventuallyEnds(v1::Transaction::ROLLED_BACK));
  EXPECT_EQ(Ledgers(), "10 released, 10 released");
}

TEST_F(Nested, OneCallHasOneDecisionOverAllOfThem) {
  StartDaemon();
  flight_.Serve({.on_try = EnlistsHotel()});
  hotel_.Serve();
  const Reply done =
      NewApi().Execute(Atomic("trip", {flight_.Branch("flight"), Branch("pc", Grant(1, -100))}));
  ASSERT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(done.transaction.branches_size(), 3) << done.body;
  EXPECT_EQ(Ledgers(), "9 booked, 9 booked");
  EXPECT_EQ(GoldAt(pc(), 1), 900);
}

TEST_F(Nested, ARefusalOfWhatWasEnlistedCancelsAll) {
  Begin({.on_try = EnlistsHotel()});
  hotel_.SellOut();
  const Reply refused = EnlistFlight();
  EXPECT_EQ(refused.status, 409) << refused.body;
  EXPECT_EQ(refused.cause().branch(), "hotel");
  EXPECT_EQ(refused.cause().reason(), "PREPARE_REFUSED");
  EXPECT_EQ(Post(":commit").outcome(), v1::ROLLED_BACK);
  EXPECT_TRUE(EventuallyEnds(v1::Transaction::ROLLED_BACK));
  EXPECT_EQ(Ledgers(), "10, 0") << "the flight has released its own seat";
}

TEST_F(Nested, InOneCallARefusalOfWhatWasEnlistedTouchesNoDatabase) {
  StartDaemon();
  flight_.Serve({.on_try = EnlistsHotel()});
  hotel_.Serve();
  hotel_.SellOut();
  const Reply refused =
      NewApi().Execute(Atomic("trip", {flight_.Branch("flight"), Branch("pc", Grant(1, -100))}));
  EXPECT_EQ(refused.status, 409) << refused.body;
  EXPECT_EQ(refused.outcome(), v1::ROLLED_BACK);
  EXPECT_EQ(refused.cause().branch(), "hotel");
  EXPECT_TRUE(EventuallyEnds(v1::Transaction::ROLLED_BACK));
  EXPECT_EQ(Ledgers(), "10, 0");
  EXPECT_EQ(GoldAt(pc(), 1), 1000);
}

TEST_F(Nested, ARefusalOfTheEnlistingPartnerCancelsTheOther) {
  const SeatPartner::Work enlist = EnlistsHotel();
  Begin({.on_try = [enlist](Session& session, const Call& call) {
    const Outcome hotel = enlist(session, call);
    return hotel.kind == Outcome::Kind::kDone ? partner::Refused("no crew") : hotel;
  }});
  const Reply refused = EnlistFlight();
  EXPECT_EQ(refused.status, 409) << refused.body;
  EXPECT_EQ(refused.cause().branch(), "flight");
  EXPECT_TRUE(EventuallyEnds(v1::Transaction::ROLLED_BACK));
  EXPECT_EQ(Ledgers(), "10, 10 released");
}

// The partner's local transaction is lost, and with it the record of the branch; the coordinator
// knows the branch.
TEST_F(Nested, ATryThatRunsAgainEnlistsTheSameBranchOnce) {
  std::atomic<int> attempts = 0;
  const SeatPartner::Work enlist = EnlistsHotel();
  Begin({.on_try = [&attempts, enlist](Session& session, const Call& call) {
    const Outcome hotel = enlist(session, call);
    return ++attempts == 1 ? partner::Unavailable("a deadlock, say") : hotel;
  }});
  const Reply enlisted = EnlistFlight();
  ASSERT_EQ(enlisted.status, 200) << enlisted.body;
  EXPECT_EQ(flight_.Ran("try"), 2);
  EXPECT_EQ(hotel_.Ran("try"), 1);
  EXPECT_EQ(enlisted.transaction.branches_size(), 2) << enlisted.body;
  EXPECT_EQ(Post(":commit").outcome(), v1::COMMITTED);
  EXPECT_EQ(Ledgers(), "9 booked, 9 booked");
}

TEST_F(Nested, WhatWasOpenWhenTheCoordinatorDiedIsCancelledAtBoth) {
  Begin({.on_try = EnlistsHotel()});
  ASSERT_EQ(EnlistFlight().status, 200);
  ASSERT_EQ(Ledgers(), "9 held, 9 held");
  daemon_->Kill();
  ASSERT_TRUE(daemon_->Start());
  EXPECT_TRUE(EventuallyEnds(v1::Transaction::ROLLED_BACK));
  EXPECT_EQ(Ledgers(), "10 released, 10 released");
}

TEST_F(Nested, CommitsSqlThatAPartnerHasRun) {
  Begin({.on_try = RunsSql(2)});
  const Reply enlisted = EnlistFlight();
  ASSERT_EQ(enlisted.status, 200) << enlisted.body;
  EXPECT_EQ(GoldAt(pc(), 2), 1000) << "not committed yet";
  const Reply done = Post(":commit");
  ASSERT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(GoldAt(pc(), 2), 950);
  EXPECT_EQ(flight_.Ledger(), "9 booked");
}

TEST_F(Nested, RollsBackSqlThatAPartnerHasRun) {
  Begin({.on_try = RunsSql(2)});
  ASSERT_EQ(EnlistFlight().status, 200);
  ASSERT_EQ(Post(":rollback").status, 200);
  EXPECT_TRUE(EventuallyEnds(v1::Transaction::ROLLED_BACK));
  EXPECT_EQ(GoldAt(pc(), 2), 1000);
  EXPECT_EQ(flight_.Ledger(), "10 released");
  EXPECT_TRUE(NothingPrepared());
}

TEST_F(Nested, SqlOfAPartnerThatIsRefusedCancelsThePartner) {
  Begin({.on_try = RunsSql(77)});
  const Reply refused = EnlistFlight();
  EXPECT_EQ(refused.status, 409) << refused.body;
  EXPECT_EQ(refused.cause().branch(), "pc");
  EXPECT_EQ(refused.cause().reason(), "EXPECT_ROWS");
  EXPECT_TRUE(EventuallyEnds(v1::Transaction::ROLLED_BACK));
  EXPECT_EQ(flight_.Ledger(), "10");
}

TEST_F(Nested, WhatWasMadeInOneCallTakesNoSqlFromAPartner) {
  StartDaemon();
  flight_.Serve({.on_try = RunsSql(2)});
  const Reply refused = NewApi().Execute(Atomic("trip", {flight_.Branch("flight")}));
  EXPECT_EQ(refused.status, 409) << refused.body;
  EXPECT_EQ(refused.cause().branch(), "flight");
  EXPECT_TRUE(EventuallyEnds(v1::Transaction::ROLLED_BACK));
  EXPECT_EQ(flight_.Ledger(), "10");
  EXPECT_EQ(GoldAt(pc(), 2), 1000);
}

TEST_F(Nested, NothingIsEnlistedAfterTheDecision) {
  std::atomic<bool> asked = false;
  std::string type;
  const SeatPartner::Work late = [&](Session&, const Call& call) {
    if (!asked.exchange(true)) type = TypeOf(Enlist(call, hotel_.Enlisted("hotel")));
    return partner::Done();
  };
  for (const char* end : {":commit", ":rollback"}) {
    asked = false;
    type.clear();
    Begin({.on_confirm = late, .on_cancel = late});
    ASSERT_EQ(EnlistFlight().status, 200);
    ASSERT_EQ(Post(end).status, 200);
    const bool committed = end == std::string(":commit");
    EXPECT_TRUE(
        EventuallyEnds(committed ? v1::Transaction::COMMITTED : v1::Transaction::ROLLED_BACK));
    flight_.Stop();  // so that `type` is no longer written
    const std::string wanted = committed ? "urn:assent:already-decided" : "urn:assent:rolled-back";
    // A cancel leaves before the roll-back is durable, and until then the outcome is not reported.
    EXPECT_TRUE(type == wanted || type == "urn:assent:already-decided") << end << ' ' << type;
    EXPECT_EQ(TypeOf(Enlist(flight_.LastTry(), hotel_.Enlisted("hotel"))), wanted);
  }
  EXPECT_EQ(hotel_.Ran("try"), 0);
  EXPECT_EQ(hotel_.Ledger(), "10");
}

}  // namespace
}  // namespace assent::test
