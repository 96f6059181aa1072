// SPDX-License-Identifier: Apache-2.0
// Partners in the shard: what is durable before what is sent, and what clients are told.
#include <gtest/gtest.h>

#include "coordinator/records.h"
#include "coordinator/testing.h"

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
  explicit Interactive(Box& box) : box_(box) {
    Request request;
    request.route = Route::kBegin;
    request.fingerprint = "begin";
    v1::BeginRequest body;
    body.set_gid("g");
    request.body = body;
    transaction_ = ViewOf(box.AnswerOf(box.Send(std::move(request)))).transaction();
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
    return box_.Send(std::move(request));
  }
  size_t Vote(const std::string& name, v1::VoteRequest::Vote vote) {
    Request request = To(Route::kVote);
    request.branch = name;
    request.fingerprint = v1::VoteRequest::Vote_Name(vote);
    v1::VoteRequest body;
    body.set_vote(vote);
    request.body = body;
    return box_.Send(std::move(request));
  }
  size_t Run(const std::string& branch) {
    Request request = To(Route::kRun);
    request.branch = branch;
    v1::RunRequest body;
    body.set_seq(1);
    body.add_statements()->set_sql("UPDATE t SET a = 1");
    request.body = body;
    return box_.Send(std::move(request));
  }
  size_t Commit() { return box_.Send(To(Route::kCommit)); }
  size_t RollBack() {
    Request request = To(Route::kRollBack);
    request.body = v1::RollbackRequest();
    return box_.Send(std::move(request));
  }
  const std::string& transaction() const { return transaction_; }

 private:
  Box& box_;
  std::string transaction_;
};

TEST(Partners, NoTryGoesOutBeforeTheOpenRecordIsDurable) {
  Box box;
  const size_t request = box.Send(OneCall("g", {"hotel", "flight"}, false));
  EXPECT_EQ(box.LogKinds(), "open");
  EXPECT_EQ(box.log.urgencies.at(0), log::Urgency::kForce);
  EXPECT_TRUE(box.partners.calls.empty());
  box.FlushLog();
  ASSERT_EQ(box.partners.calls.size(), 2u);
  const tcc::Call& call = box.partners.calls.front();
  EXPECT_EQ(call.urls->try_url, "http://127.0.0.1:9101/hotel/try");
  EXPECT_EQ(call.payload->bytes, "{\"n\":1}");
  EXPECT_EQ(call.gid, "g");
  EXPECT_EQ(call.attempt, 1u);
  EXPECT_FALSE(call.try_sent_before);
  box.Reply("hotel", kTry);
  box.Reply("flight", kTry);
  EXPECT_EQ(box.LogKinds(), "open commit");
  EXPECT_TRUE(box.partners.calls.empty()) << "no confirm before the decision is durable";
  box.FlushLog();
  box.Reply("hotel", kConfirm);
  EXPECT_EQ(box.StatusOf(request), 0);
  box.Reply("flight", kConfirm);
  ASSERT_EQ(box.StatusOf(request), 200);
  const v1::Transaction& view = ViewOf(box.AnswerOf(request));
  EXPECT_EQ(view.outcome(), v1::COMMITTED);
  EXPECT_EQ(view.branches(0).url(), "http://127.0.0.1:9101/hotel");
  EXPECT_EQ(view.branches(0).resource(), "");
  EXPECT_EQ(box.LogKinds(), "open commit end");
}

TEST(Partners, TriesGoBeforeSqlAndOneDecisionStandsOverBoth) {
  Box box;
  const size_t request = box.Send(OneCall("g", {"hotel"}, true));
  box.FlushLog();
  EXPECT_TRUE(box.a.calls.empty());
  box.Reply("hotel", kTry);
  box.Reply(box.a, Operation::kOpen);
  box.Reply(box.a, Operation::kRun);
  box.Reply(box.a, Operation::kPrepare);
  EXPECT_EQ(box.LogKinds(), "open commit");
  box.FlushLog();
  box.Reply("hotel", kConfirm);
  box.Reply(box.a, Operation::kCommit);
  EXPECT_EQ(box.StatusOf(request), 200);
}

