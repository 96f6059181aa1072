// SPDX-License-Identifier: Apache-2.0
// The one hook through which tests kill the daemon at a chosen point: before or after any kind of
// effect.
//
// ASSENT_CRASH_AT=name:hit kills the process with SIGKILL at the hit-th passing of that point. The
// names are
// `<effect>.before` and `<effect>.after`; `assentd --crash-points` prints them all. Compiled in
// only with ASSENT_CRASH_HOOK; a release build refuses to start when the variable is set. Threads:
// the shard's only.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "core/effects.h"

namespace assent::coordinator {

// Reads the environment. Errors: kInvalid for an unknown point or a bad hit, or for any value in a
// release build.
Result<void> ArmCrashHook(const char* value);
std::vector<std::string> CrashPoints();

#ifdef ASSENT_CRASH_HOOK
void CrashPoint(const core::Effect& effect, bool after);
void CrashPointDurable(bool after);  // a record that somebody waits for has become durable
#else
inline void CrashPoint(const core::Effect&, bool) {}
inline void CrashPointDurable(bool) {}
#endif

}  // namespace assent::coordinator
