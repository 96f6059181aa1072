// SPDX-License-Identifier: Apache-2.0
// The state of the model as one value: coordinator, adapters, network, resource managers, log,
// client, and what the auditor records.
//
// Contract: two states that cannot differ in future behavior are encoded to the same bytes
// (codec.h). Times are not part of a state: a timer is armed or not. There is one transaction,
// begun by the first incarnation. Branches are numbered from 0; each has its own resource.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/atomic.h"
#include "tcc/answers.h"
#include "tests/model/kinds.h"
#include "xa/codes.h"

namespace assent::model {

inline constexpr uint32_t kMaxBranches = 3;
inline constexpr uint32_t kMostRecords = 12;

// One configuration: the kind of transaction, its participants, and the number of faults.
struct Setup {
  const char* name = "";
  uint32_t branches = 2;
  bool one_call = true;
  bool client_named = true;
  bool operator_timer = false;    // the operator's timer may fire
  bool client_rolls_back = true;  // the client may ask for a roll-back once
  bool split_scans = false;       // listing and judging a scan are two steps
  bool last_joins = false;        // one call: the last branch joins while tries are in progress
  bool sessions_hidden = false;   // nobody sees which sessions execute a commit
  bool partners_ask = false;      // a partner in doubt asks for the outcome and applies it
  std::array<PartKind, kMaxBranches> kinds{};
  std::array<bool, kMaxBranches> witness{}, read_only{};
  std::array<bool, kMaxBranches> by_client{};  // a partner that the client calls itself
  std::array<uint8_t, static_cast<size_t>(Fault::kCount)> budget{};
  bool full_only = false;  // too large for the test; searched only with --full