TEST(Partners, ARefusedTryTouchesNoDatabaseAndIsNotCancelledWhenItWasTheOnlyAttempt) {
  Box box;
  const size_t request = box.Send(OneCall("g", {"hotel"}, true));
  box.FlushLog();
  box.Reply("hotel", kTry, Answer::kRefused);
  EXPECT_TRUE(box.partners.calls.empty());
  EXPECT_TRUE(box.a.calls.empty());
  box.FlushLog();
  ASSERT_EQ(box.StatusOf(request), 409);
  const v1::Problem& problem = ProblemOf(box.AnswerOf(request));
  EXPECT_EQ(problem.cause().reason(), "PREPARE_REFUSED");
  EXPECT_EQ(problem.cause().branch(), "hotel");
  EXPECT_EQ(problem.cause().decided_by(), "RESOURCE");
  EXPECT_EQ(box.LogKinds(), "open outcome end");
}

TEST(Partners, ARefusalAfterAnAttemptThatMayHaveArrivedIsCancelled) {
  Box box;
  box.Send(OneCall("g", {"hotel"}, false));
  box.FlushLog();
  box.Reply("hotel", kTry, Answer::kUnknown);
  EXPECT_TRUE(box.partners.calls.empty()) << "not at once";
  box.Advance(std::chrono::seconds(1));
  ASSERT_EQ(box.partners.calls.size(), 1u);
  EXPECT_EQ(box.partners.calls.front().attempt, 2u);
  EXPECT_TRUE(box.partners.calls.front().try_sent_before);
  box.Reply("hotel", kTry, Answer::kRefused);
  box.Reply("hotel", kCancel);
}

TEST(Partners, WhatNeverLeftThisProcessIsNotCancelled) {
  Box box;
  box.Send(OneCall("g", {"hotel"}, false));
  box.FlushLog();
  box.Reply("hotel", kTry, Answer::kNotSent);
  box.Advance(std::chrono::seconds(1));
  EXPECT_FALSE(box.partners.calls.front().try_sent_before);
  box.Advance(std::chrono::seconds(30));
  ASSERT_EQ(box.partners.cancelled.size(), 1u) << "the deadline ends the call";
  box.Reply("hotel", kTry, Answer::kNotSent);
  EXPECT_TRUE(box.partners.calls.empty());
}

TEST(Partners, TheDeadlineNamesThePartnerThatWasSilent) {
  Box box;
  const size_t request = box.Send(OneCall("", {"hotel"}, false));
  box.FlushLog();
  box.Reply("hotel", kTry, Answer::kUnknown);
  box.Advance(std::chrono::seconds(1));
  box.Advance(std::chrono::seconds(30));
  ASSERT_EQ(box.partners.cancelled.size(), 1u) << "the deadline ends the second attempt";
  box.Reply("hotel", kTry, Answer::kUnknown);
  ASSERT_EQ(box.StatusOf(request), 0) << "phase two is waited for";
  box.Reply("hotel", kCancel);
  ASSERT_EQ(box.StatusOf(request), 409);
  EXPECT_EQ(ProblemOf(box.AnswerOf(request)).cause().reason(), "DEADLINE");
  EXPECT_EQ(ProblemOf(box.AnswerOf(request)).cause().branch(), "hotel");
}

TEST(Partners, ARefusedConfirmIsThePersonsMatterAndIsAskedAgainAllTheSame) {
  Box box;
  const size_t request = box.Send(OneCall("g", {"hotel"}, false));
  box.FlushLog();
  box.Reply("hotel", kTry);
  box.FlushLog();
  box.Reply("hotel", kConfirm, Answer::kRefused);
  box.Advance(std::chrono::seconds(3));
  ASSERT_EQ(box.StatusOf(request), 200);
  EXPECT_EQ(ViewOf(box.AnswerOf(request)).outcome(), v1::COMMITTED);
  EXPECT_EQ(ViewOf(box.AnswerOf(request)).branches(0).state(), v1::BranchView::NEEDS_OPERATOR);
  box.Reply("hotel", kConfirm);
  EXPECT_EQ(box.LogKinds(), "open commit end");
}

