// SPDX-License-Identifier: Apache-2.0
// A daemon that kills itself at a crash point in the middle of one transaction, and its recovery.
#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/crash/audit.h"
#include "tests/crash/bank.h"
#include "tests/crash/workload.h"
#include "tests/support/daemon.h"
#include "tests/support/temp.h"

namespace assent::test {

enum class Scenario {
  kCommitting,
  kRefused,
  kInteractive,
  kOnePhase,
  kDeadline,
  kPartner,
  kPartnerRefuses,
  kEnlistedPartner,
  kLastResource,
  kLastResourceAndPartner,
  kInteractiveLastResource,
  kNone
};
const char* Name(Scenario scenario);

// Whether ASSENT_TIER is full.
bool IsFull();
// All crash points of assentd.
std::vector<std::string> Points();

inline constexpr auto kLong = std::chrono::seconds(60);

class CrashPoints : public testing::Test {
 protected:
  static void SetUpTestSuite();
  static void TearDownTestSuite();

  // Starts the daemon with the crash point. It dies at once if recovery passes the point.
  void Arm(const std::string& point, int hit);
  // Runs one transaction until its answer or the daemon's death.
  Account Run(Scenario scenario);
  void RunInteractive(Account& account);
  void InstallWitness();
  // Whether the daemon was killed by SIGKILL, after all effects of the last answer have run.
  bool HasDied();
  // Starts it without the point and checks that the reported outcome holds.
  void Recover(Account& account, const std::string& what);
  void Settle(Account& account, const std::string& what);
  // Crashes at `first`, then at `point` while recovering from that. False: `point` was not reached.
  bool DieInRecovery(const std::string& first, Scenario scenario, const std::string& point,
                     int hit);

  static inline HttpPartner* partner_ = nullptr;
  static inline Bank* bank_ = nullptr;
  static inline Daemon* daemon_ = nullptr;
  static inline Rng* random_ = nullptr;
  static inline int next_ = 0;
  Side last_ = kMobile;  // the last resource, in the scenarios with one
};

}  // namespace assent::test
