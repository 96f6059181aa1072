// SPDX-License-Identifier: Apache-2.0
// What the protocol core wants done, and what it is told: the whole surface between the core and
// the world.
//
// Contract: the engine carries effects out in the order in which they stand. An Append that names a
// ticket is handed back as a Durable event once it is durable, and never before. Each Call is
// answered by one Opened, Ran, Voted or Acked event, in whatever order. Units: times are monotonic
// nanoseconds.
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
  kOpen,    // every branch, where one must be known before it is called
  kEnlist,  // such a branch, enlisted alone
  kCommit,
  kOutcome,
  kBranchEnd,
  kHeuristic,
  kEnd
};
enum class Force : uint8_t {
  kNow,   // flushed at once
  kRide,  // with the next group: somebody waits, but not for a sync of its own
  kLazy   // with the next group: nobody waits
};
enum class Timer : uint8_t { kDeadline, kIdle, kRetry, kOperator };

struct Append {
  RecordKind record{};
  Force force{};
  uint64_t ticket = 0;  // 0: no Durable event is wanted
  uint32_t branch = 0;  // kEnlist, kBranchEnd, kHeuristic
};

struct Call {
  uint32_t branch = 0;
  Operation operation{};
  std::optional<Decided> decided;  // kCommit: always
};

// End the statement that the branch runs or waits with.
struct Cancel {
  uint32_t branch = 0;
};

// Fire at a time in (at - spread, at], chosen by the engine. Arming again replaces.
struct Arm {
  Timer timer{};
  uint32_t branch = 0;  // kRetry
  Monotonic at;
  Duration spread{0};
};
struct Disarm {
  Timer timer{};
};

enum class ReplyTo : uint8_t {
  kOpen,     // of `branch`: it can run statements now
  kRun,      // of `branch`: its statements are done
  kDecided,  // whoever asks for the outcome: it is durable now and may be told
  kEnded     // whoever waits for phase two: every branch has ended, or is held for the operator
};
struct Reply {
  ReplyTo to{};
  uint32_t branch = 0;
};

// The transaction needs nothing more: it may leave the table.
struct Forget {};

using Effect = std::variant<Append, Call, Cancel, Arm, Disarm, Reply, Forget>;
using Effects = std::vector<Effect>;

// ---- Events ----

struct BranchSpec {
  std::string name;
  std::string resource;    // or the endpoint
  bool read_only = false;  // declared; the server enforces it
  BranchKind kind = BranchKind::kXa;
  bool called_by_client = false;  // kTcc: the client tries by itself, and its vote comes as Voted
};

struct Begin {};  // the first event of every transaction; one call: opens all branches
struct Enlist {
  BranchSpec spec;
};
struct Opened {
  uint32_t branch = 0;
  bool ok = false;
  Cause cause;
};
struct RunRequested {
  uint32_t branch = 0;
};
struct Ran {
  uint32_t branch = 0;
  bool ok = false;
  bool witnessed = false;  // the branch has written its witness row
  Cause cause;
};
struct CommitRequested {};
struct RollBackRequested {
  Cause cause;
};
struct Voted {
  uint32_t branch = 0;
  Vote vote{};
  bool hazard = false;  // something of the branch may have been committed already
  Cause cause;
  std::string identity, started_at;  // of the server that prepared it
  uint64_t position = 0;             // of that server's log, or before
  bool gone = false;                 // not yes, and nothing is left there to roll back
  Monotonic expires = kNever;        // its yes ends by itself then
  Duration not_before{0};            // unknown: it wants to be asked again no sooner than that
};
struct Acked {
  uint32_t branch = 0;
  Ack ack{};
  std::string detail;           // why it is not done
  bool needs_operator = false;  // it refused what it may not refuse; it is asked again all the same
  Duration not_before{0};       // kUnknown: as above
  bool lost = false;            // a commit was sent and not answered: it may have been carried out
  // One-phase commit: of the server that was asked to commit; else empty.
  std::string identity = {}, started_at = {};
  uint64_t position = 0;
  Cause cause = {};  // kRolledBack in answer to a one-phase commit: why; kNone: not known
};
struct Durable {
  uint64_t ticket = 0;
};
struct TimerFired {
  Timer timer{};
  uint32_t branch = 0;
  std::string waiting = {};  // kDeadline: what `branch` waits for; empty: none waits
};
struct ResourceUp {
  std::string resource;
};
struct Touched {};   // an interactive client asked for something: the idle limit starts again
struct Replayed {};  // the state was filled from the log: go on from there

using Event =
    std::variant<Begin, Enlist, Opened, RunRequested, Ran, CommitRequested, RollBackRequested,
                 Voted, Acked, Durable, TimerFired, ResourceUp, Touched, Replayed>;

}  // namespace assent::core
