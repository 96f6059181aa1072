// SPDX-License-Identifier: Apache-2.0
// The closed lists of the event log: the events, and the keys of their fields.
//
// Each event is named after what happened. The texts are for operators: docs/events.md is generated
// from these lists (events_test.cc).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace assent {

enum class Level { kDebug, kInfo, kWarning, kError };

enum class LogEvent : uint8_t {
  kStarted,
  kStartFailed,
  kNoResources,
  kFileLimitLow,
  kStopping,
  kStopped,
  kSignalIgnored,
  kAcceptPaused,
  kAcceptResumed,
  kLogDropped,
  kLogOpened,
  kLogTornTail,
  kLogReplayed,
  kLogSegment,
  kLogReclaimed,
  kLogUpkeepFailed,
  kLogFailed,
  kStaleLog,
  kStateChanged,
  kTransactionRecovered,
  kBranchRetry,
  kBranchResolved,
  kHeuristic,
  kHazard,
  kNeedsOperator,
  kAlarm,
  kResourceUp,
  kResourceDown,
  kResourceIdentity,
  kResourceIdentityChanged,
  kResourceMisconfigured,
  kResourceNotScanned,
  kOrphanFound,
  kOrphanHeld,
  kResurrected,
  kCrashPoint,
  kConnectionRefused,
  kPurgeFailed,
  kCallFailed,
};

struct EventRow {
  LogEvent event;
  std::string_view name;
  Level level;
  std::string_view fields;   // their keys, separated by spaces, in the order of the log line
  std::string_view meaning;  // Markdown
  std::string_view action;   // what an operator does, Markdown; empty: nothing
};
// In the order of LogEvent.
std::span<const EventRow> EventRows();
const EventRow& RowOf(LogEvent event);

struct KeyRow {
  std::string_view key;
  std::string_view meaning;  // Markdown
};
inline constexpr KeyRow kEventKeys[] = {
    {"gid", "the transaction, as its client names it"},
    {"transaction", "the transaction's gtrid, 40 hexadecimal digits"},
    {"xid", "a branch as PostgreSQL lists it, `assent-<gtrid>-<bqual>`"},
    {"branch", "the branch's name in its transaction"},
    {"resource", "the database's name in the configuration, or the partner's origin"},
    {"operation",
     "the operation that the participant was called for: `prepare`, `commit`, `confirm`, …"},
    {"result", "its result: an XA code, a class of answers, an outcome"},
    {"from", "the state or identity before"},
    {"to", "the state or identity now"},
    {"cause", "a reason, as in the API's `cause.reason`"},
    {"rule", "the row of the [decision table](protocol.md#recovery) that applies"},
    {"detail", "a sentence for people"},
    {"listen", "the address and port of the API"},
    {"directory", "the log directory"},
    {"file", "a log segment"},
    {"offset", "bytes from the beginning of the file"},
    {"lsn", "the first log sequence number of the segment"},
    {"incarnation", "how many times a daemon has started on the log directory"},
    {"copied", "number of records copied into the new segment from older ones"},
    {"records", "number of records read"},
    {"unfinished", "number of unfinished transactions"},
    {"outcomes", "number of outcomes kept"},
    {"resources", "number of configured databases"},
    {"server", "the database's product and version"},
    {"witness", "whether the witness table is installed"},
    {"pid", "process id of the daemon, or of the sender of a signal"},
    {"signal", "the signal's name"},
    {"errors", "number of dropped ERROR lines"},
    {"others", "number of dropped lines of other levels"},
    {"not_written", "number of lines lost to a write error"},
};

// A key of kEventKeys; any other key does not compile.
class Key {
 public:
  consteval Key(const char* name) : name_(name) {  // NOLINT: "gid" is a Key
    bool known = false;
    for (const KeyRow& row : kEventKeys) known = known || row.key == name_;
    if (!known) throw "this key is not in kEventKeys";
  }
  constexpr std::string_view name() const { return name_; }

 private:
  std::string_view name_;
};

}  // namespace assent
