// SPDX-License-Identifier: Apache-2.0
// The atomic transaction, step by step: each event, and all of its effects.
#include "core/atomic.h"

#include <gtest/gtest.h>

#include "core/trace.h"

namespace assent::core {
namespace {

class Machine {
 public:
  Machine(bool client_named, bool one_call, std::vector<std::string> resources) {
    t.gtrid = Gtrid::Make("12345678", 1, "abc", 1);
    t.settings.client_named = client_named;
    t.settings.one_call = one_call;
    t.settings.deadline = Monotonic{5'000'000'000};
    for (const auto& resource : resources) {
      t.branches.emplace_back();
      t.branches.back().spec = {"on-" + resource, resource, false};
    }
  }

  std::string Do(const Event& event) {
    Effects effects;
    Step(t, event, now, effects);
    return ToText(effects);
  }
  // Opens both branches and runs their statements; the votes come next.
  void UpToPrepare() {
    Do(Begin{});
    for (size_t i = 0; i < t.branches.size(); ++i) Do(Opened{static_cast<uint32_t>(i), true, {}});
    for (size_t i = 0; i < t.branches.size(); ++i)
      Do(Ran{static_cast<uint32_t>(i), true, false, {}});
  }
  void UpToCommitting() {
    UpToPrepare();
    for (size_t i = 0; i < t.branches.size(); ++i) Do(Yes(static_cast<uint32_t>(i)));
    Do(Durable{t.decision_ticket});
  }
  static Voted Yes(uint32_t branch) { return {branch, Vote::kPrepared, false, {}, "id", "start"}; }
  static Cause Because(Reason reason) {
    Cause cause;
    cause.reason = reason;
    return cause;
  }

  Atomic t;
  Monotonic now{1'000'000'000};
};

Machine Two(bool client_named = true) { return Machine(client_named, true, {"a", "b"}); }

TEST(Atomic, TakesConnectionsInTheOrderOfResourceNamesAndRunsInTheOrderOfTheRequest) {
  Machine m(true, true, {"zebra", "ant"});
  EXPECT_EQ(m.Do(Begin{}), "arm deadline\ncall open b2");
  EXPECT_EQ(m.Do(Opened{1, true, {}}), "call open b1");
  EXPECT_EQ(m.Do(Opened{0, true, {}}), "call run b1");
  EXPECT_EQ(m.Do(Ran{0, true, false, {}}), "call run b2");
  EXPECT_EQ(m.Do(Ran{1, true, false, {}}), "disarm idle\ncall prepare b1\ncall prepare b2");
}

TEST(Atomic, SendsNoCommitBeforeTheDecisionIsDurable) {
  Machine m = Two();
  m.UpToPrepare();
  EXPECT_EQ(m.Do(Machine::Yes(0)), "");
  EXPECT_EQ(m.Do(Machine::Yes(1)), "append commit force #1");
  EXPECT_EQ(m.t.Reportable(), Outcome::kUndecided);
  EXPECT_EQ(m.Do(Durable{1}),
            "disarm deadline\ncall commit b1 decided\ncall commit b2 decided\nreply decided\n"
            "arm operator");
  EXPECT_EQ(m.t.Reportable(), Outcome::kCommitted);
}

TEST(Atomic, EndsOnlyWhenEveryBranchHasAcknowledged) {
  Machine m = Two();
  m.UpToCommitting();
  EXPECT_EQ(m.Do(Acked{1, Ack::kDone, {}}), "");
  EXPECT_EQ(m.Do(Acked{0, Ack::kDone, {}}),
            "disarm operator\nreply ended\nappend end lazy\ndisarm deadline\nforget");
  EXPECT_EQ(m.t.state, State::kCommitted);
}

TEST(Atomic, RollsBackEveryBranchAtTheFirstRefusal) {
  Machine m = Two();
  m.Do(Begin{});
  m.Do(Opened{0, true, {}});
  m.Do(Opened{1, true, {}});
  EXPECT_EQ(m.Do(Ran{0, false, false, Machine::Because(Reason::kExpectRows)}),
            "disarm deadline\ndisarm idle\ncall roll-back b1\ncall roll-back b2\narm operator\n"
            "append outcome ride #1");
  EXPECT_EQ(m.t.Reportable(), Outcome::kUndecided);
  EXPECT_EQ(m.Do(Durable{1}), "reply decided");
  EXPECT_EQ(m.t.Reportable(), Outcome::kRolledBack);
  m.Do(Acked{0, Ack::kDone, {}});
  EXPECT_EQ(m.Do(Acked{1, Ack::kDone, {}}),
            "disarm operator\nreply ended\ndisarm deadline\nforget");
}

TEST(Atomic, WritesNothingForARollBackOfAGidThatItMadeItself) {
  Machine m = Two(false);
  m.UpToPrepare();
  EXPECT_EQ(
      m.Do(Voted{0, Vote::kRefused, false, Machine::Because(Reason::kPrepareRefused), {}, {}}),
      "disarm deadline\ndisarm idle\ncall roll-back b1\ncall roll-back b2\narm operator\n"
      "reply decided");
}

TEST(Atomic, TakesAnUnknownVoteForANoAndRollsBackBecauseItMayBePrepared) {
  Machine m = Two();
  m.UpToPrepare();
  m.Do(Machine::Yes(0));
  const std::string effects =
      m.Do(Voted{1, Vote::kUnknown, false, Machine::Because(Reason::kPrepareUnknown), {}, {}});
  EXPECT_NE(effects.find("call roll-back b1\ncall roll-back b2"), std::string::npos);
  EXPECT_EQ(m.t.decision, Decision::kRollBack);
}

TEST(Atomic, CancelsARunningStatementBeforeItRollsBack) {
  Machine m = Two(false);
  m.Do(Begin{});
  m.Do(Opened{0, true, {}});
  m.Do(Opened{1, true, {}});
  const std::string effects = m.Do(TimerFired{Timer::kDeadline, 0});
  EXPECT_NE(effects.find("cancel b1\ncall roll-back b1\ncall roll-back b2"), std::string::npos);
  EXPECT_EQ(m.t.cause.reason, Reason::kDeadline);
}

TEST(Atomic, LetsNoDeadlineAndNoClientTurnADecisionThatWasHandedToTheLog) {
  Machine m = Two();
  m.UpToPrepare();
  m.Do(Machine::Yes(0));
  m.Do(Machine::Yes(1));
  EXPECT_EQ(m.Do(TimerFired{Timer::kDeadline, 0}), "");
  EXPECT_EQ(m.Do(RollBackRequested{Machine::Because(Reason::kClient)}), "");
  EXPECT_NE(m.Do(Durable{1}).find("call commit b1 decided"), std::string::npos);
}

TEST(Atomic, CommitsInOnePhaseOnlyASoleBranchWhoseGidItMade) {
  Machine sole(false, true, {"a"});
  sole.Do(Begin{});
  sole.Do(Opened{0, true, {}});
  EXPECT_EQ(sole.Do(Ran{0, true, false, {}}),
            "disarm idle\narm operator\ncall commit-one-phase b1");
  EXPECT_EQ(sole.t.state, State::kDeciding);
  EXPECT_EQ(
      sole.Do(Acked{0, Ack::kDone, {}}),
      "disarm deadline\nreply decided\ndisarm operator\nreply ended\ndisarm deadline\nforget");

  Machine named(true, true, {"a"});
  named.Do(Begin{});
  named.Do(Opened{0, true, {}});
  EXPECT_EQ(named.Do(Ran{0, true, false, {}}), "disarm idle\ncall prepare b1");
}

TEST(Atomic, NeverSendsAOnePhaseCommitTwiceAndNothingButItsAnswerMovesIt) {
  Machine m(false, true, {"a"});
  m.UpToPrepare();
  EXPECT_EQ(m.Do(TimerFired{Timer::kDeadline, 0}), "");
  EXPECT_EQ(m.Do(RollBackRequested{Machine::Because(Reason::kClient)}), "");
  EXPECT_EQ(m.Do(Acked{0, Ack::kNotFound, {}}), "call find b1");
  EXPECT_EQ(m.Do(Acked{0, Ack::kUnknown, {}}), "arm retry b1");
  EXPECT_EQ(m.Do(TimerFired{Timer::kRetry, 0}), "call find b1");
  const std::string effects = m.Do(Acked{0, Ack::kRolledBack, {}});
  EXPECT_NE(effects.find("reply decided"), std::string::npos);
  EXPECT_EQ(m.t.Reportable(), Outcome::kRolledBack);
}

TEST(Atomic, SaysWhyAOnePhaseCommitRolledBackAndWhetherItMayBeTriedAgain) {
  Machine m(false, true, {"a"});
  m.UpToPrepare();
  Acked acked{0, Ack::kRolledBack, {}};
  acked.cause = Machine::Because(Reason::kDeadlock);
  acked.cause.may_retry = true;
  acked.cause.vendor_code = 1399;
  m.Do(acked);
  EXPECT_EQ(m.t.cause.reason, Reason::kDeadlock);
  EXPECT_EQ(m.t.cause.decided_by, DecidedBy::kResource);
  EXPECT_TRUE(m.t.cause.may_retry);
  EXPECT_EQ(m.t.cause.vendor_code, 1399);
  EXPECT_EQ(m.t.cause.branch, 0);
}

TEST(Atomic, RecordsAHazardWhenAOnePhaseCommitCannotBeResolved) {
  Machine m(false, true, {"a"});
  m.UpToPrepare();
  m.Do(Acked{0, Ack::kNotFound, {}});
  EXPECT_EQ(m.Do(Acked{0, Ack::kHeuristicHazard, {}}), "append heuristic force #1 b1");
  EXPECT_EQ(m.Do(Durable{1}), "disarm deadline\nreply decided\ndisarm operator\nreply ended");
  EXPECT_EQ(m.t.Reportable(), Outcome::kHazard);
  EXPECT_TRUE(m.t.needs_operator);
}

TEST(Atomic, WritesNothingWhenEveryBranchWasReadOnly) {
  Machine m = Two();
  m.UpToPrepare();
  m.Do(Voted{0, Vote::kReadOnly, false, {}, {}, {}});
  EXPECT_EQ(m.Do(Voted{1, Vote::kReadOnly, false, {}, {}, {}}),
            "reply decided\ndisarm operator\nreply ended\ndisarm deadline\nforget");
  EXPECT_EQ(m.t.outcome, Outcome::kCommitted);
}

TEST(Atomic, LeavesAReadOnlyBranchOutOfPhaseTwo) {
  Machine m = Two();
  m.UpToPrepare();
  m.Do(Voted{0, Vote::kReadOnly, false, {}, {}, {}});
  m.Do(Machine::Yes(1));
  const std::string effects = m.Do(Durable{1});
  EXPECT_EQ(effects.find("call commit b1"), std::string::npos);
  EXPECT_NE(effects.find("call commit b2 decided"), std::string::npos);
}

TEST(Atomic, RetriesAnUnknownCommitForEverAndAtOnceWhenTheResourceIsBack) {
  Machine m = Two();
  m.UpToCommitting();
  m.Do(Acked{0, Ack::kDone, {}});
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(m.Do(Acked{1, Ack::kUnknown, "connection lost"}), "arm retry b2");
    EXPECT_EQ(m.Do(TimerFired{Timer::kRetry, 1}), "call commit b2 decided");
  }
  m.Do(Acked{1, Ack::kUnknown, {}});
  EXPECT_EQ(m.Do(ResourceUp{"a"}), "");
  EXPECT_EQ(m.Do(ResourceUp{"b"}), "call commit b2 decided");
  EXPECT_EQ(m.Do(TimerFired{Timer::kRetry, 1}), "") << "it is already in flight";
}

// Otherwise a call that fails again right after a long outage would wait as long as the outage
// took.
TEST(Atomic, RestartsItsBackOffWhenTheResourceIsBack) {
  Machine m = Two();
  m.UpToCommitting();
  m.Do(Acked{0, Ack::kDone, {}});
  const auto wait = [&] {
    Effects effects;
    Step(m.t, Acked{1, Ack::kUnknown, {}}, m.now, effects);
    return std::get<Arm>(effects.at(0)).at - m.now;
  };
  EXPECT_EQ(wait(), m.t.settings.retry_first);
  for (int i = 0; i < 20; ++i) {
    m.Do(TimerFired{Timer::kRetry, 1});
    wait();
  }
  m.Do(TimerFired{Timer::kRetry, 1});
  EXPECT_EQ(wait(), m.t.settings.retry_cap);
  m.Do(ResourceUp{"b"});
  EXPECT_EQ(wait(), m.t.settings.retry_first);
}

TEST(Atomic, RecordsTheEndOfABranchWhileAnotherIsLate) {
  Machine m = Two();
  m.UpToCommitting();
  m.Do(Acked{1, Ack::kUnknown, {}});
  EXPECT_EQ(m.Do(Acked{0, Ack::kDone, {}}), "append branch-end lazy b1");
}

TEST(Atomic, BelievesAnUnknownXidOnlyAfterALook) {
  Machine m = Two();
  m.UpToCommitting();
  EXPECT_EQ(m.Do(Acked{0, Ack::kNotFound, {}}), "call find b1");
  EXPECT_EQ(m.Do(Acked{0, Ack::kUnknown, {}}), "arm retry b1");
  EXPECT_EQ(m.Do(TimerFired{Timer::kRetry, 0}), "call commit b1 decided");
}

TEST(Atomic, ReportsAfterATimeThatABranchNeedsAnOperatorAndKeepsRetrying) {
  Machine m = Two();
  m.UpToCommitting();
  m.Do(Acked{0, Ack::kUnknown, {}});
  m.Do(TimerFired{Timer::kOperator, 0});
  EXPECT_EQ(m.t.branches[0].state, BranchState::kNeedsOperator);
  EXPECT_EQ(m.Do(TimerFired{Timer::kRetry, 0}), "call commit b1 decided");
  m.Do(Acked{0, Ack::kDone, {}});
  m.Do(Acked{1, Ack::kDone, {}});
  EXPECT_EQ(m.t.state, State::kCommitted);
}

TEST(Atomic, HoldsAHeuristicRollBackAgainstTheDecisionAndTellsAMixedOutcome) {
  Machine m = Two();
  m.UpToCommitting();
  m.Do(Acked{0, Ack::kDone, {}});
  EXPECT_EQ(m.Do(Acked{1, Ack::kHeuristicRollBack, {}}), "append heuristic force #2 b2");
  EXPECT_EQ(m.Do(Durable{2}), "disarm operator\nreply ended");
  EXPECT_EQ(m.t.Reportable(), Outcome::kMixed);
  EXPECT_EQ(m.t.branches[1].state, BranchState::kHeuristic);
}

TEST(Atomic, ForgetsAHeuristicThatAgreesOnlyAfterItIsRecorded) {
  Machine m = Two();
  m.UpToCommitting();
  m.Do(Acked{0, Ack::kDone, {}});
  EXPECT_EQ(m.Do(Acked{1, Ack::kHeuristicCommit, {}}), "append heuristic force #2 b2");
  EXPECT_EQ(m.Do(Durable{2}), "call forget b2");
  EXPECT_EQ(m.Do(Acked{1, Ack::kUnknown, {}}), "arm retry b2");
  EXPECT_EQ(m.Do(TimerFired{Timer::kRetry, 1}), "call forget b2");
  EXPECT_NE(m.Do(Acked{1, Ack::kDone, {}}).find("append end lazy"), std::string::npos);
  EXPECT_EQ(m.t.outcome, Outcome::kCommitted);
}

TEST(Atomic, ReportsAHazardWhenTheClientsSqlLeftItsBranch) {
  Machine m = Two(false);
  m.UpToPrepare();
  const std::string effects =
      m.Do(Voted{0, Vote::kRefused, true, Machine::Because(Reason::kLeftBranch), {}, {}});
  EXPECT_EQ(effects.find("append heuristic force"), 0u) << "before the roll-back is recorded";
  EXPECT_EQ(m.t.Reportable(), Outcome::kUndecided) << "never an ordinary roll-back";
  m.Do(Acked{0, Ack::kDone, {}});
  m.Do(Acked{1, Ack::kDone, {}});
  m.Do(Durable{m.t.branches[0].heuristic_ticket});
  EXPECT_EQ(m.t.Reportable(), Outcome::kHazard);
}

TEST(Atomic, ReportsAHazardOnlyWhenItsRecordIsDurable) {
  Machine m = Two(true);
  m.UpToPrepare();
  EXPECT_NE(m.Do(RollBackRequested{}).find("append outcome ride #1"), std::string::npos);
  m.Do(Voted{0, Vote::kRefused, true, Machine::Because(Reason::kLeftBranch), {}, {}});
  EXPECT_EQ(m.Do(Durable{1}), "");
  EXPECT_EQ(m.t.Reportable(), Outcome::kUndecided);
  EXPECT_EQ(m.Do(Durable{m.t.branches[0].heuristic_ticket}), "reply decided");
  EXPECT_EQ(m.t.Reportable(), Outcome::kHazard);
}

TEST(Atomic, GoesOnFromAReplayedDecision) {
  Machine m = Two();
  m.t.decision = Decision::kCommit;
  m.t.branches[0].Restore(Phase::kEnded);
  m.t.branches[1].Restore(Phase::kVoted);
  EXPECT_EQ(m.Do(Replayed{}), "call commit b2 decided\nreply decided\narm operator");
  EXPECT_NE(m.Do(Acked{1, Ack::kDone, {}}).find("append end lazy"), std::string::npos);
}

TEST(Interactive, OpensRunsAndCommitsOnlyWhenAsked) {
  Machine m(true, false, {});
  EXPECT_EQ(m.Do(Begin{}), "arm deadline");
  EXPECT_EQ(m.Do(Enlist{{"x", "a", false}}), "call open b1");
  EXPECT_EQ(m.Do(Opened{0, true, {}}), "reply open b1");
  EXPECT_EQ(m.Do(RunRequested{0}), "call run b1");
  EXPECT_EQ(m.Do(Ran{0, true, false, {}}), "reply run b1");
  EXPECT_EQ(m.Do(CommitRequested{}), "disarm idle\ncall prepare b1");
}

TEST(Interactive, ReturnsTheConnectionOfABranchThatRanNothing) {
  Machine m(true, false, {});
  m.Do(Begin{});
  m.Do(Enlist{{"x", "a", false}});
  m.Do(Opened{0, true, {}});
  EXPECT_EQ(m.Do(CommitRequested{}),
            "disarm idle\ncall roll-back b1\nreply decided\ndisarm operator\nreply ended\n"
            "disarm deadline\nforget");
}

TEST(Interactive, RollsBackWhenTheClientIsIdle) {
  Machine m(false, false, {});
  m.t.settings.idle_limit = Duration(1'000);
  EXPECT_EQ(m.Do(Begin{}), "arm deadline\narm idle");
  EXPECT_NE(m.Do(TimerFired{Timer::kIdle, 0}).find("reply decided"), std::string::npos);
  EXPECT_EQ(m.t.cause.reason, Reason::kIdle);
}

// The client was not idle while it waited for them.
TEST(Interactive, EachAnswerRestartsTheIdleLimit) {
  Machine m(false, false, {});
  m.t.settings.idle_limit = Duration(1'000);
  m.Do(Begin{});
  m.Do(Enlist{{"x", "a", false}});
  EXPECT_EQ(m.Do(Opened{0, true, {}}), "reply open b1\narm idle");
  m.Do(RunRequested{0});
  m.now = m.now + Duration(999);
  Effects effects;
  Step(m.t, Ran{0, true, false, {}}, m.now, effects);
  ASSERT_EQ(ToText(effects), "reply run b1\narm idle");
  EXPECT_EQ(std::get<Arm>(effects[1]).at - m.now, m.t.settings.idle_limit);
}

TEST(Interactive, AFailedOpenRollsBackTheOthersAndNeedsNoCallItself) {
  Machine m(false, false, {});
  m.Do(Begin{});
  m.Do(Enlist{{"x", "a", false}});
  m.Do(Opened{0, true, {}});
  m.Do(Enlist{{"y", "b", false}});
  const std::string effects = m.Do(Opened{1, false, Machine::Because(Reason::kUnavailable)});
  EXPECT_NE(effects.find("call roll-back b1"), std::string::npos);
  EXPECT_EQ(effects.find("call roll-back b2"), std::string::npos);
}

TEST(Gtrid, OrdersByAgeAndRoundTrips) {
  const Gtrid one = Gtrid::Make("12345678", 1, "abc", 255);
  const Gtrid two = Gtrid::Make("12345678", 1, "abc", 256);
  const Gtrid later = Gtrid::Make("12345678", 2, "aaa", 1);
  EXPECT_LT(one, two);
  EXPECT_LT(two, later);
  EXPECT_EQ(Gtrid::FromHex(one.ToHex()), one);
  EXPECT_EQ(Gtrid::FromBytes(one.bytes()), one);
  EXPECT_EQ(two.sequence(), 256u);
  EXPECT_EQ(later.incarnation(), 2u);
  EXPECT_FALSE(Gtrid::FromHex(one.ToHex().substr(1)));
}

}  // namespace
}  // namespace assent::core
