// SPDX-License-Identifier: Apache-2.0
// The closed lists of the event log: the events, and the keys of their fields.
//
// An event's name says what happened. docs/events.md is generated from these lists
// (events_test.cc), so their texts address operators.
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
  std::string_view action;   // what the operator does, Markdown; empty: nothing
};
// All rows, in the order of LogEvent.
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
    {"operation",
     "the operation requested from the participant: `prepare`, `commit`, `confirm`, …"},
    {"result", "the result: an XA code, a class of answers, or an outcome"},
    {"from", "the previous state or identity"},
    {"to", "the new state or identity"},
    {"cause", "the reason, as in the API's `cause.reason`"},
    {"rule", "the row of the [decision table](protocol.md#recovery) that applies"},
    {"detail", "a sentence for people"},
    {"listen", "the address and port of the API"},
    {"directory", "the log directory"},
    {"file", "a log segment"},
    {"offset", "bytes from the beginning of the file"},
    {"lsn", "the first log sequence number of the segment"},
    {"incarnation", "how many starts the log directory has had"},
    {"copied", "how many records were copied from older segments into the new one"},
    {"records", "how many records were read"},
    {"unfinished", "how many transactions are still to be finished"},
    {"outcomes", "how many outcomes are remembered"},
    {"resources", "how many databases are configured"},
    {"server", "the database's product and version"},
    {"witness", "whether the witness table is installed"},
    {"pid", "the process id of the daemon, or of the sender of a signal"},
    {"signal", "the signal's name"},
    {"errors", "how many lines of level ERROR were dropped"},
    {"others", "how many lines of other levels were dropped"},
    {"not_written", "how many lines could not be written"},
};

// A key of kEventKeys. Any other key does not compile.
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
