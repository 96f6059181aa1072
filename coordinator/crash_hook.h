// SPDX-License-Identifier: Apache-2.0
// The hook with which tests kill the daemon at a chosen point: before or after any kind of effect.
//
// ASSENT_CRASH_AT=name:hit kills the process with SIGKILL when it reaches the point for the hit-th
// time. The names are `<effect>.before` and `<effect>.after`; `assentd --crash-points` prints them
// all. Compiled in only with ASSENT_CRASH_HOOK; a release build refuses to start if the variable is
// set. Threads: the shard's only.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "core/effects.h"

namespace assent::coordinator {

// Takes the value of ASSENT_CRASH_AT, which may be null. Errors: kInvalid for an unknown point or
// an invalid hit count, or for any value in a release build.
Result<void> ArmCrashHook(const char* value);
std::vector<std::string> CrashPoints();

#ifdef ASSENT_CRASH_HOOK
void CrashPoint(const core::Effect& effect, bool after);
void CrashPointDurable(bool after);  // a record with a ticket has become durable
#else
inline void CrashPoint(const core::Effect&, bool) {}
inline void CrashPointDurable(bool) {}
#endif

}  // namespace assent::coordinator