TEST(Partners, AReservationThatWouldEndFirstRollsBack) {
  Box box;
  const size_t request = box.Send(OneCall("", {"hotel", "flight"}, false));
  box.FlushLog();
  const tcc::Call call = box.partners.calls.front();
  box.partners.calls.pop_front();
  tcc::Completion completion;
  completion.call = call.call;
  completion.operation = call.operation;
  completion.answer = Answer::kDone;
  completion.expires_at = box.clock.Wall() + std::chrono::seconds(5);
  box.shard->OnCompletion(completion);
  box.Advance(std::chrono::milliseconds(3999));
  EXPECT_TRUE(box.partners.cancelled.empty());
  box.Advance(std::chrono::milliseconds(2));
  EXPECT_EQ(box.partners.cancelled.size(), 1u) << "a second before it ends";
  box.Reply("flight", kTry);
  box.Reply("hotel", kCancel);
  box.Reply("flight", kCancel);
  EXPECT_EQ(ProblemOf(box.AnswerOf(request)).cause().reason(), "EXPIRED");
}

TEST(Partners, EnlistedOneByOneEachIsDurableBeforeItsTry) {
  Box box;
  Interactive tx(box);
  const size_t hotel = tx.Enlist("hotel");
  EXPECT_EQ(box.LogKinds(), "enlist");
  EXPECT_TRUE(box.partners.calls.empty());
  box.FlushLog();
  box.Reply("hotel", kTry);
  EXPECT_EQ(box.StatusOf(hotel), 200);
  EXPECT_EQ(box.StatusOf(tx.Enlist("hotel")), 200) << "the same again is the same branch";
  EXPECT_EQ(box.LogKinds(), "enlist");
  const size_t committed = tx.Commit();
  box.FlushLog();
  box.Reply("hotel", kConfirm);
  EXPECT_EQ(box.StatusOf(committed), 200);
}

TEST(Partners, ABranchOfTheSameNameElsewhereIsRefused) {
  Box box;
  Interactive tx(box);
  tx.Enlist("hotel");
  box.FlushLog();
  box.Reply("hotel", kTry);
  EXPECT_EQ(box.StatusOf(tx.Enlist("hotel", true)), 409);
}

TEST(Partners, AClientThatTriesByItselfVotesAndCommitWaitsForIt) {
  Box box;
  Interactive tx(box);
  const size_t hotel = tx.Enlist("hotel", true);
  EXPECT_EQ(box.StatusOf(tx.Vote("hotel", v1::VoteRequest::PREPARED)), 409)
      << "not durable yet: it must not be called";
  box.FlushLog();
  EXPECT_EQ(box.StatusOf(hotel), 200);
  EXPECT_TRUE(box.partners.calls.empty());
  const size_t early = tx.Commit();
  ASSERT_EQ(box.StatusOf(early), 409);
  EXPECT_EQ(ProblemOf(box.AnswerOf(early)).title(), "Vote missing");
  EXPECT_EQ(box.StatusOf(tx.Vote("nobody", v1::VoteRequest::PREPARED)), 404);
  EXPECT_EQ(box.StatusOf(tx.Vote("hotel", v1::VoteRequest::PREPARED)), 200);
  EXPECT_EQ(box.StatusOf(tx.Vote("hotel", v1::VoteRequest::PREPARED)), 200) << "the same again";
  EXPECT_EQ(box.StatusOf(tx.Vote("hotel", v1::VoteRequest::REFUSED)), 409);
  const size_t committed = tx.Commit();
  box.FlushLog();
  box.Reply("hotel", kConfirm);
  EXPECT_EQ(box.StatusOf(committed), 200);
}

