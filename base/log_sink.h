// SPDX-License-Identifier: Apache-2.0
// A place where the structured log's events go instead of standard error: for simulations.
//
// Threads: set it while nobody logs.
#pragma once

#include "base/event_log.h"

namespace assent {

// Called for every event of every level. Null: lines go to standard error again.
using LogSink = void (*)(LogEvent event, Level level, std::initializer_list<Field> fields);
void SetLogSink(LogSink sink);

}  // namespace assent
