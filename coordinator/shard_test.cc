// SPDX-License-Identifier: Apache-2.0
// The shard with scripted resource managers and a log in memory: what clients are told, and when.
#include "coordinator/shard.h"

#include <gtest/gtest.h>

#include "coordinator/testing.h"

namespace assent::coordinator {
namespace {

using core::Operation;

const v1::Transaction& ViewOf(const Answer* answer) {
  return std::get<v1::Transaction>(answer->body);
}
const v1::Problem& ProblemOf(const Answer* answer) { return std::get<v1::Problem>(answer->body); }

TEST(Shard, TellsNobodyBeforeTheDecisionIsDurableAndSendsNoCommit) {
  Box box;
  const size_t request = box.Execute("g");
  box.UpToDecision();
  EXPECT_EQ(box.LogKinds(), "commit");
  EXPECT_EQ(box.log.urgencies.at(0), log::Urgency::kForce);
  EXPECT_EQ(box.StatusOf(request), 0);
  EXPECT_TRUE(box.a.calls.empty());
  box.FlushLog();
  EXPECT_EQ(box.a.calls.front().operation, Operation::kCommit);
  box.Reply(box.a, Operation::kCommit);
  box.Reply(box.b, Operation::kCommit);
  EXPECT_EQ(box.StatusOf(request), 200);
  EXPECT_EQ(ViewOf(box.AnswerOf(request)).outcome(), v1::COMMITTED);
  EXPECT_EQ(box.LogKinds(), "commit end");
}

TEST(Shard, AnswersCommittedWhenABranchTakesLongerThanTheWait) {
  Box box;
  const size_t request = box.Execute("g");
  box.UpToDecision();
  box.FlushLog();
  box.Reply(box.a, Operation::kCommit);
  box.Advance(std::chrono::seconds(1));
  EXPECT_EQ(box.StatusOf(request), 0);
  box.Advance(std::chrono::seconds(2));
  ASSERT_EQ(box.StatusOf(request), 200);
  EXPECT_EQ(ViewOf(box.AnswerOf(request)).state(), v1::Transaction::COMMITTING);
  EXPECT_EQ(ViewOf(box.AnswerOf(request)).outcome(), v1::COMMITTED);
}

TEST(Shard, TellsRolledBackOnlyOnceThatIsDurable) {
  Box box;
  const size_t request = box.Execute("g");
  box.Reply(box.a, Operation::kOpen);
  box.Reply(box.b, Operation::kOpen);
  box.Reply(box.a, Operation::kRun, xa::Code::kRbOther);
  box.Reply(box.a, Operation::kRollBack);
  box.Reply(box.b, Operation::kRollBack);
  EXPECT_EQ(box.LogKinds(), "outcome");
  EXPECT_EQ(box.log.urgencies.at(0), log::Urgency::kRide);
  EXPECT_EQ(box.StatusOf(request), 0);
  box.FlushLog();
  ASSERT_EQ(box.StatusOf(request), 409);
  EXPECT_EQ(ProblemOf(box.AnswerOf(request)).type(), "urn:assent:rolled-back");
}

TEST(Shard, TakesAServerThatIsKnownBetterForTheSame) {
  Box box;
  const core::Gtrid none;
  const std::string place = "host:3306:1", created = "/1796018183";
  const std::string row = ":00112233445566778899aabbccdd";
  const auto note = [&](const std::string& identity, uint64_t position = 0) {
    return box.shard->NoteIdentity("a", {identity, "start", position});
  };
  EXPECT_EQ(note(place).last_before, none);
  EXPECT_EQ(note(place + created).last_before, none) << "it may be seen now, that is all";
  EXPECT_EQ(note(place).identity, place + created) << "nothing speaks against it";
  EXPECT_EQ(note(place + created + row).last_before, none)
      << "the witness table was installed, that is all";
  EXPECT_EQ(note(place + row).last_before, none);
  EXPECT_EQ(note(place + row).identity, place + created + row);
}

TEST(Shard, TakesAServerThatLostItsRowOrItsLogForAnother) {
  const core::Gtrid none;
  const std::string place = "host:3306:1", row = ":00112233445566778899aabbccdd";
  const std::string other = ":ff112233445566778899aabbccdd";
  for (const auto& [first, second] :
       {std::pair<xa::ServerStamp, xa::ServerStamp>{{place + row, "1", 7}, {place, "2", 8}},
        {{place + row, "1", 7}, {place + other, "2", 8}},
        {{place + row, "1", 7}, {place + row, "2", 6}}}) {
    Box box;
    box.Execute("g");
    EXPECT_EQ(box.shard->NoteIdentity("a", first).last_before, none);
    EXPECT_GT(box.shard->NoteIdentity("a", second).last_before, none) << second.identity;
    EXPECT_EQ(box.shard->NoteIdentity("a", second).identity, second.identity);
  }
}

// The branch on `b` is not listed any more, though no commit of it was answered with OK.
v1::Outcome OutcomeAfterACommit(bool answered) {
  Box box;
  box.Execute("g");
  box.UpToDecision();
  box.FlushLog();
  box.Reply(box.a, Operation::kCommit);
  const auto complete = [&](xa::Code code, bool lost) {
    const xa::Call call = box.b.calls.front();
    box.b.calls.pop_front();
    xa::Completion completion;
    completion.call = call.call;
    completion.operation = call.operation;
    completion.xid = call.xid;
    completion.code = code;
    completion.lost = lost;
    completion.found = xa::Found::kNotListed;
    completion.stamp = {"server-b", "start"};  // as at the prepare
    box.shard->OnCompletion(std::move(completion));
  };
  complete(xa::Code::kErRmFail, !answered);
  box.Advance(std::chrono::minutes(1));
  complete(xa::Code::kErNota, false);
  complete(xa::Code::kOk, false);  // the look
  box.FlushLog();
  Request get;
  get.route = Route::kGet;
  get.gid = "g";
  return ViewOf(box.AnswerOf(box.Send(std::move(get)))).outcome();
}

TEST(Shard, ACommitThatWasAnsweredWithAnErrorHasDoneNothing) {
  EXPECT_EQ(OutcomeAfterACommit(true), v1::HAZARD);
  EXPECT_EQ(OutcomeAfterACommit(false), v1::COMMITTED);
}

TEST(Shard, TheSameGidJoinsWhatRunsAndGivesTheSameOutcomeAfterwards) {
  Box box;
  const size_t first = box.Execute("g");
  const size_t second = box.Execute("g");
  EXPECT_EQ(box.a.calls.size() + box.b.calls.size(), 1u) << "it runs once";
  box.UpToDecision();
  box.FlushLog();
  box.Reply(box.a, Operation::kCommit);
  box.Reply(box.b, Operation::kCommit);
  EXPECT_EQ(box.StatusOf(first), 200);
  EXPECT_EQ(box.StatusOf(second), 200);
  const size_t third = box.Execute("g");
  EXPECT_EQ(box.StatusOf(third), 200);
  EXPECT_EQ(ViewOf(box.AnswerOf(third)).transaction(), ViewOf(box.AnswerOf(first)).transaction());
}

TEST(Shard, ListsAsLiveWhatIsUnfinishedOrHeldWhateverHasEndedSince) {
  Box box;
  box.Execute("held");
  box.UpToDecision();
  box.FlushLog();
  box.Reply(box.a, Operation::kCommit);
  box.Reply(box.b, Operation::kCommit, xa::Code::kHeuristicRollBack);
  box.FlushLog();
  for (const char* gid : {"done-1", "done-2"}) {
    box.Execute(gid);
    box.UpToDecision();
    box.FlushLog();
    box.Reply(box.a, Operation::kCommit);
    box.Reply(box.b, Operation::kCommit);
  }
  box.Execute("runs");
  const auto list = [&](ListQuery query) {
    Request request;
    request.route = Route::kList;
    request.body = std::move(query);
    const size_t number = box.Send(std::move(request));
    std::string gids;
    const auto& response = std::get<v1::ListResponse>(box.AnswerOf(number)->body);
    for (const auto& one : response.transactions()) gids += one.gid() + " ";
    return std::pair(gids, response.next());
  };
  EXPECT_EQ(list({}).first, "runs done-2 done-1 held ");
  EXPECT_EQ(list({.live = true}).first, "runs held ");
  const auto [first, next] = list({.limit = 1, .live = true});
  EXPECT_EQ(first, "runs ");
  const auto [second, end] = list({.before = next, .limit = 1, .live = true});
  EXPECT_EQ(second, "held ");
  EXPECT_EQ(end, "");
  EXPECT_EQ(list({.state = "COMMITTED", .live = true}).first, "held ");
}

TEST(Shard, RefusesTheSameGidWithOtherContent) {
  Box box;
  box.Execute("g", "UPDATE t SET a = 1");
  const size_t other = box.Execute("g", "UPDATE t SET a = 2");
  EXPECT_EQ(box.StatusOf(other), 422);
  EXPECT_EQ(ProblemOf(box.AnswerOf(other)).type(), "urn:assent:gid-reused");
}

TEST(Shard, RollsBackAtTheDeadlineAndCancelsWhatRuns) {
  Box box;
  const size_t request = box.Execute("");
  box.Reply(box.a, Operation::kOpen);
  box.Reply(box.b, Operation::kOpen);
  box.Advance(std::chrono::seconds(31));
  EXPECT_EQ(box.a.cancelled.size(), 1u);
  box.Reply(box.a, Operation::kRun, xa::Code::kRbOther);
  box.Reply(box.a, Operation::kRollBack);
  box.Reply(box.b, Operation::kRollBack);
  ASSERT_EQ(box.StatusOf(request), 409);
  EXPECT_EQ(ProblemOf(box.AnswerOf(request)).cause().reason(), "DEADLINE");
  EXPECT_EQ(box.LogKinds(), "") << "a gid that the coordinator made leaves no record";
}

TEST(Shard, AnswersAcceptedWithoutWaitingWhenAskedTo) {
  Box box;
  Request request;
  request.route = Route::kExecute;
  request.wait = Duration::zero();
  v1::ExecuteRequest body;
  v1::Branch* branch = body.mutable_atomic()->add_branches();
  branch->set_name("x");
  branch->mutable_xa()->set_resource("a");
  branch->mutable_xa()->add_statements()->set_sql("SELECT 1");
  request.body = body;
  const size_t number = box.Send(std::move(request));
  EXPECT_EQ(box.StatusOf(number), 202);
}

TEST(Shard, RecordsARollBackThatOvertakesItsBegin) {
  Box box;
  Request rollback;
  rollback.route = Route::kRollBack;
  rollback.gid = "late";
  rollback.body = v1::RollbackRequest();
  const size_t first = box.Send(rollback);
  EXPECT_EQ(box.StatusOf(first), 0);
  box.FlushLog();
  EXPECT_EQ(box.StatusOf(first), 200);
  const size_t begun = box.Execute("late");
  ASSERT_EQ(box.StatusOf(begun), 409);
  EXPECT_EQ(ProblemOf(box.AnswerOf(begun)).outcome(), v1::ROLLED_BACK);
  EXPECT_TRUE(box.a.calls.empty());
}

TEST(Shard, ALongReasonInAnyScriptLeavesARecordThatCanBeRead) {
  for (const char* character : {"\u00e9", "\uc624", "\U0001f3e8"}) {
    Box box;
    Request rollback;
    rollback.route = Route::kRollBack;
    rollback.gid = "g";
    v1::RollbackRequest body;
    for (int i = 0; i < 150; ++i) *body.mutable_reason() += character;
    body.mutable_reason()->insert(0, "x");
    rollback.body = body;
    box.Send(rollback);
    EXPECT_EQ(box.LogKinds(), "outcome");
  }
}

// Its roll-back is still on the way to the disk when the begin comes: the same answer, a moment
// later.
TEST(Shard, ABeginThatMeetsItsRollBackWaitsForThatToBeDurable) {
  Box box;
  Request rollback;
  rollback.route = Route::kRollBack;
  rollback.gid = "g";
  rollback.body = v1::RollbackRequest();
  const size_t rolled_back = box.Send(rollback);
  const size_t late = box.Execute("g");
  EXPECT_EQ(box.StatusOf(late), 0);
  box.FlushLog();
  EXPECT_EQ(box.StatusOf(rolled_back), 200);
  ASSERT_EQ(box.StatusOf(late), 409);
  EXPECT_EQ(std::get<v1::Problem>(box.AnswerOf(late)->body).type(), "urn:assent:rolled-back");
  EXPECT_TRUE(box.a.calls.empty());
}

TEST(Shard, SaysThatOutcomesHaveExpiredRatherThanGuess) {
  EngineOptions options;
  options.outcome_age = std::chrono::minutes(1);
  Box box(options);
  const std::string before = FormatTime(box.clock.Wall());
  box.Execute("old");
  box.UpToDecision();
  box.FlushLog();
  box.Reply(box.a, Operation::kCommit);
  box.Reply(box.b, Operation::kCommit);
  box.Advance(std::chrono::minutes(2));
  EXPECT_EQ(box.LogKinds(), "commit end forgotten");
  Request rollback;
  rollback.route = Route::kRollBack;
  rollback.gid = "other";
  rollback.body = v1::RollbackRequest();
  EXPECT_EQ(box.StatusOf(box.Send(rollback)), 410);
  v1::RollbackRequest issued;
  issued.set_issued_at(before);
  rollback.body = issued;
  EXPECT_EQ(box.StatusOf(box.Send(rollback)), 410);
  issued.set_issued_at(FormatTime(box.clock.Wall()));
  rollback.body = issued;
  const size_t younger = box.Send(rollback);
  box.FlushLog();
  EXPECT_EQ(box.StatusOf(younger), 200);
}

TEST(Shard, AWallClockThatJumpsMakesNoOutcomeOld) {
  Box box;
  box.Execute("kept");
  box.UpToDecision();
  box.FlushLog();
  box.Reply(box.a, Operation::kCommit);
  box.Reply(box.b, Operation::kCommit);
  box.clock.wall_offset_ns += std::chrono::nanoseconds(std::chrono::hours(48)).count();
  box.Advance(std::chrono::minutes(2));
  const size_t again = box.Execute("kept");
  EXPECT_EQ(box.StatusOf(again), 200);
  EXPECT_TRUE(box.a.calls.empty());
  EXPECT_EQ(box.LogKinds(), "commit end");
  box.Advance(std::chrono::minutes(60));
  EXPECT_EQ(box.LogKinds(), "commit end forgotten");
}

TEST(Shard, RefusesNewWorkBeforeRoomForDecisionsRunsOut) {
  Box box;
  const size_t first = box.Execute("one");
  box.log.room = 64 * 1024;
  box.log.obstacle = "cannot write /log: No space left on device";
  const size_t second = box.Execute("two");
  ASSERT_EQ(box.StatusOf(second), 503);
  EXPECT_GT(box.AnswerOf(second)->retry_after_s, 0u);
  box.UpToDecision();
  box.FlushLog();
  box.Reply(box.a, Operation::kCommit);
  box.Reply(box.b, Operation::kCommit);
  EXPECT_EQ(box.StatusOf(first), 200) << "what has begun is finished";
}

TEST(Shard, RefusesPastTheBoundInFlight) {
  EngineOptions options;
  options.in_flight = 1;
  Box box(options);
  box.Execute("one");
  EXPECT_EQ(box.StatusOf(box.Execute("two")), 503);
}

TEST(Shard, RetriesACommitAtOnceWhenTheResourceIsBack) {
  Box box;
  box.Execute("g");
  box.UpToDecision();
  box.FlushLog();
  box.Reply(box.a, Operation::kCommit);
  box.Reply(box.b, Operation::kCommit, xa::Code::kErRmFail);
  EXPECT_TRUE(box.b.calls.empty());
  box.shard->OnHealth("b", xa::Health::kUp);
  box.Reply(box.b, Operation::kCommit);
  EXPECT_EQ(box.LogKinds(), "commit end");
}

TEST(Shard, StopsWhenANewBranchIsThereAlready) {
  Box box;
  box.Execute("g");
  box.Reply(box.a, Operation::kOpen);
  box.Reply(box.b, Operation::kOpen);
  box.Reply(box.a, Operation::kRun, xa::Code::kErDupid);
  EXPECT_NE(box.fatal.find("copy of this"), std::string::npos);
}

TEST(Shard, CopiesForwardWhatPinsTheOldestSegment) {
  Box box;
  box.Execute("ended");
  box.UpToDecision();
  box.FlushLog();
  box.Reply(box.a, Operation::kCommit);
  box.Reply(box.b, Operation::kCommit);
  box.Execute("late");
  box.UpToDecision();
  box.FlushLog();
  ASSERT_EQ(box.LogKinds(), "commit end commit");
  box.shard->OnPressure(box.log.records.size() + 1);
  EXPECT_EQ(box.LogKinds(), "commit end commit outcome commit");
  EXPECT_NE(std::find(box.log.released.begin(), box.log.released.end(), 1u),
            box.log.released.end());
  EXPECT_NE(std::find(box.log.released.begin(), box.log.released.end(), 3u),
            box.log.released.end());
}

TEST(Shard, DropsDeadTimersBeforeTheyFillTheMemory) {
  EngineOptions options;
  options.recent_views = 0;
  options.default_deadline = std::chrono::hours(20);
  Box box(options);
  for (int i = 0; i < 40'000; ++i) {
    Request request;
    request.route = Route::kBegin;
    request.body = v1::BeginRequest();
    const size_t begun = box.Send(std::move(request));
    Request rollback;
    rollback.route = Route::kRollBack;
    rollback.gid = ViewOf(box.AnswerOf(begun)).gid();
    rollback.body = v1::RollbackRequest();
    box.Send(std::move(rollback));
  }
  const size_t before = box.shard->timers();
  box.Advance(std::chrono::seconds(2));
  EXPECT_GT(before, 65'536u);
  EXPECT_LT(box.shard->timers(), 100u);
}

// Scenario: a statement takes nearly as long as the idle limit; then the client thinks for a while.
TEST(Shard, CountsTheIdleLimitFromTheAnswerOfALongStatement) {
  Box box;
  Request begin;
  begin.route = Route::kBegin;
  v1::BeginRequest named;
  named.set_gid("g");
  named.set_deadline("300s");
  begin.body = named;
  const size_t begun = box.Send(std::move(begin));
  const auto to = [&](Route route) {
    Request request;
    request.route = route;
    request.gid = "g";
    request.transaction = std::get<v1::Transaction>(box.AnswerOf(begun)->body).transaction();
    return request;
  };
  Request enlist = to(Route::kEnlist);
  v1::Branch branch;
  branch.set_name("pc");
  branch.mutable_xa()->set_resource("a");
  enlist.body = branch;
  box.Send(std::move(enlist));
  box.Reply(box.a, Operation::kOpen);
  Request run = to(Route::kRun);
  run.branch = "pc";
  v1::RunRequest statements;
  statements.set_seq(1);
  statements.add_statements()->set_sql("UPDATE t SET a = 1");
  run.body = statements;
  box.Send(std::move(run));
  box.Advance(std::chrono::seconds(25));
  box.Reply(box.a, Operation::kRun);
  box.Advance(std::chrono::seconds(25));
  EXPECT_TRUE(box.a.calls.empty()) << "the client has thought for 25 seconds, of 30";
  box.Advance(std::chrono::seconds(5));
  ASSERT_EQ(box.a.calls.size(), 1u);
  EXPECT_EQ(box.a.calls.front().operation, Operation::kRollBack);
}

// Scenario: another program still runs statements while this one commits, and afterwards.
TEST(Shard, AnswersARunThatComesTooLateWithAProblemThatNamesTheOutcome) {
  Box box;
  Request begin;
  begin.route = Route::kBegin;
  v1::BeginRequest named;
  named.set_gid("g");
  begin.body = named;
  const size_t begun = box.Send(std::move(begin));
  const auto to = [&](Route route) {
    Request request;
    request.route = route;
    request.gid = "g";
    request.transaction = std::get<v1::Transaction>(box.AnswerOf(begun)->body).transaction();
    return request;
  };
  const auto run = [&](uint64_t seq) {
    Request request = to(Route::kRun);
    request.branch = "pc";
    v1::RunRequest statements;
    statements.set_seq(seq);
    statements.add_statements()->set_sql("UPDATE t SET a = 1");
    request.body = statements;
    return box.Send(std::move(request));
  };
  Request enlist = to(Route::kEnlist);
  v1::Branch branch;
  branch.set_name("pc");
  branch.mutable_xa()->set_resource("a");
  enlist.body = branch;
  box.Send(std::move(enlist));
  box.Reply(box.a, Operation::kOpen);
  const size_t first = run(1);
  box.Reply(box.a, Operation::kRun);
  EXPECT_EQ(box.StatusOf(first), 200);
  const size_t committing = box.Send(to(Route::kCommit));
  const size_t late = run(2), again = run(1);
  EXPECT_EQ(box.StatusOf(late), 0) << "the outcome is not known";
  box.Reply(box.a, Operation::kPrepare);
  box.FlushLog();
  const size_t later = run(2);
  box.Reply(box.a, Operation::kCommit);
  EXPECT_EQ(box.StatusOf(committing), 200);
  box.FlushLog();
  for (const size_t number : {late, again, later, run(2)}) {
    ASSERT_EQ(box.StatusOf(number), 409) << number;
    EXPECT_EQ(ProblemOf(box.AnswerOf(number)).type(), "urn:assent:already-decided");
    EXPECT_EQ(ProblemOf(box.AnswerOf(number)).outcome(), v1::COMMITTED);
  }
  EXPECT_TRUE(box.a.calls.empty());
}

TEST(Validator, SaysThatALongNumberIsOutOfRange) {
  Box box;
  Request request;
  request.route = Route::kExecute;
  v1::ExecuteRequest body;
  v1::Branch* branch = body.mutable_atomic()->add_branches();
  branch->set_name("x");
  branch->mutable_xa()->set_resource("a");
  v1::Statement* statement = branch->mutable_xa()->add_statements();
  statement->set_sql("SELECT ?");
  statement->add_parameters()->set_decimal(std::string(400, '1'));
  request.body = body;
  const size_t number = box.Send(std::move(request));
  EXPECT_EQ(box.StatusOf(number), 400);
  const v1::Problem problem = ProblemOf(box.AnswerOf(number));
  EXPECT_EQ(problem.field(), "atomic.branches[0].xa.statements[0].parameters[0]");
  EXPECT_NE(problem.detail().find("out of range"), std::string::npos) << problem.detail();
}

TEST(Validator, NamesTheFieldThatIsWrong) {
  Box box;
  const auto field_of = [&](const v1::ExecuteRequest& body) {
    Request request;
    request.route = Route::kExecute;
    request.body = body;
    const size_t number = box.Send(std::move(request));
    EXPECT_EQ(box.StatusOf(number), 400);
    return ProblemOf(box.AnswerOf(number)).field();
  };
  v1::ExecuteRequest body;
  EXPECT_EQ(field_of(body), "atomic");
  body.mutable_atomic();
  EXPECT_EQ(field_of(body), "atomic.branches");
  v1::Branch* branch = body.mutable_atomic()->add_branches();
  EXPECT_EQ(field_of(body), "atomic.branches[0].name");
  branch->set_name("x");
  EXPECT_EQ(field_of(body), "atomic.branches[0].xa");
  branch->mutable_xa()->set_resource("nowhere");
  EXPECT_EQ(field_of(body), "atomic.branches[0].xa.resource");
  branch->mutable_xa()->set_resource("a");
  EXPECT_EQ(field_of(body), "atomic.branches[0].xa.statements");
  v1::Statement* statement = branch->mutable_xa()->add_statements();
  EXPECT_EQ(field_of(body), "atomic.branches[0].xa.statements[0].sql");
  statement->set_sql("COMMIT");
  EXPECT_EQ(field_of(body), "atomic.branches[0].xa.statements[0].sql");
  statement->set_sql("SELECT ?");
  statement->add_parameters();
  EXPECT_EQ(field_of(body), "atomic.branches[0].xa.statements[0].parameters[0]");
  statement->mutable_parameters(0)->set_decimal("1;DROP");
  EXPECT_EQ(field_of(body), "atomic.branches[0].xa.statements[0].parameters[0]");
  statement->mutable_parameters(0)->set_integer(1);
  for (const char* deadline : {"", "0s", "-1s", "soon", "25h"}) {
    body.set_deadline(deadline);
    EXPECT_EQ(field_of(body), "deadline") << deadline;
  }
  body.clear_deadline();
  for (const char* gid : {"", ".hidden", "has space", "ümlaut"}) {
    body.set_gid(gid);
    EXPECT_EQ(field_of(body), "gid") << gid;
  }
  body.clear_gid();
  body.set_issued_at("yesterday");
  EXPECT_EQ(field_of(body), "issued_at");
  body.clear_issued_at();
  *body.mutable_atomic()->add_branches() = *branch;
  EXPECT_EQ(field_of(body), "atomic.branches[1].name");
  body.mutable_atomic()->mutable_branches(1)->set_name("y");
  EXPECT_EQ(field_of(body), "atomic.branches[1].xa.resource");
  while (body.atomic().branches_size() <= 64) body.mutable_atomic()->add_branches();
  EXPECT_EQ(field_of(body), "atomic.branches");
}

}  // namespace
}  // namespace assent::coordinator
