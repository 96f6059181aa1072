// SPDX-License-Identifier: Apache-2.0
// The last resource: all others vote first, its local commit is the decision, and nothing else
// moves until its result is known.
#include <gtest/gtest.h>

#include "core/testing.h"

namespace assent::core {
namespace {

// Up to the votes: the open record is appended together with the prepares.
Machine Prepared(const std::string& kinds = "xl", bool client_named = false) {
  Machine m(false, kinds, client_named);
  m.Do(Begin{});
  for (uint32_t i = 0; i < kinds.size(); ++i) {
    AtomicBranch& branch = m.t.branches[i];
    branch.Take(BranchEvent::kOpen);
    branch.Take(BranchEvent::kOpened);
    branch.Take(BranchEvent::kRun);
    branch.Take(BranchEvent::kRan);
  }
  m.Do(CommitRequested{});
  return m;
}

// The commit of the last resource (branch 2) is sent.
Machine Deciding(bool client_named = false) {
  Machine m = Prepared("xl", client_named);
  m.Do(Machine::Yes(0));
  m.Do(Machine::Yes(1));
  m.Do(Durable{1});
  return m;
}

Acked Unanswered(uint32_t branch) { return {branch, Ack::kNotFound, "the connection was lost"}; }

TEST(LastResource, CommitsWhenAllHaveVotedAndTheRecordIsDurable) {
  Machine m(true, "xl", false);
  EXPECT_EQ(m.Do(Begin{}), "arm deadline\ncall open b1");
  m.Do(Opened{0, true, {}});
  m.Do(Opened{1, true, {}});
  m.Do(Ran{0, true, false, {}});
  EXPECT_EQ(m.Do(Ran{1, true, false, {}}),
            "disarm idle\nappend open force #1\ncall prepare b1\ncall prepare b2");
  EXPECT_EQ(m.Do(Machine::Yes(1)), "");
  EXPECT_EQ(m.Do(Durable{1}), "");
  EXPECT_EQ(m.Do(Machine::Yes(0)), "arm operator\ncall commit-one-phase b2");
  EXPECT_EQ(m.t.state, State::kDeciding);
  EXPECT_EQ(m.t.Reportable(), Outcome::kUndecided);
  EXPECT_EQ(m.Do(Acked{1, Ack::kDone, {}}),
            "append commit lazy\ndisarm deadline\ncall commit b1 decided\nreply decided");
  EXPECT_EQ(m.t.Reportable(), Outcome::kCommitted);
  EXPECT_EQ(m.Do(Acked{0, Ack::kDone, {}}),
            "disarm operator\nreply ended\nappend end lazy\ndisarm deadline\nforget");
}

TEST(LastResource, WaitsForTheRecordAlsoIfItIsTheLastToCome) {
  Machine m = Prepared();
  m.Do(Machine::Yes(0));
  EXPECT_EQ(m.Do(Machine::Yes(1)), "");
  EXPECT_EQ(m.Do(Durable{1}), "arm operator\ncall commit-one-phase b2");
}

TEST(LastResource, IsRolledBackIfAnotherVotesNo) {
  Machine m = Prepared();
  m.Do(Machine::Yes(1));
  EXPECT_EQ(m.Do(Machine::No(0, false)),
            "disarm deadline\ndisarm idle\ncall roll-back b1\ncall roll-back b2\narm operator\n"
            "reply decided");
  m.Do(Acked{0, Ack::kDone, {}});
  EXPECT_EQ(m.Do(Acked{1, Ack::kDone, {}}), "");  // its record is not durable yet
  EXPECT_EQ(m.Do(Durable{1}),
            "disarm operator\nreply ended\nappend end lazy\ndisarm deadline\nforget");
}

TEST(LastResource, WhoseRowIsRefusedRollsBackTheOthers) {
  Machine m = Prepared();
  m.Do(Machine::Yes(0));
  m.Do(Machine::No(1, false));
  EXPECT_EQ(m.t.decision, Decision::kRollBack);
  EXPECT_FALSE(m.t.branches[1].AskedToPrepare());
}

TEST(LastResource, ThatRefusesItsCommitRollsBackTheOthers) {
  Machine m = Deciding();
  Acked refused{1, Ack::kRolledBack, "a deferred constraint"};
  EXPECT_EQ(m.Do(refused),
            "disarm deadline\ndisarm idle\ncall roll-back b1\narm operator\nreply decided");
  EXPECT_EQ(m.t.Reportable(), Outcome::kRolledBack);
}

TEST(LastResource, IsLookedUpUntilItsResultIsKnown) {
  Machine m = Deciding();
  EXPECT_EQ(m.Do(Unanswered(1)), "call find b2");
  EXPECT_EQ(m.Do(Acked{1, Ack::kUnknown, "blocked"}), "arm retry b2");
  for (const Event& event :
       {Event(RollBackRequested{}), Event(TimerFired{Timer::kDeadline, 0}),
        Event(TimerFired{Timer::kIdle, 0}), Event(CommitRequested{}), Event(Touched{})}) {
    EXPECT_EQ(m.Do(event), "");
    EXPECT_EQ(m.t.state, State::kDeciding);
  }
  EXPECT_EQ(m.Do(TimerFired{Timer::kRetry, 1}), "call find b2");
  EXPECT_EQ(m.Do(Acked{1, Ack::kDone, {}}),
            "append commit lazy\ndisarm deadline\ncall commit b1 decided\nreply decided");
}

TEST(LastResource, ThatCanNeverCommitRollsBackTheOthersWhichMayBeTriedAgain) {
  Machine m = Deciding();
  m.Do(Unanswered(1));
  EXPECT_EQ(m.Do(Acked{1, Ack::kRolledBack, {}}),
            "disarm deadline\ndisarm idle\ncall roll-back b1\narm operator\nreply decided");
  EXPECT_EQ(m.t.cause.reason, Reason::kConnectionLost);
  EXPECT_TRUE(m.t.cause.may_retry);
}

TEST(LastResource, IsReportedRolledBackOnlyWhenThatIsDurableIfTheClientNamedTheGid) {
  Machine m = Deciding(true);
  EXPECT_EQ(m.Do(Acked{1, Ack::kRolledBack, {}}),
            "disarm deadline\ndisarm idle\ncall roll-back b1\narm operator\n"
            "append outcome ride #2");
  EXPECT_EQ(m.t.Reportable(), Outcome::kUndecided);
}

TEST(LastResource, AloneCommitsInOnePhaseWithoutARecord) {
  EXPECT_EQ(Prepared("l").t.state, State::kDeciding);
  Machine named = Prepared("l", true);
  EXPECT_EQ(named.t.state, State::kPreparing);
  named.Do(Machine::Yes(0));
  EXPECT_EQ(named.Do(Durable{1}), "arm operator\ncall commit-one-phase b1");
  EXPECT_EQ(named.Do(Acked{0, Ack::kDone, {}}),
            "append commit lazy\ndisarm deadline\nreply decided\ndisarm operator\nreply ended\n"
            "append end lazy\ndisarm deadline\nforget");
}

TEST(LastResource, WithoutWorkTakesNoPart) {
  Machine m(false, "xl", true);
  m.Do(Begin{});
  for (AtomicBranch& branch : m.t.branches) {
    branch.Take(BranchEvent::kOpen);
    branch.Take(BranchEvent::kOpened);
  }
  m.t.branches[0].Take(BranchEvent::kRun);
  m.t.branches[0].Take(BranchEvent::kRan);
  EXPECT_EQ(m.Do(CommitRequested{}), "disarm idle\ncall roll-back b2\ncall prepare b1");
  EXPECT_EQ(m.Do(Machine::Yes(0)), "append commit force #1");
}

TEST(LastResource, CommitsAfterThePartnersHaveVotedAndBeforeTheyAreConfirmed) {
  Machine m(true, "tl", false);
  EXPECT_EQ(m.Do(Begin{}), "arm deadline\nappend open force #1");
  m.Do(Durable{1});
  EXPECT_EQ(m.Do(Machine::Yes(0)), "call open b2");
  m.Do(Opened{1, true, {}});
  EXPECT_EQ(m.Do(Ran{1, true, false, {}}), "disarm idle\nappend open force #2\ncall prepare b2");
  m.Do(Durable{2});
  EXPECT_EQ(m.Do(Machine::Yes(1)), "arm operator\ncall commit-one-phase b2");
  EXPECT_EQ(m.Do(Acked{1, Ack::kDone, {}}),
            "append commit lazy\ndisarm deadline\ncall commit b1 decided\nreply decided");
}

TEST(LastResource, DoesNotCommitAfterAReservationHasExpired) {
  Machine m(true, "tl", false);
  m.Do(Begin{});
  m.Do(Durable{1});
  Voted yes = Machine::Yes(0);
  yes.expires = Monotonic{5 * kSecond};
  m.Do(yes);
  m.Do(Opened{1, true, {}});
  m.Do(Ran{1, true, false, {}});
  m.Do(Machine::Yes(1));
  m.now = Monotonic{5 * kSecond};
  m.Do(Durable{2});
  EXPECT_EQ(m.t.decision, Decision::kRollBack);
  EXPECT_EQ(m.t.cause.reason, Reason::kExpired);
}

Machine Replayed(const std::string& kinds) {
  Machine m(true, kinds, false);
  for (AtomicBranch& branch : m.t.branches) {
    branch.Restore(Phase::kVoted);
    branch.state = BranchState::kPrepared;
  }
  m.t.open_logged = true;
  m.t.last_ticket = 1;
  m.t.last_is_named = true;
  m.t.next_ticket = 2;
  return m;
}

// Without the commit record only the row tells.
TEST(LastResource, IsLookedUpFirstAfterACrash) {
  Machine m = Replayed("xtl");
  EXPECT_EQ(m.Do(core::Replayed{}), "call find b3\narm operator");
  EXPECT_EQ(m.t.state, State::kDeciding);
  EXPECT_EQ(m.t.Reportable(), Outcome::kUndecided);
  EXPECT_EQ(m.Do(RollBackRequested{}), "");
  EXPECT_EQ(m.Do(Acked{2, Ack::kUnknown, {}}), "arm retry b3");
  EXPECT_EQ(m.Do(ResourceUp{"place"}), "call find b3");
  EXPECT_EQ(m.Do(Acked{2, Ack::kDone, {}}),
            "append commit lazy\ndisarm deadline\ncall commit b1 decided\ncall commit b2 decided\n"
            "reply decided");
}

TEST(LastResource, ThatNeverCommittedBeforeACrashRollsBackTheOthers) {
  Machine m = Replayed("xl");
  m.Do(core::Replayed{});
  EXPECT_EQ(m.Do(Acked{1, Ack::kRolledBack, {}}),
            "disarm deadline\ndisarm idle\ncall roll-back b1\narm operator\nreply decided");
  EXPECT_EQ(m.t.cause.reason, Reason::kCrash);
}

}  // namespace
}  // namespace assent::core
