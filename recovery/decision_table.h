// SPDX-License-Identifier: Apache-2.0
// What recovery does with a branch that a scan found, or did not find: one table, as data.
//
// Contract: every combination of facts matches exactly one row (decision_table_test.cc proves it).
// Rows are named R1, R2, … in their order: in the events, and in docs/protocol.md, which has the
// same table as text. Source: Mohan et al. 1986 (presumed abort); X/Open C193 section 2.3
// (recovery).
#pragma once

#include <cstdint>
#include <span>

namespace assent::recovery {

enum class Listing : uint8_t { kListed, kNotListed };
enum class Origin : uint8_t {
  kForeign,  // another format id or coordinator id
  kNewer,    // ours, but of a higher incarnation, or of ours with another start nonce
  kLive,     // ours, its transaction stands in the shard's table
  kPast      // ours, and no transaction of the table
};
enum class Known : uint8_t {
  kNothing,
  kCommitRecord,   // a decision that is not acknowledged yet
  kUndecidedLast,  // open with a last resource, pivot or one-phase commit under way
  kCommitted,      // the history says so, by gtrid
  kRolledBack
};
enum class Identity : uint8_t { kSame, kChanged };  // of the resource, since the branch's time
enum class Memory : uint8_t {
  kComplete,
  kForgotten
};  // is the gtrid at or below the highest forgotten one?

struct Facts {
  Listing listing{};
  Origin origin{};
  Known known{};
  Identity identity{};
  Memory memory{};
};

enum class Action : uint8_t {
  kLeaveAlone,    // foreign
  kStop,          // this log directory is stale or a copy: stop, touch nothing
  kLeaveToShard,  // live
  kCommit,
  kWait,            // until the row or the answer is had
  kCommitAndAlarm,  // resurrected: a replica was promoted or a backup restored
  kRollBack,        // the history says so
  kHold,            // the server is another one now: the operator's
  kPresumeAbort,
  kNeedsOperator,  // too old to know
  kCommitByRule2,  // commit again; "unknown XID" is judged by what a look finds
  kNothing
};

struct Row {
  const char* label;                                 // R1, R2, …
  uint8_t listing, origin, known, identity, memory;  // sets of values, a bit each
  Action action;
  const char* text;
};

std::span<const Row> DecisionTable();
bool Matches(const Row& row, const Facts& facts);
// The one row that matches.
const Row& Decide(const Facts& facts);

}  // namespace assent::recovery
