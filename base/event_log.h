// SPDX-License-Identifier: Apache-2.0
// The structured log: one line per state transition, for people and for grep.
//
// A line is `time level event key=value …`. Events and the keys of their fields are closed lists
// (events.h); values are quoted where they hold a space. No SQL text, no payload, no credentials
// ever goes in. ERROR means that a person must act. Threads: any. Where the writer runs
// (log_writer.h) nobody waits for who reads the log.
//
//   Event(LogEvent::kTransactionRecovered, {{"gid", gid}, {"result", "COMMITTED"}});
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "base/events.h"

namespace assent {

struct Field {
  Key key;
  std::string_view value;
};

void Event(LogEvent event, std::initializer_list<Field> fields);
// Lines below `level` are not written. Default: kInfo. The environment's ASSENT_LOG_LEVEL is read
// by the daemon.
void SetLogLevel(Level level);
bool LogEnabled(LogEvent event);
// The line that Event writes, with the time of now and its end.
std::string LogLine(LogEvent event, std::initializer_list<Field> fields);

}  // namespace assent
