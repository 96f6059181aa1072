// SPDX-License-Identifier: Apache-2.0
#include "coordinator/waiters.h"

#include <gtest/gtest.h>

#include "coordinator/testing.h"

namespace assent::coordinator {
namespace {

using For = Waiter::For;
using std::chrono::seconds;

class WaitersTest : public ::testing::Test {
 protected:
  WaitersTest() {
    entry_.handle = 1;
    entry_.gid = "g";
    entry_.atomic.branches.resize(2);
    entry_.work.resize(2);
  }
  // Returns the waiter's index in statuses_, which has the status of its answer; 0: not answered.
  size_t Add(For kind, std::optional<Duration> wait = std::nullopt, uint32_t branch = 0,
             uint64_t ticket = 0) {
    const size_t number = statuses_.size();
    statuses_.push_back(0);
    waiters_.Add(
        entry_, kind, branch, wait,
        [this, number](const Answer& answer) {
          EXPECT_EQ(statuses_[number], 0) << "answered twice";
          statuses_[number] = answer.status;
        },
        ticket);
    return number;
  }
  void Decide(core::Outcome outcome) {
    entry_.atomic.outcome = outcome;
    entry_.atomic.outcome_reportable = true;
    waiters_.AnswerDecided(entry_);
  }
  void RunTimers() {
    while (!timers_.empty() && timers_.top().at <= clock_.now) {
      waiters_.AnswerDue(entry_, timers_.Pop().generation);
    }
  }

  ManualClock clock_;
  TimerQueue timers_;
  Entry entry_;
  std::vector<int> statuses_;
  Waiters waiters_{timers_, clock_, seconds(2)};
};

TEST_F(WaitersTest, AnswersImmediatelyWithoutAWait) {
  EXPECT_EQ(statuses_[Add(For::kOutcome, Duration::zero())], 202);
  EXPECT_EQ(statuses_[Add(For::kView, Duration::zero())], 200);
  EXPECT_TRUE(entry_.waiters.empty());
  EXPECT_TRUE(timers_.empty());
}

TEST_F(WaitersTest, AWaiterForABranchIsAnsweredForThatBranchOnly) {
  const size_t first = Add(For::kOpen, std::nullopt, 0);
  const size_t second = Add(For::kOpen, std::nullopt, 1);
  const size_t run = Add(For::kRun, std::nullopt, 1);
  waiters_.AnswerOpen(entry_, 1);
  EXPECT_EQ(statuses_[first], 0);
  EXPECT_EQ(statuses_[second], 200);
  EXPECT_EQ(statuses_[run], 0);
  waiters_.AnswerRun(entry_, 1);
  EXPECT_EQ(statuses_[run], 200);
}

TEST_F(WaitersTest, TheDecisionEndsTheWaitForStatementsAndViewsAndStartsThatForPhaseTwo) {
  const size_t run = Add(For::kRun);
  const size_t outcome = Add(For::kOutcome);
  const size_t view = Add(For::kView, seconds(10));
  Decide(core::Outcome::kRolledBack);
  EXPECT_EQ(statuses_[run], 409);
  EXPECT_EQ(statuses_[view], 200);
  EXPECT_EQ(statuses_[Add(For::kView, seconds(10))], 200);
  EXPECT_EQ(statuses_[outcome], 0);
  clock_.now = clock_.now + seconds(2);
  RunTimers();
  EXPECT_EQ(statuses_[outcome], 409);
}

// The time limit of a client restarts at the decision: the timer from before it is dead.
TEST_F(WaitersTest, AWaitFromBeforeTheDecisionRestarts) {
  const size_t outcome = Add(For::kOutcome, seconds(3));
  clock_.now = clock_.now + seconds(2);
  Decide(core::Outcome::kCommitted);
  clock_.now = clock_.now + seconds(2);
  RunTimers();
  EXPECT_EQ(statuses_[outcome], 0);
  clock_.now = clock_.now + seconds(1);
  RunTimers();
  EXPECT_EQ(statuses_[outcome], 200);
}

TEST_F(WaitersTest, AWaiterAfterTheDecisionGetsItOrWaitsForPhaseTwo) {
  Decide(core::Outcome::kRolledBack);
  EXPECT_EQ(statuses_[Add(For::kOpen)], 409);
  const size_t outcome = Add(For::kOutcome);
  EXPECT_EQ(statuses_[outcome], 0);
  waiters_.AnswerEnded(entry_);
  EXPECT_EQ(statuses_[outcome], 409);
  entry_.atomic.finished = true;
  EXPECT_EQ(statuses_[Add(For::kRollBack)], 200);
}

TEST_F(WaitersTest, AClientThatHasGoneEndsItsWaitByTicket) {
  const size_t stays = Add(For::kView, seconds(10), 0, 5);
  const size_t goes = Add(For::kView, seconds(20), 0, 6);
  waiters_.EndWait(entry_, 6);
  EXPECT_EQ(statuses_[stays], 0);
  EXPECT_EQ(statuses_[goes], 200);
  waiters_.EndWait(entry_, 6);
  EXPECT_EQ(timers_.size(), 2u);
  EXPECT_TRUE(Waiters::IsWaiting(entry_, timers_.Pop().generation));
  EXPECT_FALSE(Waiters::IsWaiting(entry_, timers_.Pop().generation));
}

}  // namespace
}  // namespace assent::coordinator
