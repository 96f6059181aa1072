// SPDX-License-Identifier: Apache-2.0
// The daemon `assentd`: starts the components, runs until it is stopped, and returns an exit code.
//
// Threads: call Run on the main thread. It blocks until SIGTERM or SIGINT, which stop the daemon in
// order.
#pragma once

#include "apps/assentd/config.h"

namespace assent::daemon {

enum ExitCode : int {
  kOk = 0,
  kError = 1,
  kUsage = 2,
  kLogFenced = 10,  // a write or sync of the log failed: unacknowledged records are in doubt
  kLogDamaged = 11,
  kLogInUse = 12,
  kBadConfiguration = 13,
  kPortTaken = 14,
  kStaleLogDirectory = 15
};

int Run(Config config);

}  // namespace assent::daemon
