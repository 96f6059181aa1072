// SPDX-License-Identifier: Apache-2.0
// The handlers on a table, with steps of the core whose effects are dropped.
#include "coordinator/request_handlers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/testing.h"

namespace assent::coordinator {
namespace {

using testing::ElementsAre;

const v1::Transaction& ViewOf(const Answer& answer) {
  return std::get<v1::Transaction>(answer.body);
}
const v1::Problem& ProblemOf(const Answer& answer) { return std::get<v1::Problem>(answer.body); }

class RequestHandlersTest : public ::testing::Test {
 protected:
  RequestHandlersTest() {
    context_.options.branches = 2;
    context_.clock = &clock_;
    context_.identity = {"12345678", 3, "abc"};
    context_.log = &log_;
    context_.resources = {{"a", &a_}, {"b", &b_}};
    log_.free_bytes = 1 << 30;
  }
  Request For(Route route, const std::string& gid) const {
    Request request;
    request.route = route;
    request.gid = gid;
    request.fingerprint = "content";
    return request;
  }
  NewBranch On(const std::string& resource) {
    NewBranch branch;
    branch.spec.name = "on-" + resource;
    branch.spec.resource = resource;
    branch.work.resource = context_.resources.at(resource);
    return branch;
  }
  // The last answer; nullptr: it waits.
  const Answer* Send(Request request) {
    answers_.emplace_back();
    const size_t number = answers_.size() - 1;
    handlers_.Handle(request, [this, number](Answer answer) {
      EXPECT_FALSE(answers_[number]) << "answered twice";
      answers_[number] = std::move(answer);
    });
    return answers_[number] ? &*answers_[number] : nullptr;
  }
  int StatusOf(const Answer* answer) const { return answer == nullptr ? 0 : answer->status; }
  // Begun; with its gtrid as the header.
  Request ForCurrent(Route route) const {
    Request request = For(route, "g");
    request.transaction = table_.FindGid("g")->atomic.gtrid.ToHex();
    return request;
  }
  void Step(Entry& entry, const core::Event& event) {
    static const char* const kNames[] = {"begin",  "enlist",   "opened",  "run",     "ran",
                                         "commit", "rollback", "voted",   "acked",   "durable",
                                         "timer",  "up",       "touched", "replayed"};
    steps_.emplace_back(kNames[event.index()]);
    core::Effects effects;
    core::Step(entry.atomic, event, clock_.now, effects);
  }