TEST(Partners, AVoteAgainstRollsBackAndCancelsWhatTheClientMayHaveTriedTwice) {
  Box box;
  Interactive tx(box);
  tx.Enlist("hotel", true);
  box.FlushLog();
  const size_t vote = tx.Vote("hotel", v1::VoteRequest::REFUSED);
  box.Reply("hotel", kCancel);
  box.FlushLog();
  EXPECT_EQ(box.StatusOf(vote), 200) << "as asked";
  EXPECT_EQ(ViewOf(box.AnswerOf(vote)).outcome(), v1::ROLLED_BACK);
  EXPECT_EQ(box.StatusOf(tx.Enlist("late")), 409);
}

TEST(Partners, AVoteForABranchThatWeCallIsRefused) {
  Box box;
  Interactive tx(box);
  tx.Enlist("hotel");
  box.FlushLog();
  EXPECT_EQ(box.StatusOf(tx.Vote("hotel", v1::VoteRequest::PREPARED)), 409);
}

// A partner that needs another one enlists it under the transaction that it was called with.
TEST(Partners, APartnerMayEnlistAnotherWhileItIsBeingTried) {
  Box box;
  const size_t request = box.Send(OneCall("g", {"hotel"}, true));
  box.FlushLog();
  const std::string transaction = box.partners.calls.front().key.gtrid.ToHex();
  const auto enlist = [&](const std::string& name) {
    Request nested;
    nested.route = Route::kEnlist;
    nested.gid = "g";
    nested.transaction = transaction;
    v1::Branch branch;
    AddPartner(name, &branch);
    nested.body = branch;
    return box.Send(std::move(nested));
  };
  const size_t spa = enlist("spa");
  EXPECT_EQ(box.LogKinds(), "open enlist");
  box.FlushLog();
  const tcc::Call hotel = box.partners.calls.front();
  box.partners.calls.pop_front();
  box.Reply("spa", kTry);
  EXPECT_EQ(box.StatusOf(spa), 200);
  EXPECT_TRUE(box.a.calls.empty()) << "the hotel has not voted";
  box.partners.calls.push_back(hotel);
  box.Reply("hotel", kTry);
  EXPECT_EQ(box.StatusOf(enlist("late")), 409) << "SQL is under way";
  box.Reply(box.a, Operation::kOpen);
  box.Reply(box.a, Operation::kRun);
  box.Reply(box.a, Operation::kPrepare);
  box.FlushLog();
  box.Reply(box.a, Operation::kCommit);
  box.Reply("hotel", kConfirm);
  box.Reply("spa", kConfirm);
  EXPECT_EQ(box.StatusOf(request), 200);
}

// It would end before its statements have run.
TEST(Partners, WhatWasMadeInOneCallTakesNoSqlNorCommit) {
  Box box;
  const size_t request = box.Execute("g");
  box.Reply(box.a, Operation::kOpen);
  box.Reply(box.b, Operation::kOpen);
  const std::string transaction = box.a.calls.front().xid.gtrid.ToHex();
  const auto send = [&](Route route, auto body) {
    Request other;
    other.route = route;
    other.gid = "g";
    other.branch = "on-a";
    other.transaction = transaction;
    other.body = std::move(body);
    return box.Send(std::move(other));
  };
  const size_t commit = send(Route::kCommit, std::monostate());
  ASSERT_EQ(box.StatusOf(commit), 409);
  EXPECT_EQ(ProblemOf(box.AnswerOf(commit)).type(), "urn:assent:one-call");
  v1::RunRequest run;
  run.set_seq(1);
  run.add_statements()->set_sql("SELECT 1");
  EXPECT_EQ(box.StatusOf(send(Route::kRun, run)), 409);
  v1::Branch branch;
  branch.set_name("more");
  branch.mutable_xa()->set_resource("b");
  EXPECT_EQ(box.StatusOf(send(Route::kEnlist, branch)), 409);
  box.Reply(box.a, Operation::kRun);
  box.Reply(box.b, Operation::kRun);
  box.Reply(box.a, Operation::kPrepare);
  box.Reply(box.b, Operation::kPrepare);
  box.FlushLog();
  box.Reply(box.a, Operation::kCommit);
  box.Reply(box.b, Operation::kCommit);
  EXPECT_EQ(box.StatusOf(request), 200);
}

