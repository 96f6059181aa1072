// SPDX-License-Identifier: Apache-2.0
// Redirects the event log from standard error to a function, for simulations.
//
// Threads: set it while no thread logs.
#pragma once

#include "base/event_log.h"

namespace assent {

// The sink is called for every event of every level. Null restores standard error.
using LogSink = void (*)(LogEvent event, Level level, std::initializer_list<Field> fields);
void SetLogSink(LogSink sink);

}  // namespace assent
