// SPDX-License-Identifier: Apache-2.0
// The structured log: one line per state transition, for people and for grep.
//
// A line is `time level event key=value …`. Event names are the closed list below; values are
// quoted where they hold a space. No SQL text, no payload, no credentials ever goes in. ERROR means
// that a person must act. Threads: any. Where the writer runs (log_writer.h) nobody waits for who
// reads the log.
//
//   Event(LogEvent::kDecided, {{"gid", gid}, {"decision", "commit"}});
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace assent {

enum class Level { kDebug, kInfo, kWarning, kError };

// name, level: the closed list.
#define ASSENT_EVENTS(X)                                          \
  X(Started, "started", kInfo)                                    \
  X(Stopping, "stopping", kInfo)                                  \
  X(Stopped, "stopped", kInfo)                                    \
  X(LogDropped, "log-dropped", kWarning)                          \
  X(AcceptPaused, "accept-paused", kWarning)                      \
  X(AcceptResumed, "accept-resumed", kInfo)                       \
  X(SignalIgnored, "signal-ignored", kWarning)                    \
  X(Notice, "notice", kInfo)                                      \
  X(Warned, "warning", kWarning)                                  \
  X(Decided, "decided", kDebug)                                   \
  X(BranchRetry, "branch-retry", kWarning)                        \
  X(BranchResolved, "branch-resolved", kInfo)                     \
  X(Heuristic, "heuristic", kError)                               \
  X(Hazard, "hazard", kError)                                     \
  X(NeedsOperator, "needs-operator", kError)                      \
  X(ResourceUp, "resource-up", kInfo)                             \
  X(ResourceDown, "resource-down", kWarning)                      \
  X(ResourceIdentity, "resource-identity", kInfo)                 \
  X(ResourceIdentityChanged, "resource-identity-changed", kError) \
  X(ResourceProbe, "resource-probe", kWarning)                    \
  X(OrphanFound, "orphan-found", kInfo)                           \
  X(OrphanHeld, "orphan-held", kError)                            \
  X(Resurrected, "resurrected", kError)                           \
  X(LogOpened, "log-opened", kInfo)                               \
  X(LogTornTail, "log-torn-tail", kWarning)                       \
  X(LogSegment, "log-segment", kInfo)                             \
  X(LogReclaimed, "log-reclaimed", kInfo)                         \
  X(LogFailed, "log-failed", kError)                              \
  X(Recovery, "recovery", kInfo)                                  \
  X(StaleLog, "stale-log", kError)                                \
  X(CrashPoint, "crash-point", kWarning)                          \
  X(Alarm, "alarm", kError)

enum class LogEvent {
#define X(name, text, level) k##name,
  ASSENT_EVENTS(X)
#undef X
};

using Field = std::pair<std::string_view, std::string_view>;

void Event(LogEvent event, std::initializer_list<Field> fields);
// Lines below `level` are not written. Default: kInfo. The environment's ASSENT_LOG_LEVEL is read
// by the daemon.
void SetLogLevel(Level level);
bool LogEnabled(LogEvent event);
// The line that Event writes, with the time of now and its end.
std::string LogLine(LogEvent event, std::initializer_list<Field> fields);

}  // namespace assent
