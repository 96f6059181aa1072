// SPDX-License-Identifier: Apache-2.0
// Branches with try, confirm and cancel in the atomic transaction: recorded before their first
// call, retried while they do not answer, and decided together with the others.
#include <gtest/gtest.h>

#include "core/testing.h"

namespace assent::core {
namespace {

TEST(Tcc, IsDurableBeforeAnyTryIsSent) {
  Machine m(true, "tt");
  EXPECT_EQ(m.Do(Begin{}), "arm deadline\nappend open force #1");
  EXPECT_EQ(m.Do(Durable{1}), "call prepare b1\ncall prepare b2");
  EXPECT_EQ(m.Do(Machine::Yes(1)), "");
  EXPECT_EQ(m.Do(Machine::Yes(0)), "disarm idle\nappend commit force #2");
  EXPECT_EQ(m.Do(Durable{2}),
            "disarm deadline\ncall commit b1 decided\ncall commit b2 decided\nreply decided\n"
            "arm operator");
  m.Do(Acked{0, Ack::kDone, {}});
  EXPECT_EQ(m.Do(Acked{1, Ack::kDone, {}}),
            "disarm operator\nreply ended\nappend end lazy\ndisarm deadline\nforget");
}

// A partner that hangs holds no row locks.
TEST(Tcc, TriesPrecedeSql) {
  Machine m(true, "xtx");
  EXPECT_EQ(m.Do(Begin{}), "arm deadline\nappend open force #1");
  EXPECT_EQ(m.Do(Durable{1}), "call prepare b2");
  EXPECT_EQ(m.Do(Machine::Yes(1)), "call open b1");
  EXPECT_EQ(m.Do(Opened{0, true, {}}), "call open b3");
  EXPECT_EQ(m.Do(Opened{2, true, {}}), "call run b1");
  EXPECT_EQ(m.Do(Ran{0, true, false, {}}), "call run b3");
  EXPECT_EQ(m.Do(Ran{2, true, false, {}}), "disarm idle\ncall prepare b1\ncall prepare b3");
  m.Do(Machine::Yes(0));
  EXPECT_EQ(m.Do(Machine::Yes(2)), "append commit force #2");
}

// One-phase commit is only for a sole branch.
TEST(Tcc, ADatabaseBesideAPartnerIsPreparedEvenUnderACoordinatorsGid) {
  Machine m(true, "tx", false);
  m.Do(Begin{});
  m.Do(Durable{1});
  m.Do(Machine::Yes(0));
  m.Do(Opened{1, true, {}});
  EXPECT_EQ(m.Do(Ran{1, true, false, {}}), "disarm idle\ncall prepare b2");
}

TEST(Tcc, ARefusalStopsTheOthersAndCancelsWhatMayHaveRun) {
  Machine m(true, "ttt");
  m.Do(Begin{});
  m.Do(Durable{1});
  m.Do(Machine::Yes(2));
  // The first is refused in its only try, and holds no reservation. The second is in flight.
  EXPECT_EQ(m.Do(Machine::No(0, true)),
            "disarm deadline\ndisarm idle\ncancel b2\ncall roll-back b3\narm operator\n"
            "append outcome ride #2");
  // The try that was cut off is answered: only now the cancel is sent, so it cannot overtake.
  EXPECT_EQ(m.Do(Machine::Vote(1, Vote::kUnknown)), "call roll-back b2");
  EXPECT_EQ(m.Do(Acked{1, Ack::kDone, {}}), "");
  EXPECT_EQ(m.Do(Durable{2}), "reply decided");
  EXPECT_EQ(m.Do(Acked{2, Ack::kDone, {}}),
            "disarm operator\nreply ended\nappend end lazy\ndisarm deadline\nforget");
  EXPECT_EQ(m.t.branches[0].state, BranchState::kRefused);
}

TEST(Tcc, ARefusalThatMayHaveLeftAReservationIsCancelledToo) {
  Machine m(true, "t", false);
  m.Do(Begin{});
  m.Do(Durable{1});
  EXPECT_EQ(m.Do(Machine::Vote(0, Vote::kUnknown)), "arm retry b1");
  EXPECT_EQ(m.Do(TimerFired{Timer::kRetry, 0}), "call prepare b1");
  EXPECT_EQ(m.Do(Machine::No(0, false)),
            "disarm deadline\ndisarm idle\ncall roll-back b1\narm operator\nreply decided");
}

TEST(Tcc, ASilentPartnerIsTriedAgainUntilTheDeadlineAndThenCancelled) {
  Machine m(true, "tx", false);
  m.Do(Begin{});
  m.Do(Durable{1});
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(m.Do(Machine::Vote(0, Vote::kUnknown)), "arm retry b1");
    EXPECT_EQ(m.Do(TimerFired{Timer::kRetry, 0}), "call prepare b1");
  }
  EXPECT_EQ(m.t.branches[0].tries, 6u);
  m.now = m.t.settings.deadline;
  EXPECT_EQ(m.Do(TimerFired{Timer::kDeadline, 0}),
            "disarm deadline\ndisarm idle\ncancel b1\narm operator\nreply decided");
  EXPECT_EQ(m.t.cause.reason, Reason::kDeadline);
  EXPECT_EQ(m.t.cause.branch, 0);
  EXPECT_TRUE(m.t.cause.may_retry) << "it may answer next time";
  // A late yes changes nothing.
  EXPECT_EQ(m.Do(Machine::Yes(0)), "call roll-back b1");
  EXPECT_EQ(m.t.decision, Decision::kRollBack);
}

// The try was never sent, or was refused in its only attempt.
TEST(Tcc, ACutOffTryThatLeftNoReservationNeedsNoCancel) {
  Machine m(true, "t", false);
  m.Do(Begin{});
  m.Do(Durable{1});
  m.Do(RollBackRequested{});
  Voted nothing = Machine::Vote(0, Vote::kUnknown);
  nothing.gone = true;
  EXPECT_EQ(m.Do(nothing),
            "disarm operator\nreply ended\nappend end lazy\ndisarm deadline\nforget");
}

// The deadline passes while it waits for its next attempt.
TEST(Tcc, AnUnsentTryIsNotCancelledAtTheDeadline) {
  Machine m(true, "tt", false);
  m.Do(Begin{});
  m.Do(Durable{1});
  Voted nothing = Machine::Vote(0, Vote::kUnknown);
  nothing.gone = true;
  m.Do(nothing);
  m.Do(Machine::Vote(1, Vote::kUnknown));  // that attempt may have left a reservation
  m.now = m.t.settings.deadline;
  EXPECT_EQ(m.Do(TimerFired{Timer::kDeadline, 0}),
            "disarm deadline\ndisarm idle\ncall roll-back b2\narm operator\nreply decided");
  EXPECT_EQ(m.Do(TimerFired{Timer::kRetry, 0}), "");
  EXPECT_EQ(m.Do(Acked{1, Ack::kDone, ""}),
            "disarm operator\nreply ended\nappend end lazy\ndisarm deadline\nforget");
}

// One attempt that may have left a reservation is enough.
TEST(Tcc, ATryThatMayHaveBeenSentOnceIsCancelled) {
  Machine m(true, "t", false);
  m.Do(Begin{});
  m.Do(Durable{1});
  Voted nothing = Machine::Vote(0, Vote::kUnknown);
  nothing.gone = true;
  m.Do(nothing);
  m.Do(TimerFired{Timer::kRetry, 0});
  m.Do(Machine::Vote(0, Vote::kUnknown));
  EXPECT_EQ(m.Do(RollBackRequested{}),
            "disarm deadline\ndisarm idle\ncall roll-back b1\narm operator\nreply decided");
}

TEST(Tcc, RespectsTheDelayThatAPartnerRequests) {
  Machine m(true, "t");
  m.Do(Begin{});
  m.Do(Durable{1});
  Voted later = Machine::Vote(0, Vote::kUnknown);
  later.not_before = std::chrono::seconds(3);
  Effects effects;
  Step(m.t, later, m.now, effects);
  ASSERT_EQ(effects.size(), 1u);
  const Arm& retry = std::get<Arm>(effects[0]);
  EXPECT_GE((retry.at + -retry.spread) - m.now, std::chrono::seconds(3));
}

TEST(Tcc, ADeadlineBeforeTheOpenRecordIsDurableEndsWithNothingSentAndWaitsForTheRecord) {
  Machine m(true, "t", false);
  m.Do(Begin{});
  m.now = m.t.settings.deadline;
  EXPECT_EQ(m.Do(TimerFired{Timer::kDeadline, 0}),
            "disarm deadline\ndisarm idle\narm operator\nreply decided");
  EXPECT_EQ(m.Do(Durable{1}),
            "disarm operator\nreply ended\nappend end lazy\ndisarm deadline\nforget");
}

TEST(Tcc, ConfirmAndCancelAreNeverGivenUp) {
  Machine m(true, "t");
  m.Do(Begin{});
  m.Do(Durable{1});
  m.Do(Machine::Yes(0));
  m.Do(Durable{2});
  Acked refused{0, Ack::kUnknown, "409 Conflict"};
  refused.needs_operator = true;
  EXPECT_EQ(m.Do(refused), "arm retry b1");
  EXPECT_EQ(m.t.branches[0].state, BranchState::kNeedsOperator);
  EXPECT_TRUE(m.t.needs_operator);
  EXPECT_EQ(m.Do(TimerFired{Timer::kRetry, 0}), "call commit b1 decided");
  m.Do(Acked{0, Ack::kDone, {}});
  EXPECT_EQ(m.t.branches[0].state, BranchState::kCommitted);
  EXPECT_FALSE(m.t.needs_operator);
}

TEST(Tcc, AYesThatWouldExpireBeforeTheDecisionRollsBack) {
  Machine m(true, "tx");
  m.Do(Begin{});
  m.Do(Durable{1});
  Voted yes = Machine::Yes(0);
  yes.expires = Monotonic{5 * kSecond};
  // The deadline moves forward to a margin before that.
  EXPECT_EQ(m.Do(yes), "arm deadline\ncall open b2");
  m.Do(Opened{1, true, {}});
  m.Do(Ran{1, true, false, {}});
  m.now = Monotonic{4 * kSecond + 1};
  EXPECT_EQ(m.Do(Machine::Yes(1)),
            "disarm deadline\ndisarm idle\ncall roll-back b1\ncall roll-back b2\narm operator\n"
            "append outcome ride #2");
  EXPECT_EQ(m.t.cause.reason, Reason::kExpired);
  EXPECT_TRUE(m.t.cause.may_retry);
}

TEST(Tcc, AnExpiryBeforeTheDeadlineRollsBack) {
  Machine m(true, "tt", false);
  m.Do(Begin{});
  m.Do(Durable{1});
  Voted yes = Machine::Yes(0);
  yes.expires = Monotonic{5 * kSecond};
  EXPECT_EQ(m.Do(yes), "arm deadline");
  m.now = Monotonic{4 * kSecond};
  m.Do(TimerFired{Timer::kDeadline, 0});
  EXPECT_EQ(m.t.cause.reason, Reason::kExpired);
}

TEST(Tcc, APartnerEnlistedAloneIsDurableBeforeItsTry) {
  Machine m(false, "");
  m.Do(Begin{});
  EXPECT_EQ(m.Do(Enlist{{"hotel", "place", false, BranchKind::kTcc}}), "append enlist force #1 b1");
  EXPECT_EQ(m.Do(Enlist{{"flight", "place", false, BranchKind::kTcc}}),
            "append enlist force #2 b2");
  EXPECT_EQ(m.Do(Durable{1}), "call prepare b1");
  EXPECT_EQ(m.Do(Durable{2}), "call prepare b2");
  EXPECT_EQ(m.Do(Machine::Yes(1)), "reply open b2");
  EXPECT_EQ(m.Do(Machine::Yes(0)), "reply open b1");
  EXPECT_EQ(m.Do(CommitRequested{}), "disarm idle\nappend commit force #3");
}

// Its record follows the open record, and a crash may happen between the two.
TEST(Tcc, APartnerEnlistedBeforeTheOpenRecordIsDurableWaitsForItsOwn) {
  Machine m(true, "t");
  m.Do(Begin{});
  EXPECT_EQ(m.Do(Enlist{{"flight", "place", false, BranchKind::kTcc}}),
            "append enlist force #2 b2");
  EXPECT_EQ(m.Do(Durable{1}), "call prepare b1");
  EXPECT_EQ(m.Do(Durable{2}), "call prepare b2");
}

TEST(Tcc, AVoteRestartsTheIdleLimit) {
  Machine m(false, "");
  m.t.settings.idle_limit = std::chrono::seconds(1);
  m.Do(Begin{});
  m.Do(Enlist{{"hotel", "place", false, BranchKind::kTcc}});
  m.Do(Enlist{{"flight", "place", false, BranchKind::kTcc, true}});
  m.Do(Durable{1});
  EXPECT_EQ(m.Do(Durable{2}), "reply open b2\narm idle");
  EXPECT_EQ(m.Do(TimerFired{Timer::kIdle, 0}), "arm idle");  // a client is not idle while it waits
  EXPECT_EQ(m.Do(Machine::Yes(0)), "reply open b1\narm idle");
}

// The transaction was open without a decision when the coordinator crashed.
TEST(Tcc, AnOpenTransactionIsCancelledAfterACrash) {
  Machine m(true, "tx");
  m.t.open_logged = true;
  m.t.decision = Decision::kRollBack;
  for (AtomicBranch& branch : m.t.branches) branch.Restore(Phase::kVoted);
  EXPECT_EQ(m.Do(Replayed{}), "call roll-back b1\ncall roll-back b2\nreply decided\narm operator");
  m.Do(Acked{1, Ack::kDone, {}});
  EXPECT_EQ(m.Do(Acked{0, Ack::kUnknown, "silence"}), "arm retry b1");
  EXPECT_EQ(m.Do(TimerFired{Timer::kRetry, 0}), "call roll-back b1");
  EXPECT_EQ(m.Do(Acked{0, Ack::kDone, {}}),
            "disarm operator\nreply ended\nappend end lazy\ndisarm deadline\nforget");
}

}  // namespace
}  // namespace assent::core
