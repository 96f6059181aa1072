// SPDX-License-Identifier: Apache-2.0
// Effects and events: the output and the input of the state machine.
//
// Contract: the caller runs effects in the order in which they were appended. An Append with a
// ticket leads to a Durable event when the record is durable, and never before. Each Call is
// answered by exactly one event: kOpen by Opened, kRun by Ran, kPrepare by Voted, any other by
// Acked; answers arrive in any order. An Opened, Ran, Voted or Acked without a call is a bug,
// except a Voted for a branch that the client calls. Units: times are monotonic nanoseconds;
// branches are numbered from 0.
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
  kOpen,    // all branches, before the first call to a partner or the commit of a last resource
  kEnlist,  // one partner, enlisted alone
  kCommit,
  kOutcome,
  kBranchEnd,
  kHeuristic,
  kEnd
};
enum class Force : uint8_t {
  kNow,   // flushed immediately
  kRide,  // flushed with the next group; a client waits for it
  kLazy   // flushed with the next group; nobody waits for it
};
enum class Timer : uint8_t { kDeadline, kIdle, kRetry, kOperator };

// Append a record to the log.
struct Append {
  RecordKind record{};
  Force force{};
  uint64_t ticket = 0;  // 0: no Durable event is needed
  uint32_t branch = 0;  // kEnlist, kBranchEnd, kHeuristic
};

// Call the resource manager or partner of a branch.
struct Call {
  uint32_t branch = 0;
  Operation operation{};
  std::optional<Decided> decided;  // kCommit: always
};

// End what the branch runs or waits for, so that its call is answered soon. Has no answer of its
// own.
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
// Stop the timer.
struct Disarm {
  Timer timer{};
};

enum class ReplyTo : uint8_t {
  kOpen,     // the enlist of `branch`: it can run statements now, or its try was answered
  kRun,      // the run of `branch`: its statements are done
  kDecided,  // waits for the outcome: it is reportable now
  kEnded     // waits for phase two: every branch has ended or is held for an operator
};
// Answer the clients that wait for this.
struct Reply {
  ReplyTo to{};
  uint32_t branch = 0;
};

// Remove the transaction from the table: nothing is left to do.
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

// The first event of a transaction that is not from the log. A one-call transaction needs no
// further request.
struct Begin {};
// A branch joins the transaction.
struct Enlist {
  BranchSpec spec;
};
// The branch got a connection, or cannot get one.
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
  std::string identity = {}, started_at = {};  // of the server that ran them
  uint64_t position = 0;                       // of that server's log
};
// A client requests the commit; interactive only. A repeated request is ignored.
struct CommitRequested {};
// A client requests the roll-back. Ignored once the transaction is decided.
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
  Monotonic expires = kNever;        // when the yes expires
  Duration not_before{0};            // kUnknown: the delay that it requests before the next attempt
};
// The answer to any call of phase two, or to a commit in one phase.
struct Acked {
  uint32_t branch = 0;
  Ack ack{};
  std::string detail;           // why it is not done
  bool needs_operator = false;  // it refused what it must not refuse; it is asked again anyway
  Duration not_before{0};       // kUnknown: as above
  bool lost = false;            // a commit was sent and not answered: it may have succeeded
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
  std::string waiting = {};  // kDeadline: what `branch` waits for; empty: no branch is waiting
};
// The resource answers again.
struct ResourceUp {
  std::string resource;
};
// An interactive client sent a request: restarts the idle limit.
struct Touched {};
// The state was filled from the log: continue from there.
struct Replayed {};

using Event =
    std::variant<Begin, Enlist, Opened, RunRequested, Ran, CommitRequested, RollBackRequested,
                 Voted, Acked, Durable, TimerFired, ResourceUp, Touched, Replayed>;

}  // namespace assent::core
