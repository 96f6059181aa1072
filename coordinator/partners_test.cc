// SPDX-License-Identifier: Apache-2.0
// Partners in the shard: what is durable before what is sent, and what clients are told.
#include <gtest/gtest.h>

#include "coordinator/records.h"
#include "coordinator/shard_fixture.h"

namespace assent::coordinator {
namespace {

using core::Operation;
using tcc::Answer;
using tcc::Operation::kCancel;
using tcc::Operation::kConfirm;
using tcc::Operation::kTry;

const v1::Transaction& ViewOf(const coordinator::Answer* answer) {
  return std::get<v1::Transaction>(answer->body);
}
const v1::Problem& ProblemOf(const coordinator::Answer* answer) {
  return std::get<v1::Problem>(answer->body);
}

void AddPartner(const std::string& name, v1::Branch* branch) {
  branch->set_name(name);
  branch->mutable_tcc()->set_url("http://127.0.0.1:9101/" + name);
  branch->mutable_tcc()->mutable_payload()->set_text("{\"n\":1}");
}

// In one call: SQL on `a` (if `with_sql`) and the partners named.
Request OneCall(const std::string& gid, const std::vector<std::string>& partners, bool with_sql) {
  Request request;
  request.route = Route::kExecute;
  request.fingerprint = "content";
  v1::ExecuteRequest body;
  if (!gid.empty()) body.set_gid(gid);
  if (with_sql) {
    v1::Branch* branch = body.mutable_atomic()->add_branches();
    branch->set_name("pc");
    branch->mutable_xa()->set_resource("a");
    branch->mutable_xa()->add_statements()->set_sql("UPDATE t SET a = 1");
  }
  for (const auto& name : partners) AddPartner(name, body.mutable_atomic()->add_branches());
  request.body = std::move(body);
  return request;
}

class Interactive {
 public:
  explicit Interactive(ShardFixture& test) : test_(test) {
    Request request;
    request.route = Route::kBegin;
    request.fingerprint = "begin";
    v1::BeginRequest body;
    body.set_gid("g");
    request.body = body;
    transaction_ = ViewOf(test.AnswerOf(test.Send(std::move(request)))).transaction();
  }
  Request To(Route route) const {
    Request request;
    request.route = route;
    request.gid = "g";
    request.transaction = transaction_;
    return request;
  }
  size_t Enlist(const std::string& name, bool called_by_client = false) {
    Request request = To(Route::kEnlist);
    v1::Branch branch;
    AddPartner(name, &branch);
    branch.mutable_tcc()->set_called_by_client(called_by_client);
    request.body = branch;
    return test_.Send(std::move(request));
  }
  size_t Vote(const std::string& name, v1::VoteRequest::Vote vote) {
    Request request = To(Route::kVote);
    request.branch = name;
    request.fingerprint = v1::VoteRequest::Vote_Name(vote);
    v1::VoteRequest body;
    body.set_vote(vote);
    request.body = body;
    return test_.Send(std::move(request));
  }
  size_t Run(const std::string& branch) {
    Request request = To(Route::kRun);
    request.branch = branch;
    v1::RunRequest body;
    body.set_seq(1);
    body.add_statements()->set_sql("UPDATE t SET a = 1");
    request.body = body;
    return test_.Send(std::move(request));
  }
  size_t Commit() { return test_.Send(To(Route::kCommit)); }
  size_t RollBack() {
    Request request = To(Route::kRollBack);
    request.body = v1::RollbackRequest();
    return test_.Send(std::move(request));
  }
  const std::string& transaction() const { return transaction_; }

