// SPDX-License-Identifier: Apache-2.0
// The structured event log: one line for each state transition, for people and for grep.
//
// Contract: a line is `time level event key=value …`. Events and the keys of their fields are
// closed lists (events.h). A value that contains a space is quoted. Never log SQL text, payloads or
// credentials. ERROR means that a person must act.
// Threads: any. While the log writer runs (log_writer.h), callers do not wait for the log's reader.
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
// Suppresses lines below `level`. Default: kInfo. The daemon sets it from the environment variable
// ASSENT_LOG_LEVEL.
void SetLogLevel(Level level);
bool LogEnabled(LogEvent event);
// The line that Event would write now, with the time and the line end.
std::string LogLine(LogEvent event, std::initializer_list<Field> fields);

}  // namespace assent
