// SPDX-License-Identifier: Apache-2.0
// The decision table of recovery: what to do with a branch that a scan found, or did not find.
//
// Contract: every combination of facts matches exactly one row (decision_table_test.cc proves it).
// Rows are named R1, R2, … in order; events use these names, and docs/protocol.md shows the same
// table. Source: Mohan et al. 1986 (presumed abort); X/Open C193 section 2.3 (recovery).
#pragma once

#include <cstdint>
#include <span>

namespace assent::recovery {

enum class Listing : uint8_t { kListed, kNotListed };
enum class Origin : uint8_t {
  kForeign,  // another format id or coordinator id
  kNewer,    // ours, but of a higher incarnation, or of our incarnation with another start nonce
  kLive,     // ours, its transaction is in the shard's table
  kPast      // ours, but its transaction is not in the table
};
enum class Known : uint8_t {
  kNothing,
  kCommitRecord,   // a decision that is not acknowledged yet
  kUndecidedLast,  // open with a last resource, pivot or one-phase commit in flight
  kCommitted,      // the history says so, by gtrid
  kRolledBack
};
enum class Identity : uint8_t { kSame, kChanged };  // of the resource, since the branch began
enum class Memory : uint8_t {
  kComplete,
  kForgotten
};  // kForgotten: the gtrid is at or below the highest forgotten one

struct Facts {
  Listing listing{};
  Origin origin{};
  Known known{};
  Identity identity{};
  Memory memory{};
};

enum class Action : uint8_t {
  kLeaveAlone,    // foreign
  kStop,          // this log directory is stale or a copy: stop without touching the branch
  kLeaveToShard,  // live
  kCommit,
  kWait,            // until the row or the answer is known
  kCommitAndAlarm,  // resurrected: a replica was promoted or a backup restored
  kRollBack,        // the history says so
  kHold,            // the server is a different one now: for the operator
  kPresumeAbort,
  kNeedsOperator,  // too old to know
  kCommitByRule2,  // commit again; "unknown XID" is judged by a lookup
  kNothing
};

struct Row {
  const char* label;                                 // R1, R2, …
  uint8_t listing, origin, known, identity, memory;  // sets of values, one bit for each
  Action action;
  const char* text;
};

std::span<const Row> DecisionTable();
bool Matches(const Row& row, const Facts& facts);
// The one row that matches.
const Row& Decide(const Facts& facts);

}  // namespace assent::recovery