 private:
  ShardFixture& test_;
  std::string transaction_;
};

TEST(Partners, NoTryGoesOutBeforeTheOpenRecordIsDurable) {
  ShardFixture test;
  const size_t request = test.Send(OneCall("g", {"hotel", "flight"}, false));
  EXPECT_EQ(test.LogKinds(), "open");
  EXPECT_EQ(test.log.urgencies.at(0), log::Urgency::kForce);
  EXPECT_TRUE(test.partners.calls.empty());
  test.FlushLog();
  ASSERT_EQ(test.partners.calls.size(), 2u);
  const tcc::Call& call = test.partners.calls.front();
  EXPECT_EQ(call.urls->try_url, "http://127.0.0.1:9101/hotel/try");
  EXPECT_EQ(call.payload->bytes, "{\"n\":1}");
  EXPECT_EQ(call.gid, "g");
  EXPECT_EQ(call.attempt, 1u);
  EXPECT_FALSE(call.try_sent_before);
  test.Reply("hotel", kTry);
  test.Reply("flight", kTry);
  EXPECT_EQ(test.LogKinds(), "open commit");
  EXPECT_TRUE(test.partners.calls.empty()) << "no confirm before the decision is durable";
  test.FlushLog();
  test.Reply("hotel", kConfirm);
  EXPECT_EQ(test.StatusOf(request), 0);
  test.Reply("flight", kConfirm);
  ASSERT_EQ(test.StatusOf(request), 200);
  const v1::Transaction& view = ViewOf(test.AnswerOf(request));
  EXPECT_EQ(view.outcome(), v1::COMMITTED);
  EXPECT_EQ(view.branches(0).url(), "http://127.0.0.1:9101/hotel");
  EXPECT_EQ(view.branches(0).resource(), "");
  EXPECT_EQ(test.LogKinds(), "open commit end");
}

TEST(Partners, TriesGoBeforeSqlAndOneDecisionStandsOverBoth) {
  ShardFixture test;
  const size_t request = test.Send(OneCall("g", {"hotel"}, true));
  test.FlushLog();
  EXPECT_TRUE(test.a.calls.empty());
  test.Reply("hotel", kTry);
  test.Reply(test.a, Operation::kOpen);
  test.Reply(test.a, Operation::kRun);
  test.Reply(test.a, Operation::kPrepare);
  EXPECT_EQ(test.LogKinds(), "open commit");
  test.FlushLog();
  test.Reply("hotel", kConfirm);
  test.Reply(test.a, Operation::kCommit);
  EXPECT_EQ(test.StatusOf(request), 200);
}

TEST(Partners, ARefusedTryTouchesNoDatabaseAndIsNotCancelledWhenItWasTheOnlyAttempt) {
  ShardFixture test;
  const size_t request = test.Send(OneCall("g", {"hotel"}, true));
  test.FlushLog();
  test.Reply("hotel", kTry, Answer::kRefused);
  EXPECT_TRUE(test.partners.calls.empty());
  EXPECT_TRUE(test.a.calls.empty());
  test.FlushLog();
  ASSERT_EQ(test.StatusOf(request), 409);
  const v1::Problem& problem = ProblemOf(test.AnswerOf(request));
  EXPECT_EQ(problem.cause().reason(), "PREPARE_REFUSED");
  EXPECT_EQ(problem.cause().branch(), "hotel");
  EXPECT_EQ(problem.cause().decided_by(), "RESOURCE");
  EXPECT_EQ(test.LogKinds(), "open outcome end");
}

TEST(Partners, ARefusalAfterAnAttemptThatMayHaveArrivedIsCancelled) {
  ShardFixture test;
  test.Send(OneCall("g", {"hotel"}, false));
  test.FlushLog();
  test.Reply("hotel", kTry, Answer::kUnknown);
  EXPECT_TRUE(test.partners.calls.empty()) << "not at once";
  test.Advance(std::chrono::seconds(1));
  ASSERT_EQ(test.partners.calls.size(), 1u);
  EXPECT_EQ(test.partners.calls.front().attempt, 2u);
  EXPECT_TRUE(test.partners.calls.front().try_sent_before);
  test.Reply("hotel", kTry, Answer::kRefused);
  test.Reply("hotel", kCancel);
}

TEST(Partners, WhatNeverLeftThisProcessIsNotCancelled) {
  ShardFixture test;
  test.Send(OneCall("g", {"hotel"}, false));
  test.FlushLog();
  test.Reply("hotel", kTry, Answer::kNotSent);
  test.Advance(std::chrono::seconds(1));
  EXPECT_FALSE(test.partners.calls.front().try_sent_before);
  test.Advance(std::chrono::seconds(30));
  ASSERT_EQ(test.partners.cancelled.size(), 1u) << "the deadline ends the call";
  test.Reply("hotel", kTry, Answer::kNotSent);
  EXPECT_TRUE(test.partners.calls.empty());
}

TEST(Partners, TheDeadlineNamesThePartnerThatWasSilent) {
  ShardFixture test;
  const size_t request = test.Send(OneCall("", {"hotel"}, false));
  test.FlushLog();
  test.Reply("hotel", kTry, Answer::kUnknown);
  test.Advance(std::chrono::seconds(1));
  test.Advance(std::chrono::seconds(30));
  ASSERT_EQ(test.partners.cancelled.size(), 1u) << "the deadline ends the second attempt";
  test.Reply("hotel", kTry, Answer::kUnknown);
  ASSERT_EQ(test.StatusOf(request), 0) << "phase two is waited for";
  test.Reply("hotel", kCancel);
  ASSERT_EQ(test.StatusOf(request), 409);
  EXPECT_EQ(ProblemOf(test.AnswerOf(request)).cause().reason(), "DEADLINE");
  EXPECT_EQ(ProblemOf(test.AnswerOf(request)).cause().branch(), "hotel");
}

TEST(Partners, ARefusedConfirmIsThePersonsMatterAndIsAskedAgainAllTheSame) {
  ShardFixture test;
  const size_t request = test.Send(OneCall("g", {"hotel"}, false));
  test.FlushLog();
  test.Reply("hotel", kTry);
  test.FlushLog();
  test.Reply("hotel", kConfirm, Answer::kRefused);
  test.Advance(std::chrono::seconds(3));
  ASSERT_EQ(test.StatusOf(request), 200);
  EXPECT_EQ(ViewOf(test.AnswerOf(request)).outcome(), v1::COMMITTED);
  EXPECT_EQ(ViewOf(test.AnswerOf(request)).branches(0).state(), v1::BranchView::NEEDS_OPERATOR);
  test.Reply("hotel", kConfirm);
  EXPECT_EQ(test.LogKinds(), "open commit end");
}

TEST(Partners, AReservationThatWouldEndFirstRollsBack) {
  ShardFixture test;
  const size_t request = test.Send(OneCall("", {"hotel", "flight"}, false));
  test.FlushLog();
  const tcc::Call call = test.partners.calls.front();
  test.partners.calls.pop_front();
  tcc::Completion completion;
  completion.call = call.call;
  completion.operation = call.operation;
  completion.answer = Answer::kDone;
  completion.expires_at = test.clock.Wall() + std::chrono::seconds(5);
  test.shard->OnCompletion(completion);
  test.Advance(std::chrono::milliseconds(3999));
  EXPECT_TRUE(test.partners.cancelled.empty());
  test.Advance(std::chrono::milliseconds(2));
  EXPECT_EQ(test.partners.cancelled.size(), 1u) << "a second before it ends";
  test.Reply("flight", kTry);
  test.Reply("hotel", kCancel);
  test.Reply("flight", kCancel);
  EXPECT_EQ(ProblemOf(test.AnswerOf(request)).cause().reason(), "EXPIRED");
}

TEST(Partners, EnlistedOneByOneEachIsDurableBeforeItsTry) {
  ShardFixture test;
  Interactive tx(test);
  const size_t hotel = tx.Enlist("hotel");
  EXPECT_EQ(test.LogKinds(), "enlist");
  EXPECT_TRUE(test.partners.calls.empty());
  test.FlushLog();
  test.Reply("hotel", kTry);
  EXPECT_EQ(test.StatusOf(hotel), 200);
  EXPECT_EQ(test.StatusOf(tx.Enlist("hotel")), 200) << "the same again is the same branch";
  EXPECT_EQ(test.LogKinds(), "enlist");
  const size_t committed = tx.Commit();
  test.FlushLog();
  test.Reply("hotel", kConfirm);
  EXPECT_EQ(test.StatusOf(committed), 200);
}

TEST(Partners, ABranchOfTheSameNameElsewhereIsRefused) {
  ShardFixture test;
  Interactive tx(test);
  tx.Enlist("hotel");
  test.FlushLog();
  test.Reply("hotel", kTry);
  EXPECT_EQ(test.StatusOf(tx.Enlist("hotel", true)), 409);
}

TEST(Partners, AClientThatTriesByItselfVotesAndCommitWaitsForIt) {
  ShardFixture test;
  Interactive tx(test);
  const size_t hotel = tx.Enlist("hotel", true);
  EXPECT_EQ(test.StatusOf(tx.Vote("hotel", v1::VoteRequest::PREPARED)), 409)
      << "not durable yet: it must not be called";
  test.FlushLog();
  EXPECT_EQ(test.StatusOf(hotel), 200);
  EXPECT_TRUE(test.partners.calls.empty());
  const size_t early = tx.Commit();
  ASSERT_EQ(test.StatusOf(early), 409);
  EXPECT_EQ(ProblemOf(test.AnswerOf(early)).title(), "Vote missing");
  EXPECT_EQ(test.StatusOf(tx.Vote("nobody", v1::VoteRequest::PREPARED)), 404);
  EXPECT_EQ(test.StatusOf(tx.Vote("hotel", v1::VoteRequest::PREPARED)), 200);
  EXPECT_EQ(test.StatusOf(tx.Vote("hotel", v1::VoteRequest::PREPARED)), 200) << "the same again";
  EXPECT_EQ(test.StatusOf(tx.Vote("hotel", v1::VoteRequest::REFUSED)), 409);
  const size_t committed = tx.Commit();
  test.FlushLog();
  test.Reply("hotel", kConfirm);
  EXPECT_EQ(test.StatusOf(committed), 200);
}

TEST(Partners, AVoteAgainstRollsBackAndCancelsWhatTheClientMayHaveTriedTwice) {
  ShardFixture test;
  Interactive tx(test);
  tx.Enlist("hotel", true);
  test.FlushLog();
  const size_t vote = tx.Vote("hotel", v1::VoteRequest::REFUSED);
  test.Reply("hotel", kCancel);
  test.FlushLog();
  EXPECT_EQ(test.StatusOf(vote), 200) << "as asked";
  EXPECT_EQ(ViewOf(test.AnswerOf(vote)).outcome(), v1::ROLLED_BACK);
  EXPECT_EQ(test.StatusOf(tx.Enlist("late")), 409);
}

TEST(Partners, AVoteForABranchThatWeCallIsRefused) {
  ShardFixture test;
  Interactive tx(test);
  tx.Enlist("hotel");
  test.FlushLog();
  EXPECT_EQ(test.StatusOf(tx.Vote("hotel", v1::VoteRequest::PREPARED)), 409);
}

// A partner that needs another one enlists it under the transaction that it was called with.
TEST(Partners, APartnerMayEnlistAnotherWhileItIsBeingTried) {
  ShardFixture test;
  const size_t request = test.Send(OneCall("g", {"hotel"}, true));
  test.FlushLog();
  const std::string transaction = test.partners.calls.front().key.gtrid.ToHex();
  const auto enlist = [&](const std::string& name) {
    Request nested;
    nested.route = Route::kEnlist;
    nested.gid = "g";
    nested.transaction = transaction;
    v1::Branch branch;
    AddPartner(name, &branch);
    nested.body = branch;
    return test.Send(std::move(nested));
  };
  const size_t spa = enlist("spa");
  EXPECT_EQ(test.LogKinds(), "open enlist");
  test.FlushLog();
  const tcc::Call hotel = test.partners.calls.front();
  test.partners.calls.pop_front();
  test.Reply("spa", kTry);
  EXPECT_EQ(test.StatusOf(spa), 200);
  EXPECT_TRUE(test.a.calls.empty()) << "the hotel has not voted";
  test.partners.calls.push_back(hotel);
  test.Reply("hotel", kTry);
  EXPECT_EQ(test.StatusOf(enlist("late")), 409) << "SQL is under way";
  test.Reply(test.a, Operation::kOpen);
  test.Reply(test.a, Operation::kRun);
  test.Reply(test.a, Operation::kPrepare);
  test.FlushLog();
  test.Reply(test.a, Operation::kCommit);
  test.Reply("hotel", kConfirm);
  test.Reply("spa", kConfirm);
  EXPECT_EQ(test.StatusOf(request), 200);
}

// It would end before its statements have run.
TEST(Partners, WhatWasMadeInOneCallTakesNoSqlNorCommit) {
  ShardFixture test;
  const size_t request = test.Execute("g");
  test.Reply(test.a, Operation::kOpen);
  test.Reply(test.b, Operation::kOpen);
  const std::string transaction = test.a.calls.front().xid.gtrid.ToHex();
  const auto send = [&](Route route, auto body) {
    Request other;
    other.route = route;
    other.gid = "g";
    other.branch = "on-a";
    other.transaction = transaction;
    other.body = std::move(body);
    return test.Send(std::move(other));
  };
  const size_t commit = send(Route::kCommit, std::monostate());
  ASSERT_EQ(test.StatusOf(commit), 409);
  EXPECT_EQ(ProblemOf(test.AnswerOf(commit)).type(), "urn:assent:one-call");
  v1::RunRequest run;
  run.set_seq(1);
  run.add_statements()->set_sql("SELECT 1");
  EXPECT_EQ(test.StatusOf(send(Route::kRun, run)), 409);
  v1::Branch branch;
  branch.set_name("more");
  branch.mutable_xa()->set_resource("b");
  EXPECT_EQ(test.StatusOf(send(Route::kEnlist, branch)), 409);
  test.Reply(test.a, Operation::kRun);
  test.Reply(test.b, Operation::kRun);
  test.Reply(test.a, Operation::kPrepare);
  test.Reply(test.b, Operation::kPrepare);
  test.FlushLog();
  test.Reply(test.a, Operation::kCommit);
  test.Reply(test.b, Operation::kCommit);
  EXPECT_EQ(test.StatusOf(request), 200);
}

// A run whose answer was lost is sent again when its transaction has been rolled back: the answer
// does not wait for a partner that may never end its cancel.
TEST(Partners, ARunThatIsRepeatedAfterTheDecisionIsAnsweredAtOnce) {
  ShardFixture test;
  Interactive tx(test);
  tx.Enlist("hotel");
  test.FlushLog();
  test.Reply("hotel", kTry);
  Request enlist = tx.To(Route::kEnlist);
  v1::Branch branch;
  branch.set_name("pc");
  branch.mutable_xa()->set_resource("a");
  enlist.body = branch;
  test.Send(std::move(enlist));
  test.Reply(test.a, Operation::kOpen);
  tx.Run("pc");
  test.Reply(test.a, Operation::kRun);
  tx.RollBack();
  const size_t undecided = tx.Run("pc");
  EXPECT_EQ(test.StatusOf(undecided), 0) << "told once it is durable";
  test.FlushLog();
  EXPECT_EQ(test.StatusOf(undecided), 409);
  EXPECT_EQ(test.StatusOf(tx.Run("pc")), 409);
  ASSERT_EQ(test.partners.calls.size(), 1u) << "its cancel has no answer yet";
}

// Of what a crash has ended only the partners are known again.
TEST(Partners, AStepOfAnUnknownBranchIsToldHowItsTransactionEnds) {
  ShardFixture test;
  Interactive tx(test);
  tx.Enlist("hotel");
  test.FlushLog();
  test.Reply("hotel", kTry);
  EXPECT_EQ(test.StatusOf(tx.Run("pc")), 404);
  EXPECT_EQ(test.StatusOf(tx.Vote("pc", v1::VoteRequest::PREPARED)), 404);
  tx.RollBack();
  test.FlushLog();
  const size_t late = tx.Run("pc");
  ASSERT_EQ(test.StatusOf(late), 409);
  EXPECT_EQ(ProblemOf(test.AnswerOf(late)).type(), "urn:assent:rolled-back");
  EXPECT_EQ(test.StatusOf(tx.Vote("pc", v1::VoteRequest::PREPARED)), 409);
}

TEST(Partners, AVoteForAnUnknownBranchOfWhatIsCommittedIsAProblem) {
  ShardFixture test;
  Interactive tx(test);
  tx.Enlist("hotel");
  test.FlushLog();
  test.Reply("hotel", kTry);
  tx.Commit();
  test.FlushLog();
  ASSERT_EQ(test.partners.calls.size(), 1u) << "its confirm has no answer yet";
  const size_t vote = tx.Vote("flight", v1::VoteRequest::PREPARED);
  ASSERT_EQ(test.StatusOf(vote), 409);
  EXPECT_EQ(ProblemOf(test.AnswerOf(vote)).type(), "urn:assent:already-decided");
}

TEST(Partners, AYesThatComesAfterTheRollBackIsToldAsOne) {
  ShardFixture test;
  Interactive tx(test);
  const size_t enlisted = tx.Enlist("hotel");
  test.FlushLog();
  tx.RollBack();
  test.Reply("hotel", kTry);
  EXPECT_EQ(test.StatusOf(enlisted), 0) << "told once it is durable";
  test.FlushLog();
  EXPECT_EQ(test.StatusOf(enlisted), 409);
}

// After a restart the partners of what is held are told once more, and must find their rows.
TEST(Partners, TheHorizonStaysBelowWhatIsHeldForPeople) {
  ShardFixture test;
  const WallTime begun = test.clock.Wall();
  test.Execute("held");
  test.UpToDecision();
  test.FlushLog();
  test.Reply(test.a, core::Operation::kCommit);
  test.Reply(test.b, core::Operation::kCommit, xa::Code::kHeuristicRollBack);
  test.FlushLog();
  test.Advance(std::chrono::hours(1));
  test.Send(OneCall("g", {"hotel"}, false));
  test.FlushLog();
  ASSERT_EQ(test.partners.calls.size(), 1u);
  EXPECT_LE(test.partners.calls.front().horizon.ns, begun.ns);
}

TEST(Partners, TheHorizonPassesWhatHasEnded) {
  ShardFixture test;
  const WallTime begun = test.clock.Wall();
  test.Execute("done");
  test.UpToDecision();
  test.FlushLog();
  test.Reply(test.a, core::Operation::kCommit);
  test.Reply(test.b, core::Operation::kCommit);
  test.FlushLog();
  test.Advance(std::chrono::hours(1));
  test.Send(OneCall("g", {"hotel"}, false));
  test.FlushLog();
  ASSERT_EQ(test.partners.calls.size(), 1u);
  EXPECT_GT(test.partners.calls.front().horizon.ns, begun.ns);
}

TEST(Partners, TheHorizonWaitsForADurableEnd) {
  ShardFixture test;
  const WallTime begun = test.clock.Wall();
  test.Send(OneCall("done", {"hotel"}, false));
  test.FlushLog();
  test.Reply("hotel", kTry);
  test.FlushLog();
  test.Advance(std::chrono::seconds(3));
  test.Reply("hotel", kConfirm);
  ASSERT_EQ(test.LogKinds(), "open commit end");
  const auto horizon = [&](const std::string& gid) {
    test.Advance(std::chrono::seconds(2));
    test.Send(OneCall(gid, {"hotel"}, false));
    test.FlushLog();
    return test.partners.calls.back().horizon.ns;
  };
  EXPECT_LE(horizon("g"), begun.ns) << "a restart now would confirm once more";
  EXPECT_GT(horizon("h"), begun.ns);
}

TEST(Partners, ABranchOfOneCallThatIsEnlistedAgainIsAnsweredAtItsYes) {
  ShardFixture test;
  test.Send(OneCall("g", {"hotel", "flight"}, false));
  test.FlushLog();
  ASSERT_EQ(test.partners.calls.size(), 2u);
  Request enlist;
  enlist.route = Route::kEnlist;
  enlist.gid = "g";
  enlist.transaction = test.partners.calls.front().key.gtrid.ToHex();
  v1::Branch branch;
  AddPartner("hotel", &branch);
  enlist.body = branch;
  const size_t again = test.Send(std::move(enlist));
  EXPECT_EQ(test.StatusOf(again), 0) << "its try is under way";
  test.Reply("hotel", kTry);
  ASSERT_EQ(test.StatusOf(again), 200) << "the flight's own try may wait for this";
  EXPECT_EQ(ViewOf(test.AnswerOf(again)).branches(0).state(), v1::BranchView::PREPARED);
}

TEST(Partners, BadInputNamesItsField) {
  EngineOptions options;
  options.payload_bytes = 8;
  ShardFixture test(options);
  const auto field = [&](const std::function<void(v1::TccBranch*)>& spoil) {
    Request request = OneCall("", {"hotel"}, false);
    auto& body = std::get<v1::ExecuteRequest>(request.body);
    spoil(body.mutable_atomic()->mutable_branches(0)->mutable_tcc());
    const size_t number = test.Send(std::move(request));
    EXPECT_EQ(test.StatusOf(number), 400);
    return ProblemOf(test.AnswerOf(number)).field();
  };
  const std::string path = "atomic.branches[0].tcc.";
  EXPECT_EQ(field([](auto* tcc) { tcc->set_url("http://forbidden/"); }), path + "url");
  EXPECT_EQ(field([](auto* tcc) { tcc->clear_url(); }), path + "url");
  EXPECT_EQ(field([](auto* tcc) { tcc->set_url("http://x/" + std::string(2032, 'a')); }),
            path + "url")
      << "its try could be sent, its confirm could not";
  EXPECT_EQ(field([](auto* tcc) { tcc->mutable_urls()->set_try_("http://x/"); }), path + "url");
  EXPECT_EQ(field([](auto* tcc) {
              tcc->clear_url();
              tcc->mutable_urls()->set_try_("http://x/");
              tcc->mutable_urls()->set_confirm("http://forbidden/");
            }),
            path + "urls.confirm");
  EXPECT_EQ(field([](auto* tcc) { tcc->mutable_payload()->set_text("\"12345678\""); }),
            path + "payload");
  EXPECT_EQ(field([](auto* tcc) { tcc->set_called_by_client(true); }), path + "called_by_client");
}

TEST(Partners, NamesAreUniqueAmongThem) {
  ShardFixture test;
  const size_t number = test.Send(OneCall("", {"hotel", "hotel"}, false));
  ASSERT_EQ(test.StatusOf(number), 400);
  EXPECT_EQ(ProblemOf(test.AnswerOf(number)).field(), "atomic.branches[1].name");
}

TEST(Partners, AllOfATransactionAreBounded) {
  EngineOptions options;
  options.partner_bytes = 300;
  ShardFixture test(options);
  EXPECT_EQ(test.StatusOf(test.Send(OneCall("", {"a", "b"}, false))), 400);
  Interactive tx(test);
  tx.Enlist("a");
  test.FlushLog();
  EXPECT_EQ(test.StatusOf(tx.Enlist("b")), 400);
}

}  // namespace
}  // namespace assent::coordinator
