// SPDX-License-Identifier: Apache-2.0
// The shard with scripted resource managers and a log in memory: what clients are told, and when.
#include "coordinator/shard.h"

#include <gtest/gtest.h>

#include "coordinator/shard_fixture.h"

namespace assent::coordinator {
namespace {

using core::Operation;

const v1::Transaction& ViewOf(const Answer* answer) {
  return std::get<v1::Transaction>(answer->body);
}
const v1::Problem& ProblemOf(const Answer* answer) { return std::get<v1::Problem>(answer->body); }

TEST(Shard, TellsNobodyBeforeTheDecisionIsDurableAndSendsNoCommit) {
  ShardFixture test;
  const size_t request = test.Execute("g");
  test.UpToDecision();
  EXPECT_EQ(test.LogKinds(), "commit");
  EXPECT_EQ(test.log.urgencies.at(0), log::Urgency::kForce);
  EXPECT_EQ(test.StatusOf(request), 0);
  EXPECT_TRUE(test.a.calls.empty());
  test.FlushLog();
  EXPECT_EQ(test.a.calls.front().operation, Operation::kCommit);
  test.Reply(test.a, Operation::kCommit);
  test.Reply(test.b, Operation::kCommit);
  EXPECT_EQ(test.StatusOf(request), 200);
  EXPECT_EQ(ViewOf(test.AnswerOf(request)).outcome(), v1::COMMITTED);
  EXPECT_EQ(test.LogKinds(), "commit end");
}

TEST(Shard, AnswersCommittedWhenABranchTakesLongerThanTheWait) {
  ShardFixture test;
  const size_t request = test.Execute("g");
  test.UpToDecision();
  test.FlushLog();
  test.Reply(test.a, Operation::kCommit);
  test.Advance(std::chrono::seconds(1));
  EXPECT_EQ(test.StatusOf(request), 0);
  test.Advance(std::chrono::seconds(2));
  ASSERT_EQ(test.StatusOf(request), 200);
  EXPECT_EQ(ViewOf(test.AnswerOf(request)).state(), v1::Transaction::COMMITTING);
  EXPECT_EQ(ViewOf(test.AnswerOf(request)).outcome(), v1::COMMITTED);
}

TEST(Shard, TellsRolledBackOnlyOnceThatIsDurable) {
  ShardFixture test;
  const size_t request = test.Execute("g");
  test.Reply(test.a, Operation::kOpen);
  test.Reply(test.b, Operation::kOpen);
  test.Reply(test.a, Operation::kRun, xa::Code::kRbOther);
  test.Reply(test.a, Operation::kRollBack);
  test.Reply(test.b, Operation::kRollBack);
  EXPECT_EQ(test.LogKinds(), "outcome");
  EXPECT_EQ(test.log.urgencies.at(0), log::Urgency::kRide);
  EXPECT_EQ(test.StatusOf(request), 0);
  test.FlushLog();
  ASSERT_EQ(test.StatusOf(request), 409);
  EXPECT_EQ(ProblemOf(test.AnswerOf(request)).type(), "urn:assent:rolled-back");
}

TEST(Shard, TakesAServerThatIsKnownBetterForTheSame) {
  ShardFixture test;
  const core::Gtrid none;
  const std::string place = "host:3306:1", created = "/1796018183";
  const std::string row = ":00112233445566778899aabbccdd";
  const auto note = [&](const std::string& identity, uint64_t position = 0) {
    return test.shard->NoteIdentity("a", {identity, "start", position});
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
    ShardFixture test;
    test.Execute("g");
    EXPECT_EQ(test.shard->NoteIdentity("a", first).last_before, none);
    EXPECT_GT(test.shard->NoteIdentity("a", second).last_before, none) << second.identity;
    EXPECT_EQ(test.shard->NoteIdentity("a", second).identity, second.identity);
  }
}

// The branch on `b` is not listed any more, though no commit of it was answered with OK.
v1::Outcome OutcomeAfterACommit(bool answered) {
  ShardFixture test;
  test.Execute("g");
  test.UpToDecision();
  test.FlushLog();
  test.Reply(test.a, Operation::kCommit);
  const auto complete = [&](xa::Code code, bool lost) {
    const xa::Call call = test.b.calls.front();
    test.b.calls.pop_front();
    xa::Completion completion;
    completion.call = call.call;
    completion.operation = call.operation;
    completion.xid = call.xid;
    completion.code = code;
    completion.lost = lost;
    completion.found = xa::Found::kNotListed;
    completion.stamp = {"server-b", "start"};  // as at the prepare
    test.shard->OnCompletion(std::move(completion));
  };
  complete(xa::Code::kErRmFail, !answered);
  test.Advance(std::chrono::minutes(1));
  complete(xa::Code::kErNota, false);
  complete(xa::Code::kOk, false);  // the look
  test.FlushLog();
  Request get;
  get.route = Route::kGet;
  get.gid = "g";
  return ViewOf(test.AnswerOf(test.Send(std::move(get)))).outcome();
}

TEST(Shard, ACommitThatWasAnsweredWithAnErrorHasDoneNothing) {
  EXPECT_EQ(OutcomeAfterACommit(true), v1::HAZARD);
  EXPECT_EQ(OutcomeAfterACommit(false), v1::COMMITTED);
}

TEST(Shard, TheSameGidJoinsWhatRunsAndGivesTheSameOutcomeAfterwards) {
  ShardFixture test;
  const size_t first = test.Execute("g");
  const size_t second = test.Execute("g");
  EXPECT_EQ(test.a.calls.size() + test.b.calls.size(), 1u) << "it runs once";
  test.UpToDecision();
  test.FlushLog();
  test.Reply(test.a, Operation::kCommit);
  test.Reply(test.b, Operation::kCommit);
  EXPECT_EQ(test.StatusOf(first), 200);
  EXPECT_EQ(test.StatusOf(second), 200);
  const size_t third = test.Execute("g");
  EXPECT_EQ(test.StatusOf(third), 200);
  EXPECT_EQ(ViewOf(test.AnswerOf(third)).transaction(), ViewOf(test.AnswerOf(first)).transaction());
}

TEST(Shard, ListsAsLiveWhatIsUnfinishedOrHeldWhateverHasEndedSince) {
  ShardFixture test;
  test.Execute("held");
  test.UpToDecision();
  test.FlushLog();
  test.Reply(test.a, Operation::kCommit);
  test.Reply(test.b, Operation::kCommit, xa::Code::kHeuristicRollBack);
  test.FlushLog();
  for (const char* gid : {"done-1", "done-2"}) {
    test.Execute(gid);
    test.UpToDecision();
    test.FlushLog();
    test.Reply(test.a, Operation::kCommit);
    test.Reply(test.b, Operation::kCommit);
  }
  test.Execute("runs");
  const auto list = [&](ListQuery query) {
    Request request;
    request.route = Route::kList;
    request.body = std::move(query);
    const size_t number = test.Send(std::move(request));
    std::string gids;
    const auto& response = std::get<v1::ListResponse>(test.AnswerOf(number)->body);
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
  ShardFixture test;
  test.Execute("g", "UPDATE t SET a = 1");
  const size_t other = test.Execute("g", "UPDATE t SET a = 2");
  EXPECT_EQ(test.StatusOf(other), 422);
  EXPECT_EQ(ProblemOf(test.AnswerOf(other)).type(), "urn:assent:gid-reused");
}

TEST(Shard, RollsBackAtTheDeadlineAndCancelsWhatRuns) {
  ShardFixture test;
  const size_t request = test.Execute("");
  test.Reply(test.a, Operation::kOpen);
  test.Reply(test.b, Operation::kOpen);
  test.Advance(std::chrono::seconds(31));
  EXPECT_EQ(test.a.cancelled.size(), 1u);
  test.Reply(test.a, Operation::kRun, xa::Code::kRbOther);
  test.Reply(test.a, Operation::kRollBack);
  test.Reply(test.b, Operation::kRollBack);
  ASSERT_EQ(test.StatusOf(request), 409);
  EXPECT_EQ(ProblemOf(test.AnswerOf(request)).cause().reason(), "DEADLINE");
  EXPECT_EQ(test.LogKinds(), "") << "a gid that the coordinator made leaves no record";
}

TEST(Shard, AnswersAcceptedWithoutWaitingWhenAskedTo) {
  ShardFixture test;
  Request request;
  request.route = Route::kExecute;
  request.wait = Duration::zero();
  v1::ExecuteRequest body;
  v1::Branch* branch = body.mutable_atomic()->add_branches();
  branch->set_name("x");
  branch->mutable_xa()->set_resource("a");
  branch->mutable_xa()->add_statements()->set_sql("SELECT 1");
  request.body = body;
  const size_t number = test.Send(std::move(request));
  EXPECT_EQ(test.StatusOf(number), 202);
}

TEST(Shard, RecordsARollBackThatOvertakesItsBegin) {
  ShardFixture test;
  Request rollback;
  rollback.route = Route::kRollBack;
  rollback.gid = "late";
  rollback.body = v1::RollbackRequest();
  const size_t first = test.Send(rollback);
  EXPECT_EQ(test.StatusOf(first), 0);
  test.FlushLog();
  EXPECT_EQ(test.StatusOf(first), 200);
  const size_t begun = test.Execute("late");
  ASSERT_EQ(test.StatusOf(begun), 409);
  EXPECT_EQ(ProblemOf(test.AnswerOf(begun)).outcome(), v1::ROLLED_BACK);
  EXPECT_TRUE(test.a.calls.empty());
}

TEST(Shard, ALongReasonInAnyScriptLeavesARecordThatCanBeRead) {
  for (const char* character : {"\u00e9", "\uc624", "\U0001f3e8"}) {
    ShardFixture test;
    Request rollback;
    rollback.route = Route::kRollBack;
    rollback.gid = "g";
    v1::RollbackRequest body;
    for (int i = 0; i < 150; ++i) *body.mutable_reason() += character;
    body.mutable_reason()->insert(0, "x");
    rollback.body = body;
    test.Send(rollback);
    EXPECT_EQ(test.LogKinds(), "outcome");
  }
}

// Its roll-back is still on the way to the disk when the begin comes: the same answer, a moment
// later.
TEST(Shard, ABeginThatMeetsItsRollBackWaitsForThatToBeDurable) {
  ShardFixture test;
  Request rollback;
  rollback.route = Route::kRollBack;
  rollback.gid = "g";
  rollback.body = v1::RollbackRequest();
  const size_t rolled_back = test.Send(rollback);
  const size_t late = test.Execute("g");
  EXPECT_EQ(test.StatusOf(late), 0);
  test.FlushLog();
  EXPECT_EQ(test.StatusOf(rolled_back), 200);
  ASSERT_EQ(test.StatusOf(late), 409);
  EXPECT_EQ(std::get<v1::Problem>(test.AnswerOf(late)->body).type(), "urn:assent:rolled-back");
  EXPECT_TRUE(test.a.calls.empty());
}

TEST(Shard, SaysThatOutcomesHaveExpiredRatherThanGuess) {
  EngineOptions options;
  options.outcome_age = std::chrono::minutes(1);
  ShardFixture test(options);
  const std::string before = FormatTime(test.clock.Wall());
  test.Execute("old");
  test.UpToDecision();
  test.FlushLog();
  test.Reply(test.a, Operation::kCommit);
  test.Reply(test.b, Operation::kCommit);
  test.Advance(std::chrono::minutes(2));
  EXPECT_EQ(test.LogKinds(), "commit end forgotten");
  Request rollback;
  rollback.route = Route::kRollBack;
  rollback.gid = "other";
  rollback.body = v1::RollbackRequest();
  EXPECT_EQ(test.StatusOf(test.Send(rollback)), 410);
  v1::RollbackRequest issued;
  issued.set_issued_at(before);
  rollback.body = issued;
  EXPECT_EQ(test.StatusOf(test.Send(rollback)), 410);
  issued.set_issued_at(FormatTime(test.clock.Wall()));
  rollback.body = issued;
  const size_t younger = test.Send(rollback);
  test.FlushLog();
  EXPECT_EQ(test.StatusOf(younger), 200);
}

TEST(Shard, AWallClockThatJumpsMakesNoOutcomeOld) {
  ShardFixture test;
  test.Execute("kept");
  test.UpToDecision();
  test.FlushLog();
  test.Reply(test.a, Operation::kCommit);
  test.Reply(test.b, Operation::kCommit);
  test.clock.wall_offset_ns += std::chrono::nanoseconds(std::chrono::hours(48)).count();
  test.Advance(std::chrono::minutes(2));
  const size_t again = test.Execute("kept");
  EXPECT_EQ(test.StatusOf(again), 200);
  EXPECT_TRUE(test.a.calls.empty());
  EXPECT_EQ(test.LogKinds(), "commit end");
  test.Advance(std::chrono::minutes(60));
  EXPECT_EQ(test.LogKinds(), "commit end forgotten");
}

TEST(Shard, RefusesNewWorkBeforeRoomForDecisionsRunsOut) {
  ShardFixture test;
  const size_t first = test.Execute("one");
  test.log.room = 64 * 1024;
  test.log.obstacle = "cannot write /log: No space left on device";
  const size_t second = test.Execute("two");
  ASSERT_EQ(test.StatusOf(second), 503);
  EXPECT_GT(test.AnswerOf(second)->retry_after_s, 0u);
  test.UpToDecision();
  test.FlushLog();
  test.Reply(test.a, Operation::kCommit);
  test.Reply(test.b, Operation::kCommit);
  EXPECT_EQ(test.StatusOf(first), 200) << "what has begun is finished";
}

TEST(Shard, RefusesPastTheBoundInFlight) {
  EngineOptions options;
  options.in_flight = 1;
  ShardFixture test(options);
  test.Execute("one");
  EXPECT_EQ(test.StatusOf(test.Execute("two")), 503);
}

TEST(Shard, RetriesACommitAtOnceWhenTheResourceIsBack) {
  ShardFixture test;
  test.Execute("g");
  test.UpToDecision();
  test.FlushLog();
  test.Reply(test.a, Operation::kCommit);
  test.Reply(test.b, Operation::kCommit, xa::Code::kErRmFail);
  EXPECT_TRUE(test.b.calls.empty());
  test.shard->OnHealth("b", xa::Health::kUp);
  test.Reply(test.b, Operation::kCommit);
  EXPECT_EQ(test.LogKinds(), "commit end");
}

TEST(Shard, StopsWhenANewBranchIsThereAlready) {
  ShardFixture test;
  test.Execute("g");
  test.Reply(test.a, Operation::kOpen);
  test.Reply(test.b, Operation::kOpen);
  test.Reply(test.a, Operation::kRun, xa::Code::kErDupid);
  EXPECT_NE(test.fatal.find("copy of this"), std::string::npos);
}

TEST(Shard, CopiesForwardWhatPinsTheOldestSegment) {
  ShardFixture test;
  test.Execute("ended");
  test.UpToDecision();
  test.FlushLog();
  test.Reply(test.a, Operation::kCommit);
  test.Reply(test.b, Operation::kCommit);
  test.Execute("late");
  test.UpToDecision();
  test.FlushLog();
  ASSERT_EQ(test.LogKinds(), "commit end commit");
  test.shard->OnPressure(test.log.records.size() + 1);
  EXPECT_EQ(test.LogKinds(), "commit end commit outcome commit");
  EXPECT_NE(std::find(test.log.released.begin(), test.log.released.end(), 1u),
            test.log.released.end());
  EXPECT_NE(std::find(test.log.released.begin(), test.log.released.end(), 3u),
            test.log.released.end());
}

TEST(Shard, DropsDeadTimersBeforeTheyFillTheMemory) {
  EngineOptions options;
  options.recent_views = 0;
  options.default_deadline = std::chrono::hours(20);
  ShardFixture test(options);
  for (int i = 0; i < 40'000; ++i) {
    Request request;
    request.route = Route::kBegin;
    request.body = v1::BeginRequest();
    const size_t begun = test.Send(std::move(request));
    Request rollback;
    rollback.route = Route::kRollBack;
    rollback.gid = ViewOf(test.AnswerOf(begun)).gid();
    rollback.body = v1::RollbackRequest();
    test.Send(std::move(rollback));
  }
  const size_t before = test.shard->timers();
  test.Advance(std::chrono::seconds(2));
  EXPECT_GT(before, 65'536u);
  EXPECT_LT(test.shard->timers(), 100u);
}

// Scenario: a statement takes nearly as long as the idle limit; then the client thinks for a while.
TEST(Shard, CountsTheIdleLimitFromTheAnswerOfALongStatement) {
  ShardFixture test;
  Request begin;
  begin.route = Route::kBegin;
  v1::BeginRequest named;
  named.set_gid("g");
  named.set_deadline("300s");
  begin.body = named;
  const size_t begun = test.Send(std::move(begin));
  const auto to = [&](Route route) {
    Request request;
    request.route = route;
    request.gid = "g";
    request.transaction = std::get<v1::Transaction>(test.AnswerOf(begun)->body).transaction();
    return request;
  };
  Request enlist = to(Route::kEnlist);
  v1::Branch branch;
  branch.set_name("pc");
  branch.mutable_xa()->set_resource("a");
  enlist.body = branch;
  test.Send(std::move(enlist));
  test.Reply(test.a, Operation::kOpen);
  Request run = to(Route::kRun);
  run.branch = "pc";
  v1::RunRequest statements;
  statements.set_seq(1);
  statements.add_statements()->set_sql("UPDATE t SET a = 1");
  run.body = statements;
  test.Send(std::move(run));
  test.Advance(std::chrono::seconds(25));
  test.Reply(test.a, Operation::kRun);
  test.Advance(std::chrono::seconds(25));
  EXPECT_TRUE(test.a.calls.empty()) << "the client has thought for 25 seconds, of 30";
  test.Advance(std::chrono::seconds(5));
  ASSERT_EQ(test.a.calls.size(), 1u);
  EXPECT_EQ(test.a.calls.front().operation, Operation::kRollBack);
}

// Scenario: another program still runs statements while this one commits, and afterwards.
TEST(Shard, AnswersARunThatComesTooLateWithAProblemThatNamesTheOutcome) {
  ShardFixture test;
  Request begin;
  begin.route = Route::kBegin;
  v1::BeginRequest named;
  named.set_gid("g");
  begin.body = named;
  const size_t begun = test.Send(std::move(begin));
  const auto to = [&](Route route) {
    Request request;
    request.route = route;
    request.gid = "g";
    request.transaction = std::get<v1::Transaction>(test.AnswerOf(begun)->body).transaction();
    return request;
  };
  const auto run = [&](uint64_t seq) {
    Request request = to(Route::kRun);
    request.branch = "pc";
    v1::RunRequest statements;
    statements.set_seq(seq);
    statements.add_statements()->set_sql("UPDATE t SET a = 1");
    request.body = statements;
    return test.Send(std::move(request));
  };
  Request enlist = to(Route::kEnlist);
  v1::Branch branch;
  branch.set_name("pc");
  branch.mutable_xa()->set_resource("a");
  enlist.body = branch;
  test.Send(std::move(enlist));
  test.Reply(test.a, Operation::kOpen);
  const size_t first = run(1);
  test.Reply(test.a, Operation::kRun);
  EXPECT_EQ(test.StatusOf(first), 200);
  const size_t committing = test.Send(to(Route::kCommit));
  const size_t late = run(2), again = run(1);
  EXPECT_EQ(test.StatusOf(late), 0) << "the outcome is not known";
  test.Reply(test.a, Operation::kPrepare);
  test.FlushLog();
  const size_t later = run(2);
  test.Reply(test.a, Operation::kCommit);
  EXPECT_EQ(test.StatusOf(committing), 200);
  test.FlushLog();
  for (const size_t number : {late, again, later, run(2)}) {
    ASSERT_EQ(test.StatusOf(number), 409) << number;
    EXPECT_EQ(ProblemOf(test.AnswerOf(number)).type(), "urn:assent:already-decided");
    EXPECT_EQ(ProblemOf(test.AnswerOf(number)).outcome(), v1::COMMITTED);
  }
  EXPECT_TRUE(test.a.calls.empty());
}

TEST(Validator, SaysThatALongNumberIsOutOfRange) {
  ShardFixture test;
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
  const size_t number = test.Send(std::move(request));
  EXPECT_EQ(test.StatusOf(number), 400);
  const v1::Problem problem = ProblemOf(test.AnswerOf(number));
  EXPECT_EQ(problem.field(), "atomic.branches[0].xa.statements[0].parameters[0]");
  EXPECT_NE(problem.detail().find("out of range"), std::string::npos) << problem.detail();
}

TEST(Validator, NamesTheFieldThatIsWrong) {
  ShardFixture test;
  const auto field_of = [&](const v1::ExecuteRequest& body) {
    Request request;
    request.route = Route::kExecute;
    request.body = body;
    const size_t number = test.Send(std::move(request));
    EXPECT_EQ(test.StatusOf(number), 400);
    return ProblemOf(test.AnswerOf(number)).field();
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
