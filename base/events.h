// SPDX-License-Identifier: Apache-2.0
// The closed lists of the event log: the events, and the keys of their fields.
//
// An event is named by what happened. docs/events.md is generated from these lists
// (events_test.cc), so they are written for operators.
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
  std::string_view fields;   // their keys, separated by spaces, in the order of the line
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
    {"resource", "the database by its name in the configuration, or the partner's origin"},
    {"operation", "what was asked of the participant: `prepare`, `commit`, `confirm`, …"},
    {"result", "what came of it: an XA code, a class of answers, an outcome"},
    {"from", "the state or identity before"},
    {"to", "the state or identity now"},
    {"cause", "why: a reason as in the API's `cause.reason`"},
    {"rule", "the row of the [decision table](protocol.md#recovery) that applies"},
    {"detail", "a sentence for people"},
    {"listen", "the address and port that the API is served at"},
    {"directory", "the log directory"},
    {"file", "a log segment"},
    {"offset", "bytes from the beginning of the file"},
    {"lsn", "the first log sequence number of the segment"},
    {"incarnation", "how many times the log directory was started"},
    {"copied", "records that the new segment took over from older ones"},
    {"records", "records that were read"},
    {"unfinished", "transactions that are to be finished"},
    {"outcomes", "outcomes that are remembered"},
    {"resources", "how many databases are configured"},
    {"server", "the database's product and version"},
    {"witness", "whether the witness table is installed"},
    {"pid", "the daemon's process, or the one that sent a signal"},
    {"signal", "the signal's name"},
    {"errors", "dropped lines of level ERROR"},
    {"others", "dropped lines of other levels"},
    {"not_written", "lines that met an error of the file"},
};

// A key of kEventKeys; another one does not compile.
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
