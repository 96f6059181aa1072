// SPDX-License-Identifier: Apache-2.0
// The thread that writes the event log to standard error, so that nobody waits for who reads it.
//
// Contract: StartLogWriter makes Event() queue its lines; before it, and in programs that never
// call it, Event() writes them itself. What does not fit into the queue is dropped and counted, and
// the event `log-dropped` says how much as soon as lines can be written again. Errors: a line that
// cannot be written (a full disk, a closed pipe) is counted as dropped too.
// Threads: StartLogWriter once, by main. FlushLog by any.
#pragma once

#include <chrono>
#include <string>

namespace assent {

void StartLogWriter();
bool LogWriterRuns();
// Queues a whole line, its end included.
void QueueLogLine(bool is_error, std::string line);
// Before the process ends: returns when all that was logged before has been written, or `wait` is
// over. ERROR lines are written first, so that a slow reader gets the reason of the end.
void FlushLog(std::chrono::milliseconds wait);

// Writes what can be written without waiting longer than `wait` for a reader. False: not all.
bool WriteToStandardError(const std::string& text, std::chrono::milliseconds wait);

}  // namespace assent