// A run whose answer was lost is sent again when its transaction has been rolled back: the answer
// does not wait for a partner that may never end its cancel.
TEST(Partners, ARunThatIsRepeatedAfterTheDecisionIsAnsweredAtOnce) {
  Box box;
  Interactive tx(box);
  tx.Enlist("hotel");
  box.FlushLog();
  box.Reply("hotel", kTry);
  Request enlist = tx.To(Route::kEnlist);
  v1::Branch branch;
  branch.set_name("pc");
  branch.mutable_xa()->set_resource("a");
  enlist.body = branch;
  box.Send(std::move(enlist));
  box.Reply(box.a, Operation::kOpen);
  tx.Run("pc");
  box.Reply(box.a, Operation::kRun);
  tx.RollBack();
  const size_t undecided = tx.Run("pc");
  EXPECT_EQ(box.StatusOf(undecided), 0) << "told once it is durable";
  box.FlushLog();
  EXPECT_EQ(box.StatusOf(undecided), 409);
  EXPECT_EQ(box.StatusOf(tx.Run("pc")), 409);
  ASSERT_EQ(box.partners.calls.size(), 1u) << "its cancel has no answer yet";
}

// Of what a crash has ended only the partners are known again.
TEST(Partners, AStepOfAnUnknownBranchIsToldHowItsTransactionEnds) {
  Box box;
  Interactive tx(box);
  tx.Enlist("hotel");
  box.FlushLog();
  box.Reply("hotel", kTry);
  EXPECT_EQ(box.StatusOf(tx.Run("pc")), 404);
  EXPECT_EQ(box.StatusOf(tx.Vote("pc", v1::VoteRequest::PREPARED)), 404);
  tx.RollBack();
  box.FlushLog();
  const size_t late = tx.Run("pc");
  ASSERT_EQ(box.StatusOf(late), 409);
  EXPECT_EQ(ProblemOf(box.AnswerOf(late)).type(), "urn:assent:rolled-back");
  EXPECT_EQ(box.StatusOf(tx.Vote("pc", v1::VoteRequest::PREPARED)), 409);
}

TEST(Partners, AVoteForAnUnknownBranchOfWhatIsCommittedIsAProblem) {
  Box box;
  Interactive tx(box);
  tx.Enlist("hotel");
  box.FlushLog();
  box.Reply("hotel", kTry);
  tx.Commit();
  box.FlushLog();
  ASSERT_EQ(box.partners.calls.size(), 1u) << "its confirm has no answer yet";
  const size_t vote = tx.Vote("flight", v1::VoteRequest::PREPARED);
  ASSERT_EQ(box.StatusOf(vote), 409);
  EXPECT_EQ(ProblemOf(box.AnswerOf(vote)).type(), "urn:assent:already-decided");
}

TEST(Partners, AYesThatComesAfterTheRollBackIsToldAsOne) {
  Box box;
  Interactive tx(box);
  const size_t enlisted = tx.Enlist("hotel");
  box.FlushLog();
  tx.RollBack();
  box.Reply("hotel", kTry);
  EXPECT_EQ(box.StatusOf(enlisted), 0) << "told once it is durable";
  box.FlushLog();
  EXPECT_EQ(box.StatusOf(enlisted), 409);
}

// After a restart the partners of what is held are told once more, and must find their rows.
TEST(Partners, TheHorizonStaysBelowWhatIsHeldForPeople) {
  Box box;
  const WallTime begun = box.clock.Wall();
  box.Execute("held");
  box.UpToDecision();
  box.FlushLog();
  box.Reply(box.a, core::Operation::kCommit);
  box.Reply(box.b, core::Operation::kCommit, xa::Code::kHeuristicRollBack);
  box.FlushLog();
  box.Advance(std::chrono::hours(1));
  box.Send(OneCall("g", {"hotel"}, false));
  box.FlushLog();
  ASSERT_EQ(box.partners.calls.size(), 1u);
  EXPECT_LE(box.partners.calls.front().horizon.ns, begun.ns);
}