  bool IsLast(uint32_t branch) const { return kinds[branch] == PartKind::kLast; }
  // The branch of the last resource.
  std::optional<uint32_t> Last() const {
    for (uint32_t i = 0; i < branches; ++i) {
      if (IsLast(i)) return i;
    }
    return std::nullopt;
  }
  bool HasPartner(uint32_t branch) const { return IsPartner(kinds[branch]); }
  bool HasPartners() const {
    for (uint32_t i = 0; i < branches; ++i) {
      if (HasPartner(i)) return true;
    }
    return false;
  }
};

core::BranchSpec SpecOf(const Setup& setup, uint32_t branch);

// ---- A branch at its participant, and in the network to it ----

enum class PartState : uint8_t {
  kNone,
  kActive,
  kPrepared,
  kCommitting,  // a slow commit, or a partner's slow try, is in progress
  kHeuristicCommit,
  kHeuristicRollBack,
  kHeuristicMixed,
  kHeuristicHazard
};
// The connection on which the branch was opened, as the server sees it.
enum class Session : uint8_t { kNone, kOurs, kLost };
enum class WitnessRow : uint8_t { kNone, kCommitted, kMark };

// Operations whose request may still arrive although no caller waits for it, one bit each.
using Late = uint16_t;
constexpr Late Bit(core::Operation operation) {
  return static_cast<Late>(1u << static_cast<unsigned>(operation));
}

// A duplicate of a commit, made by the network. The server may execute it after it has answered the
// first copy.
enum class Copy : uint8_t { kNone, kUnderWay, kCommitted };

// The contents of a row of a partner's barrier.
enum class Cause : uint8_t { kNone, kTry, kConfirm, kCancel, kStarted, kRefused };
// What a client that calls a partner itself knows about the call.
enum class Calling : uint8_t { kNotYet, kMay, kSilent, kYes, kNo };

struct PartnerState {
  std::array<Cause, 3> rows{};                      // of try, confirm, cancel
  uint8_t tried = 0, confirmed = 0, cancelled = 0;  // how often that work ran and committed
  bool ends = false;                                // its reservation expires
  Calling calling = Calling::kNotYet;
};

struct Part {
  PartState state = PartState::kNone;
  Session session = Session::kNone;
  bool held = false;     // prepared and owned by its session: unknown to other sessions
  bool wrote = false;    // it has written
  bool witness = false;  // the open branch has inserted its witness row
  WitnessRow row = WitnessRow::kNone;
  uint8_t starts = 0;    // the number of starts of the server
  uint8_t identity = 0;  // the number of the server
  Late late_own = 0;     // over the branch's own, lost session
  Late late_free = 0;    // over any other connection
  PartnerState partner;  // a partner is prepared while its try has no end
  // For the auditor.
  bool voted = false, committed = false, rolled_back = false;
  bool ended_elsewhere = false;  // a person decided, or the client's SQL ended the branch
  Copy copy = Copy::kNone;
  bool told_left = false;  // of a last resource: this process was told that the SQL ended it
};

// ---- The coordinator's process ----

// One call in the adapter.
struct PendingCall {
  core::Operation operation{};
  bool settle = false;
  bool orphan = false;  // sent by recovery; no transaction waits for it
  // Not the first of its flight: sent only if the previous call was answered with kOk.
  bool follows = false;
  bool replied = false;
  bool through_own = false;  // executes over the branch's own connection
  bool cut = false;          // a partner call was cancelled; whether it was sent is unknown
  // The reply, once it has arrived.
  tcc::Answer answer = tcc::Answer::kDone;  // of a partner, which uses no other field
  xa::Code code = xa::Code::kOk;
  xa::Found found = xa::Found::kUnknown;
  bool witnessed = false;
  bool stamped = false;
  bool lost = false;  // a commit was sent and not answered
  uint8_t identity = 0, starts = 0;
};

enum class Pending : uint8_t { kNone, kListed, kEmpty };  // a list not judged yet

struct Branch {                    // the process's volatile state of a branch
  std::vector<PendingCall> calls;  // in order; the first is in progress
  bool retry_armed = false;
  bool try_left = false;  // coordinator::BranchWork: a try may have been sent
  bool up_news = false;   // the resource is reachable again; not processed yet
  // Calls of the recovered transaction wait for the first scan (coordinator::FirstScan).
  bool unscanned = false;
  // State of the judgement of scans.
  Pending list = Pending::kNone;
  bool ended_since = false;  // the transaction ended after the list was requested
  bool seen = false, returned = false;
  uint8_t announced = 0;  // the decision-table row logged for it, from 1; 0: none
};

struct LogEntry {
  uint16_t record = 0;  // the number of its bytes in the Library
  uint8_t ticket = 0;   // 0: no event waits for it
};

struct ModelState {
  // The process.
  bool up = true;
  bool stale = false;  // it runs with an old copy of the log directory
  bool first_run = true;
  std::optional<core::Atomic> live;
  bool deadline_armed = false, idle_armed = false, operator_armed = false;
  bool nearly_expired = false;  // less than the margin is left until a reservation expires
  core::Outcome history = core::Outcome::kUndecided;  // kUndecided: not in the history
  bool forgotten = false;                             // the forgotten mark covers this transaction
  std::array<Branch, kMaxBranches> branches;
  // The log directory. Entries below `durable` are on the disk and reported as durable.
  std::vector<LogEntry> log;
  uint8_t durable = 0;
  bool expired = false;                            // outcomes were forgotten
  bool reclaimed = false;                          // and their records reclaimed
  std::array<uint8_t, kMaxBranches> noted{};       // the identity recorded in the log
  std::array<bool, kMaxBranches> before_change{};  // our gtrid precedes its last change
  // The servers and the network.
  std::array<Part, kMaxBranches> parts;
  // The client.
  bool asked_roll_back = false;
  core::Outcome reported = core::Outcome::kUndecided;
  // The auditor.
  bool commit_durable = false, abort_durable = false;  // in the log, or as the decision row
  bool one_phase_sent = false;                         // without any record
  std::array<uint8_t, static_cast<size_t>(Fault::kCount)> left{};  // faults still available
};

ModelState InitialState(const Setup& setup);  // before the transaction begins

}  // namespace assent::model
