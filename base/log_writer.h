// SPDX-License-Identifier: Apache-2.0
// The thread that writes the event log to standard error, so that callers do not wait for its
// reader.
//
// Contract: after StartLogWriter, Event() queues its lines; before it, and in programs that never
// call it, Event() writes them itself. Lines that do not fit into the queue are dropped and
// counted. The event `log-dropped` reports their number as soon as lines can be written again.
// Errors: a line that cannot be written (a full disk, a closed pipe) is counted as dropped too.
// Threads: main calls StartLogWriter once; any thread calls FlushLog.
#pragma once

#include <chrono>
#include <string>

namespace assent {

void StartLogWriter();
bool LogWriterRuns();
// Queues a whole line, its line end included.
void QueueLogLine(bool is_error, std::string line);
// For use before the process ends: returns when all queued lines have been written or `wait` has
// passed. Writes ERROR lines first, so that a slow reader still gets the reason for the end.
void FlushLog(std::chrono::milliseconds wait);

// Writes as much of `text` as a reader accepts within `wait`. False if that was not all of it.
bool WriteToStandardError(const std::string& text, std::chrono::milliseconds wait);

}  // namespace assent