TEST(Partners, TheHorizonPassesWhatHasEnded) {
  Box box;
  const WallTime begun = box.clock.Wall();
  box.Execute("done");
  box.UpToDecision();
  box.FlushLog();
  box.Reply(box.a, core::Operation::kCommit);
  box.Reply(box.b, core::Operation::kCommit);
  box.FlushLog();
  box.Advance(std::chrono::hours(1));
  box.Send(OneCall("g", {"hotel"}, false));
  box.FlushLog();
  ASSERT_EQ(box.partners.calls.size(), 1u);
  EXPECT_GT(box.partners.calls.front().horizon.ns, begun.ns);
}

TEST(Partners, TheHorizonWaitsForADurableEnd) {
  Box box;
  const WallTime begun = box.clock.Wall();
  box.Send(OneCall("done", {"hotel"}, false));
  box.FlushLog();
  box.Reply("hotel", kTry);
  box.FlushLog();
  box.Advance(std::chrono::seconds(3));
  box.Reply("hotel", kConfirm);
  ASSERT_EQ(box.LogKinds(), "open commit end");
  const auto horizon = [&](const std::string& gid) {
    box.Advance(std::chrono::seconds(2));
    box.Send(OneCall(gid, {"hotel"}, false));
    box.FlushLog();
    return box.partners.calls.back().horizon.ns;
  };
  EXPECT_LE(horizon("g"), begun.ns) << "a restart now would confirm once more";
  EXPECT_GT(horizon("h"), begun.ns);
}

TEST(Partners, ABranchOfOneCallThatIsEnlistedAgainIsAnsweredAtItsYes) {
  Box box;
  box.Send(OneCall("g", {"hotel", "flight"}, false));
  box.FlushLog();
  ASSERT_EQ(box.partners.calls.size(), 2u);
  Request enlist;
  enlist.route = Route::kEnlist;
  enlist.gid = "g";
  enlist.transaction = box.partners.calls.front().key.gtrid.ToHex();
  v1::Branch branch;
  AddPartner("hotel", &branch);
  enlist.body = branch;
  const size_t again = box.Send(std::move(enlist));
  EXPECT_EQ(box.StatusOf(again), 0) << "its try is under way";
  box.Reply("hotel", kTry);
  ASSERT_EQ(box.StatusOf(again), 200) << "the flight's own try may wait for this";
  EXPECT_EQ(ViewOf(box.AnswerOf(again)).branches(0).state(), v1::BranchView::PREPARED);
}

TEST(Partners, BadInputNamesItsField) {
  EngineOptions options;
  options.payload_bytes = 8;
  Box box(options);
  const auto field = [&](const std::function<void(v1::TccBranch*)>& spoil) {
    Request request = OneCall("", {"hotel"}, false);
    auto& body = std::get<v1::ExecuteRequest>(request.body);
    spoil(body.mutable_atomic()->mutable_branches(0)->mutable_tcc());
    const size_t number = box.Send(std::move(request));
    EXPECT_EQ(box.StatusOf(number), 400);
    return ProblemOf(box.AnswerOf(number)).field();
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
  Box box;
  const size_t number = box.Send(OneCall("", {"hotel", "hotel"}, false));
  ASSERT_EQ(box.StatusOf(number), 400);
  EXPECT_EQ(ProblemOf(box.AnswerOf(number)).field(), "atomic.branches[1].name");
}

TEST(Partners, AllOfATransactionAreBounded) {
  EngineOptions options;
  options.partner_bytes = 300;
  Box box(options);
  EXPECT_EQ(box.StatusOf(box.Send(OneCall("", {"a", "b"}, false))), 400);
  Interactive tx(box);
  tx.Enlist("a");
  box.FlushLog();
  EXPECT_EQ(box.StatusOf(tx.Enlist("b")), 400);
}

}  // namespace
}  // namespace assent::coordinator
