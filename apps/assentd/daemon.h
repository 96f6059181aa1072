// SPDX-License-Identifier: Apache-2.0
// assentd: connects the parts, runs until it is told to stop, and ends with a code that says
// why.
//
// Threads: Run is called on the main thread and blocks; SIGTERM and SIGINT end it in order.
#pragma once

#include "apps/assentd/config.h"

namespace assent::daemon {

enum ExitCode : int {
  kOk = 0,
  kError = 1,
  kUsage = 2,
  kLogFenced = 10,  // a write or sync of the log failed: what was not acknowledged is unknown
  kLogDamaged = 11,
  kLogInUse = 12,
  kBadConfiguration = 13,
  kPortTaken = 14,
  kStaleLogDirectory = 15
};

int Run(Config config);

}  // namespace assent::daemon
