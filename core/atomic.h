// SPDX-License-Identifier: Apache-2.0
// The atomic transaction: its branches vote, one decision is made, and phase two applies it.
//
// A pure state machine with presumed abort. Step takes one event and returns the effects that
// follow; the caller runs them in order and feeds back the resulting events:
//
//   Atomic transaction;
//   transaction.gtrid = gtrid;
//   transaction.settings.one_call = true;
//   transaction.branches.push_back(branch);
//   std::deque<Event> events{Begin{}};
//   for (; !events.empty(); events.pop_front()) {
//     Effects effects;
//     Step(transaction, events.front(), clock.Now(), effects);
//     for (const Effect& effect : effects) Run(effect, events);  // a Call adds Voted, for example
//   }
//
// A branch of a partner (kTcc) is in a durable record (kOpen, kEnlist) before its first call. It
// votes while the transaction is still ACTIVE; in a one-call transaction the SQL of the other
// branches runs only after all partners have voted yes, so that no row locks are held while a
// partner does not answer. If the client calls the partner, the vote comes from the client. After a
// crash, a transaction with such a record and no decision is rolled back branch by branch, not
// presumed aborted.
//
// With a last resource (kLast) its local commit is the decision. All branches are in an open record
// before that commit is sent; until its result is known, nothing is committed, confirmed, rolled
// back or cancelled. The commit record follows the result and nobody waits for it: the decision row
// in the last resource is durable. After a crash without a commit record the row decides.
//
// Contract: only Step changes an Atomic once it has begun. The caller fills in the identity and,
// before Begin or Replayed, the settings and branches.
// - A commit is sent only with a Decided (decided.h), hence only when the decision is durable.
// - Until the commit record is passed to the log, the deadline, the idle limit, a refusal and the
//   client can roll the transaction back; after that nothing can.
// - A one-phase commit is sent at most once, and only to a last resource or to a sole branch that
//   was never asked to prepare, in a transaction whose gid the coordinator made.
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
  bool client_named = false;  // the client chose the gid: its outcome has to be kept
  bool one_call = false;      // opens, runs and commits without further requests
  Monotonic deadline = kNever;
  Duration idle_limit{0};  // interactive only; 0: none
  Duration retry_first{100'000'000}, retry_cap{30'000'000'000};
  Duration partner_cap{5'000'000'000};  // for partners, which have no health check
  Duration operator_after{300'000'000'000};
  Duration expiry_margin{1'000'000'000};  // the decision is made this long before a yes expires
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
  bool commit_logged = false;  // the commit record was passed to the log: the decision is final
  bool needs_operator = false;
  bool finished = false;  // every branch has ended or is held
  uint64_t next_ticket = 1;
  uint64_t decision_ticket = 0, open_ticket = 0;
  uint64_t outcome_ticket = 0;   // 0: none, or its record is durable
  uint64_t last_ticket = 0;      // of the open record before the commit of the last resource
  bool last_is_named = false;    // that record is durable
  bool open_logged = false;      // an open or enlist record was passed to the log: it needs an end
  uint32_t opens_under_way = 0;  // such records that are not durable yet
  Monotonic decide_before = kNever;  // the earliest expiry of a yes vote, less the margin

  // The outcome that may be reported to clients now: kUndecided until the outcome is durable.
  Outcome Reportable() const { return outcome_reportable ? outcome : Outcome::kUndecided; }
  // Whether the deadline, a client or a refusal can still roll it back.
  bool Undecided() const {
    return (state == State::kActive || state == State::kPreparing) && !commit_logged;
  }
  // The branch of the last resource.
  std::optional<uint32_t> LastResource() const;
  // Whether a record says that the commit of the last resource may have been sent.
  bool LastMayHaveCommitted() const { return last_ticket != 0; }
  // Whether a partner has not voted yet.
  bool AwaitsTries() const;
  // Whether a partner can be enlisted. In a one-call transaction a partner may enlist another one
  // while a try is in flight, because no SQL is sent until then.
  bool TakesTries() const {
    return state == State::kActive && (!settings.one_call || AwaitsTries());
  }
};

// Applies `event` to the transaction at the time `now`, and appends the effects to `out`.
void Step(Atomic& transaction, const Event& event, Monotonic now, Effects& out);

}  // namespace assent::core