  ManualClock clock_;
  MemoryLog log_;
  ScriptedManager a_{"a"}, b_{"b"};
  ShardContext context_;
  TimerQueue timers_;
  std::deque<xa::Completion> unsent_;
  FirstScan first_scan_{unsent_};
  std::map<std::string, ScanSummary> scans_;
  TransactionTable table_{context_.identity, context_.options, clock_};
  LogBook log_book_{log_, clock_};
  Waiters waiters_{timers_, clock_, std::chrono::seconds(2)};
  Admission admission_{context_.options, clock_, log_book_, timers_};
  std::vector<std::string> steps_;
  RequestHandlers handlers_{
      {context_, table_, log_book_, waiters_, admission_, first_scan_, scans_,
       [this](Entry& entry, const core::Event& event) { Step(entry, event); }}};
  std::deque<std::optional<Answer>> answers_;
};

TEST_F(RequestHandlersTest, ExecuteMakesATransactionWithItsBranchesAndWaitsForTheOutcome) {
  Request request = For(Route::kExecute, "g");
  request.branches.push_back(On("a"));
  request.branches.push_back(On("b"));
  EXPECT_EQ(Send(std::move(request)), nullptr);
  const Entry* entry = table_.FindGid("g");
  ASSERT_NE(entry, nullptr);
  EXPECT_TRUE(entry->atomic.settings.one_call);
  EXPECT_EQ(entry->atomic.branches[1].spec.name, "on-b");
  EXPECT_EQ(entry->work[1].resource, &b_);
  EXPECT_EQ(entry->names.at("on-b"), 1u);
  EXPECT_THAT(steps_, ElementsAre("begin"));
  ASSERT_EQ(entry->waiters.size(), 1u);
  EXPECT_EQ(entry->waiters.front().kind, Waiter::For::kOutcome);
}

TEST_F(RequestHandlersTest, TheSameGidJoinsAndOtherContentIsRefused) {
  Send(For(Route::kBegin, "g"));
  EXPECT_EQ(StatusOf(Send(For(Route::kBegin, "g"))), 200);
  EXPECT_EQ(Send(For(Route::kExecute, "g")), nullptr) << "waits for the same outcome";
  Request other = For(Route::kBegin, "g");
  other.fingerprint = "other";
  EXPECT_EQ(StatusOf(Send(std::move(other))), 422);
  EXPECT_THAT(steps_, ElementsAre("begin"));
}

// It would hide the transaction that gets this gid from the coordinator.
TEST_F(RequestHandlersTest, AGidThatTheCoordinatorCouldMakeItselfIsRefused) {
  Send(For(Route::kBegin, "g"));
  const std::string next = table_.LastGtrid().ToHex();
  EXPECT_EQ(ProblemOf(*Send(For(Route::kBegin, next))).field(), "gid");
  EXPECT_EQ(ProblemOf(*Send(For(Route::kExecute, next))).field(), "gid");
  std::string of_another = next;
  of_another[0] = of_another[0] == '0' ? '1' : '0';
  Send(For(Route::kBegin, of_another));
  EXPECT_NE(table_.FindGid(of_another), nullptr);
}

TEST_F(RequestHandlersTest, TheHeaderMustNameTheTransactionThatRuns) {
  EXPECT_EQ(StatusOf(Send(For(Route::kCommit, "g"))), 404);
  Send(For(Route::kBegin, "g"));
  EXPECT_EQ(ProblemOf(*Send(For(Route::kCommit, "g"))).field(), "Assent-Transaction");
  Request stale = For(Route::kCommit, "g");
  stale.transaction = std::string(40, '0');
  EXPECT_EQ(ProblemOf(*Send(std::move(stale))).type(), "urn:assent:stale");
  EXPECT_EQ(Send(ForCurrent(Route::kCommit)), nullptr);
}

TEST_F(RequestHandlersTest, ASecondBranchOnTheSameResourceJoinsTheFirst) {
  Send(For(Route::kBegin, "g"));
  Request enlist = ForCurrent(Route::kEnlist);
  enlist.branches.push_back(On("a"));
  EXPECT_EQ(Send(std::move(enlist)), nullptr) << "waits for the branch to open";
  Request joins = ForCurrent(Route::kEnlist);
  joins.branches.push_back(On("a"));
  joins.branches.front().spec.name = "again";
  EXPECT_EQ(Send(std::move(joins)), nullptr);
  const Entry* entry = table_.FindGid("g");
  EXPECT_EQ(entry->atomic.branches.size(), 1u);
  EXPECT_EQ(entry->names.at("again"), 0u);
}

TEST_F(RequestHandlersTest, ARunNeedsItsBranchAndTheNextNumber) {
  Send(For(Route::kBegin, "g"));
  const auto run = [&](uint64_t seq) {
    Request request = ForCurrent(Route::kRun);
    request.branch = "on-a";
    request.statements = std::make_shared<std::vector<xa::Statement>>(1);
    v1::RunRequest body;
    body.set_seq(seq);
    request.body = body;
    return Send(std::move(request));
  };
  EXPECT_EQ(StatusOf(run(1)), 404);
  Request enlist = ForCurrent(Route::kEnlist);
  enlist.branches.push_back(On("a"));
  Send(std::move(enlist));
  EXPECT_EQ(ProblemOf(*run(1)).title(), "Branch busy") << "it has not been opened";
  Step(*table_.FindGid("g"), core::Opened{0, true, {}});
  EXPECT_EQ(ProblemOf(*run(2)).field(), "seq");
  EXPECT_EQ(run(1), nullptr);
  EXPECT_EQ(steps_.back(), "run");
  EXPECT_EQ(run(1), nullptr) << "a repeated run waits for the same results";
}

TEST_F(RequestHandlersTest, ARollBackOfAnUnknownGidIsRecordedForALateBegin) {
  EXPECT_EQ(Send(For(Route::kRollBack, "g")), nullptr);
  ASSERT_NE(table_.FindGid("g"), nullptr);
  EXPECT_EQ(table_.FindGid("g")->fingerprint, "") << "any content under the gid matches";
  EXPECT_THAT(steps_, ElementsAre("rollback"));
  EXPECT_EQ(StatusOf(Send(For(Route::kRollBack, std::string(40, '0')))), 404);
}

TEST_F(RequestHandlersTest, GetShowsRunningAndEndedTransactions) {
  EXPECT_EQ(StatusOf(Send(For(Route::kGet, "g"))), 404);
  Send(For(Route::kBegin, "g"));
  EXPECT_EQ(ViewOf(*Send(For(Route::kGet, "g"))).state(), v1::Transaction::ACTIVE);
  Entry& entry = *table_.FindGid("g");
  entry.atomic.state = core::State::kCommitted;
  entry.atomic.decision = core::Decision::kCommit;
  entry.atomic.outcome = core::Outcome::kCommitted;
  entry.atomic.outcome_reportable = true;
  table_.Forget(entry);
  EXPECT_EQ(ViewOf(*Send(For(Route::kGet, "g"))).outcome(), v1::COMMITTED);
}

TEST_F(RequestHandlersTest, BeginsNothingWithoutSpaceInTheLog) {
  log_.free_bytes = 0;
  EXPECT_EQ(Send(For(Route::kBegin, "g")), nullptr) << "waits for a segment";
  EXPECT_EQ(table_.FindGid("g"), nullptr);
  log_.obstacle = "the disk is full";
  EXPECT_EQ(StatusOf(Send(For(Route::kBegin, "h"))), 503);
}

}  // namespace
}  // namespace assent::coordinator
