// SPDX-License-Identifier: Apache-2.0
// Effects and events: what the state machine wants done, and what it is told.
//
// Contract: effects are carried out in the order in which they were appended. An Append with a
// ticket comes back as a Durable event when the record is durable, and never before. Each Call is
// answered by exactly one event: kOpen by Opened, kRun by Ran, kPrepare by Voted, any other by
// Acked; the answers come in any order. An Opened, Ran, Voted or Acked without a call is a bug,
// except a Voted for a branch that the client calls.
// Units: times are monotonic nanoseconds; branches are numbered from 0.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/time.h"
#include "core/decided.h"
#include "core/types.h"

namespace assent::core {

enum class RecordKind : uint8_t {
  kOpen,    // all branches, before the first call to a partner
  kEnlist,  // one partner, enlisted alone
  kCommit,
  kOutcome,
  kBranchEnd,
  kHeuristic,
  kEnd
};
enum class Force : uint8_t {
  kNow,   // flushed at once
  kRide,  // flushed with the next group; a client waits for it
  kLazy   // flushed with the next group; nobody waits for it
};
enum class Timer : uint8_t { kDeadline, kIdle, kRetry, kOperator };

// Append a record to the log.
struct Append {
  RecordKind record{};
  Force force{};
  uint64_t ticket = 0;  // 0: no Durable event is wanted
  uint32_t branch = 0;  // kEnlist, kBranchEnd, kHeuristic
};

// Call the resource manager or partner of a branch.
struct Call {
  uint32_t branch = 0;
  Operation operation{};
  std::optional<Decided> decided;  // kCommit: always
};

// End what the branch does or waits for: its call is answered soon. Not answered itself.
struct Cancel {
  uint32_t branch = 0;
};

// Fire the timer at a time in (at - spread, at], chosen by the caller. Replaces the same timer, of
// the same branch, if it is armed.
struct Arm {
  Timer timer{};
  uint32_t branch = 0;  // kRetry
  Monotonic at;
  Duration spread{0};
};
// Let the timer not fire.
struct Disarm {
  Timer timer{};
};

enum class ReplyTo : uint8_t {
  kOpen,     // who enlisted `branch`: it can run statements now, or its try was answered
  kRun,      // who runs statements in `branch`: they are done
  kDecided,  // who waits for the outcome: it may be told now
  kEnded     // who waits for phase two: every branch has ended or is held for an operator
};
// Answer the clients that wait for this.
struct Reply {
  ReplyTo to{};
  uint32_t branch = 0;
};

// The transaction needs nothing more: it leaves the table of transactions.
struct Forget {};

using Effect = std::variant<Append, Call, Cancel, Arm, Disarm, Reply, Forget>;
using Effects = std::vector<Effect>;

// ---- Events ----

struct BranchSpec {
  std::string name;
  std::string resource;    // the name of the resource, or the endpoint of the partner
  bool read_only = false;  // declared by the client, enforced by the server
  BranchKind kind = BranchKind::kXa;
  bool called_by_client = false;  // kTcc: the client calls try, and votes
};

// The first event of a transaction, but of one from the log. One call goes on by itself from here.
struct Begin {};
// A branch joins the transaction.
struct Enlist {
  BranchSpec spec;
};
// The connection of the branch is taken, or cannot be had.
struct Opened {
  uint32_t branch = 0;
  bool ok = false;
  Cause cause;
};
// A client wants statements to run in the branch; interactive only.
struct RunRequested {
  uint32_t branch = 0;
};
// The statements were run, or one of them failed.
struct Ran {
  uint32_t branch = 0;
  bool ok = false;
  bool witnessed = false;  // the branch has written its witness row
  Cause cause;
};
// A client wants the transaction committed; interactive only. Ignored when it was asked before.
struct CommitRequested {};
// A client wants it rolled back. Ignored once it is decided.
struct RollBackRequested {
  Cause cause;
};
// The answer to a prepare or a try.
struct Voted {
  uint32_t branch = 0;
  Vote vote{};
  bool hazard = false;  // part of the branch may have been committed already
  Cause cause;
  std::string identity, started_at;  // of the server that prepared it
  uint64_t position = 0;             // of that server's log, at the prepare or earlier
  bool gone = false;                 // kTcc: not yes, and no attempt can have left a reservation
  Monotonic expires = kNever;        // the yes ends by itself then
  Duration not_before{0};            // kUnknown: it asks for that much time before the next attempt
};
// The answer to any call of phase two, or to a commit in one phase.
struct Acked {
  uint32_t branch = 0;
  Ack ack{};
  std::string detail;  // why it is not done
  bool needs_operator =
      false;               // it refused what it must not refuse; it is asked again all the same
  Duration not_before{0};  // kUnknown: as above
  bool lost = false;       // a commit was sent and not answered: it may have been carried out
  // Commit in one phase: of the server that was asked to commit; else empty.
  std::string identity = {}, started_at = {};
  uint64_t position = 0;
  Cause cause = {};  // kRolledBack in answer to a commit in one phase: why; kNone: not known
};
// The record with this ticket is durable.
struct Durable {
  uint64_t ticket = 0;
};
struct TimerFired {
  Timer timer{};
  uint32_t branch = 0;       // kRetry; kDeadline: see `waiting`
  std::string waiting = {};  // kDeadline: what `branch` waits for; empty: no branch waits
};
// The resource can be reached again.
struct ResourceUp {
  std::string resource;
};
// An interactive client sent a request: the idle limit begins again.
struct Touched {};
// The state was filled from the log: go on from there.
struct Replayed {};

using Event =
    std::variant<Begin, Enlist, Opened, RunRequested, Ran, CommitRequested, RollBackRequested,
                 Voted, Acked, Durable, TimerFired, ResourceUp, Touched, Replayed>;

}  // namespace assent::core
