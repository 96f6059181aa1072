// SPDX-License-Identifier: Apache-2.0
// The whole modelled world as one value: coordinator, adapter, network, resource managers, log,
// client, and what the auditor remembers.
//
// Contract: two worlds that differ in nothing that can matter later are encoded to the same bytes
// (codec.h). Times are not part of it: a timer is armed or not. There is one transaction, begun by
// the first incarnation; branches are numbered from 0, each on a resource of its own.
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

inline constexpr uint32_t kMostBranches = 3;
inline constexpr uint32_t kMostRecords = 12;

// One configuration: what kind of transaction, on what participants, with how many faults.
struct Setup {
  const char* name = "";
  uint32_t branches = 2;
  bool one_call = true;
  bool client_named = true;
  bool operator_timer = false;    // the operator's timer may fire
  bool client_rolls_back = true;  // the client may ask for it, once
  bool split_scans = false;       // a list and its judgement are two steps
  bool last_joins = false;        // one call: the last branch joins while tries are under way
  bool partners_ask = false;      // a partner in doubt asks for the outcome, and goes by that
  std::array<PartKind, kMostBranches> kinds{};
  std::array<bool, kMostBranches> witness{}, read_only{};
  std::array<bool, kMostBranches> by_client{};  // a partner that the client calls by itself
  std::array<uint8_t, static_cast<size_t>(Fault::kCount)> budget{};
  bool full_only = false;  // too large for the test: only with --full

  bool HasPartner(uint32_t branch) const { return IsPartner(kinds[branch]); }
  bool HasPartners() const {
    for (uint32_t i = 0; i < branches; ++i) {
      if (HasPartner(i)) return true;
    }
    return false;
  }
};

core::BranchSpec SpecOf(const Setup& setup, uint32_t branch);

// ---- A branch where it stands: at its resource manager, and in the network on the way there ----

enum class PartState : uint8_t {
  kNone,
  kActive,
  kPrepared,
  kCommitting,  // a commit, or a partner's try, under way that takes long
  kHeuristicCommit,
  kHeuristicRollBack,
  kHeuristicMixed,
  kHeuristicHazard
};
// The connection that the branch was opened on, as the server sees it.
enum class Session : uint8_t { kNone, kOurs, kLost };
enum class WitnessRow : uint8_t { kNone, kCommitted, kMark };

// Operations whose request may still be under way though nobody waits for it; a bit each.
using Late = uint16_t;
constexpr Late Bit(core::Operation operation) {
  return static_cast<Late>(1u << static_cast<unsigned>(operation));
}

// The second copy of a commit that the network made: it may be carried out once the first was
// answered.
enum class Copy : uint8_t { kNone, kUnderWay, kCommitted };

// What stands in a row of a partner's barrier.
enum class Cause : uint8_t { kNone, kTry, kConfirm, kCancel, kStarted, kRefused };
// Of a client that calls a partner by itself: what it knows.
enum class Calling : uint8_t { kNotYet, kMay, kSilent, kYes, kNo };

struct PartnerState {
  std::array<Cause, 3> rows{};                      // of try, confirm, cancel
  uint8_t tried = 0, confirmed = 0, cancelled = 0;  // how often that work ran and was committed
  bool ends = false;                                // its yes ends by itself
  Calling calling = Calling::kNotYet;
};

struct Part {
  PartState state = PartState::kNone;
  Session session = Session::kNone;
  bool held = false;     // prepared, and its session's: unknown to others
  bool wrote = false;    // there is work to lose
  bool witness = false;  // the open branch holds its own witness row
  WitnessRow row = WitnessRow::kNone;
  uint8_t starts = 0;    // of the server
  uint8_t identity = 0;  // which server it is
  Late late_own = 0;     // on the branch's own, lost session
  Late late_free = 0;    // on any other connection
  PartnerState partner;  // of a partner; it stands prepared while its try has no end
  // For the auditor.
  bool voted = false, committed = false, rolled_back = false;
  bool meddled = false;  // a person decided, or the client's SQL left the branch
  Copy copy = Copy::kNone;
};

// ---- The coordinator's process ----

// One call in the adapter.
struct PendingCall {
  core::Operation operation{};
  bool settle = false;
  bool orphan = false;  // of recovery, no transaction waits
  // Not the first of its flight: carried out only if the one before it was answered with kOk.
  bool follows = false;
  bool replied = false;
  bool through_own = false;  // over the branch's own connection; while it is carried out
  bool cut = false;          // a partner's: it is ended, and what had left of it is not known
  // The reply, once it is there.
  tcc::Answer answer = tcc::Answer::kDone;  // a partner's; nothing of the rest is
  xa::Code code = xa::Code::kOk;
  xa::Found found = xa::Found::kUnknown;
  bool witnessed = false;
  bool stamped = false;
  bool lost = false;  // a commit: it was sent, and this is no answer
  uint8_t identity = 0, starts = 0;
};

enum class Pending : uint8_t { kNone, kListed, kEmpty };  // a list that waits to be judged

struct Branch {                    // of the process; gone with it
  std::vector<PendingCall> calls;  // in order; the first is under way
  bool retry_armed = false;
  bool try_left = false;  // coordinator::BranchWork: a try may have left a process of ours
  bool up_news = false;   // the resource was seen to be back
  // Calls of the recovered transaction wait for the first scan (coordinator::FirstScan).
  bool unscanned = false;
  // What the judgement of scans remembers.
  Pending list = Pending::kNone;
  bool ended_since = false;  // the transaction ended while the list was made
  bool seen = false, returned = false;
  uint8_t announced = 0;  // the row that was logged of it, from 1; 0: none
};

struct LogEntry {
  uint16_t record = 0;  // Library's number of its bytes
  uint8_t ticket = 0;   // 0: nobody waits
};

struct ModelState {
  // The process.
  bool up = true;
  bool stale = false;  // it runs with an old copy of the log directory
  bool first_run = true;
  std::optional<core::Atomic> live;
  bool deadline_armed = false, idle_armed = false, operator_armed = false;
  bool nearly_ended = false;  // it is later than the margin before a yes ends by itself
  core::Outcome history = core::Outcome::kUndecided;  // kUndecided: nothing is kept
  bool forgotten = false;                             // the mark covers this transaction
  std::array<Branch, kMostBranches> branches;
  // The log directory. Entries below `durable` are on the disk and have been told.
  std::vector<LogEntry> log;
  uint8_t durable = 0;
  bool expired = false;                             // outcomes were forgotten
  bool reclaimed = false;                           // and their records are gone
  std::array<uint8_t, kMostBranches> noted{};       // identity in the table of identities
  std::array<bool, kMostBranches> before_change{};  // our gtrid is of the server before it
  // The servers and the network.
  std::array<Part, kMostBranches> parts;
  // The client.
  bool asked_roll_back = false;
  core::Outcome reported = core::Outcome::kUndecided;
  // The auditor.
  bool commit_durable = false, abort_durable = false;
  bool one_phase_sent = false;
  std::array<uint8_t, static_cast<size_t>(Fault::kCount)> left{};  // faults that may still come
};

ModelState InitialState(const Setup& setup);  // nothing has begun

}  // namespace assent::model
