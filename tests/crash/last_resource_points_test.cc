// SPDX-License-Identifier: Apache-2.0
// Scenario: as in crash_points_test.cc, with a last resource on either side, in one call, with a
// partner, or interactive. The daemon also dies while it recovers a transaction whose last resource
// may have committed.
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdio>

#include "tests/crash/crash_points_fixture.h"

namespace assent::test {
namespace {

constexpr Scenario kWithLastResource[] = {
    Scenario::kLastResource, Scenario::kLastResourceAndPartner, Scenario::kInteractiveLastResource};

// Before, during and after the decision, which the last resource makes.
TEST_F(CrashPoints, EachIsSurvivedWithALastResource) {
  daemon_->Kill(SIGTERM);
  ASSERT_TRUE(daemon_->Start());
  InstallWitness();
  int deaths = 0;
  for (const std::string& point : Points()) {
    std::string reached;
    for (size_t i = 0; i < std::size(kWithLastResource); ++i) {
      const Scenario scenario =
          kWithLastResource[(i + (*random_)()) % std::size(kWithLastResource)];
      last_ = (*random_)() % 2 == 0 ? kMobile : kPc;
      Arm(point, 1);
      if (HasFatalFailure()) return;
      if (!daemon_->Running()) break;  // reached before any request
      Account account = Run(scenario);
      if (!HasDied()) continue;
      ++deaths;
      reached = Name(scenario) + std::string(" on ") + kResources[last_];
      Recover(account, point + " of " + reached);
      if (HasFailure()) FAIL() << daemon_->LogOutput();
      if (!IsFull()) break;
    }
    if (!reached.empty()) printf("%-26s %s\n", point.c_str(), reached.c_str());
  }
  printf("%d deaths\n", deaths);
  EXPECT_GT(deaths, 20);
}

// The daemon crashes while it does not know whether the last resource has committed, and again
// while it finds out.
TEST_F(CrashPoints, TheRecoveryOfALastResourceIsSurvivedToo) {
  daemon_->Kill(SIGTERM);
  ASSERT_TRUE(daemon_->Start());
  InstallWitness();
  for (const Side side : {kMobile, kPc}) {
    last_ = side;
    for (const char* first : {"call-commit-one-phase.before", "call-commit-one-phase.after"}) {
      for (const char* point : {"call-find.before", "call-find.after", "reply-decided.before"}) {
        EXPECT_TRUE(DieInRecovery(first, Scenario::kLastResource, point, 1)) << first << point;
      }
    }
  }
}

}  // namespace
}  // namespace assent::test
