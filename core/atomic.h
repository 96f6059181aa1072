// SPDX-License-Identifier: Apache-2.0
// The atomic transaction: its branches vote, one decision is made, and phase two carries it out.
//
// A pure state machine with presumed abort. Step takes one event and returns the effects that
// follow; the caller carries them out, in order, and feeds back what comes of them:
//
//   Atomic transaction;
//   transaction.gtrid = gtrid;
//   transaction.settings.one_call = true;
//   transaction.branches.push_back(branch);
//   std::deque<Event> events{Begin{}};
//   for (; !events.empty(); events.pop_front()) {
//     Effects effects;
//     Step(transaction, events.front(), clock.Now(), effects);
//     for (const Effect& effect : effects) CarryOut(effect, events);  // a Call adds Voted, say
//   }
//
// A branch of a partner (kTcc) is in a durable record (kOpen, kEnlist) before it is first asked. It
// votes while the transaction is still ACTIVE; in one call the SQL of the other branches runs only
// when all such votes are yes, so that a partner that does not answer holds no row locks. Where the
// client calls the partner, the vote comes from the client. A transaction that has such a record
// and no decision after a crash is rolled back branch by branch, not presumed aborted.
//
// Contract: only Step changes an Atomic once it has begun. The caller fills in the identity and,
// before Begin or Replayed, the settings and branches.
// - A commit is sent only with a Decided (decided.h), hence only when the decision is durable.
// - Until the commit record is handed to the log, the deadline, the idle limit, a refusal and the
//   client can turn the transaction to roll-back; after that nothing can.
// - A commit in one phase is sent only to a sole branch that was never asked to prepare, in a
//   transaction whose gid the coordinator made, and at most once.
// - An outcome is reportable only when it is durable or does not have to be.
// - An event that cannot happen is a bug of the caller, and ends the process by CHECK (phase.h).
// Threads: none of its own; it never blocks. The same state, event and time give the same effects.
// Source: Mohan et al. 1986 (presumed abort), X/Open C193 chapter 2; docs/protocol.md.
#pragma once

#include <optional>
#include <vector>

#include "core/branch.h"
#include "core/effects.h"

namespace assent::core {

enum class Decision : uint8_t { kNone, kCommit, kRollBack };

struct AtomicSettings {
  bool client_named = false;  // the client chose the gid: its outcome has to be remembered
  bool one_call = false;      // open, run and commit without being asked for each
  Monotonic deadline = kNever;
  Duration idle_limit{0};  // interactive only; 0: none
  Duration retry_first{100'000'000}, retry_cap{30'000'000'000};
  Duration partner_cap{5'000'000'000};  // of partners: nothing tells when one can be reached again
  Duration operator_after{300'000'000'000};
  Duration expiry_margin{1'000'000'000};  // the decision is made this long before a yes ends
};

struct Atomic {
  Gtrid gtrid;
  AtomicSettings settings;
  std::vector<AtomicBranch> branches;

  State state = State::kActive;
  Decision decision = Decision::kNone;
  std::optional<Decided> decided;  // made when a decision became durable, or was replayed
  Outcome outcome = Outcome::kUndecided;
  Cause cause;
  bool outcome_reportable = false;
  bool commit_logged =
      false;  // the commit record was handed to the log: the decision cannot change
  bool needs_operator = false;
  bool finished = false;  // every branch has ended or is held
  uint64_t next_ticket = 1;
  uint64_t decision_ticket = 0, outcome_ticket = 0, open_ticket = 0;
  bool open_logged = false;      // an open or enlist record was handed to the log: it needs an end
  uint32_t opens_under_way = 0;  // such records that are not durable yet
  Monotonic decide_before = kNever;  // the earliest end of a yes vote, less the margin

  // What a client may be told now: kUndecided until the outcome is durable.
  Outcome Reportable() const { return outcome_reportable ? outcome : Outcome::kUndecided; }
  // Can the deadline, a client or a refusal still turn it to roll-back?
  bool Undecided() const {
    return (state == State::kActive || state == State::kPreparing) && !commit_logged;
  }
  // Is there a partner that has not voted?
  bool AwaitsTries() const;
  // Can a partner be enlisted? In one call a partner may enlist another while a try is under way,
  // for until then no SQL is sent.
  bool TakesTries() const {
    return state == State::kActive && (!settings.one_call || AwaitsTries());
  }
};

// Applies `event` to the transaction at the time `now`; appends what is to be done to `out`.
void Step(Atomic& transaction, const Event& event, Monotonic now, Effects& out);

}  // namespace assent::core
