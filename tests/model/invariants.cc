// SPDX-License-Identifier: Apache-2.0
#include "tests/model/invariants.h"

#include "recovery/decision_table.h"

namespace assent::model {
namespace {

// A transaction in which a person or a backup intervened is excused from agreement and
// conservation, never from write-ahead.
bool Excused(const ModelState& state, const Setup& setup) {
  for (uint32_t i = 0; i < setup.branches; ++i) {
    if (state.parts[i].ended_elsewhere) return true;
  }
  return false;
}

// The decision table leaves the branch to the operator.
bool HeldByTable(const Branch& branch) {
  if (branch.announced == 0) return false;
  const recovery::Action action = recovery::DecisionTable()[branch.announced - 1u].action;
  return action == recovery::Action::kHold || action == recovery::Action::kNeedsOperator;
}

bool Any(const ModelState& state, const Setup& setup, bool Part::*what) {
  for (uint32_t i = 0; i < setup.branches; ++i) {
    if (state.parts[i].*what) return true;
  }
  return false;
}

const char* Agreement(const ModelState& state, const Setup& setup) {
  if (Excused(state, setup)) return nullptr;
  if (!Any(state, setup, &Part::committed) || !Any(state, setup, &Part::rolled_back)) {
    return nullptr;
  }
  return "one branch committed, another rolled back";
}

const char* CommitValidity(const ModelState& state, const Setup& setup) {
  if (!state.commit_durable) return nullptr;
  for (uint32_t i = 0; i < setup.branches; ++i) {
    const Part& part = state.parts[i];
    const bool declared = setup.one_call && !(setup.last_joins && i + 1 == setup.branches);
    const bool took_part = declared || part.state != PartState::kNone || part.committed;
    if (took_part && !part.voted && !part.ended_elsewhere) {
      return "decided to commit though a branch has not voted";
    }
  }
  return nullptr;
}

const char* WriteAhead(const ModelState& state, const Setup& setup) {
  if (state.commit_durable) return nullptr;
  for (uint32_t i = 0; i < setup.branches; ++i) {
    const Part& part = state.parts[i];
    const bool two_phase = part.voted && !part.ended_elsewhere;
    if (part.committed && two_phase) return "a branch committed without a durable decision";
  }
  return nullptr;
}

const char* Stability(const ModelState& state, const Setup& setup) {
  if (state.commit_durable && state.abort_durable) return "both decisions are durable";
  if (state.commit_durable && Any(state, setup, &Part::rolled_back) && !Excused(state, setup)) {
    return "a branch was rolled back though the decision to commit is durable";
  }
  return nullptr;
}

// HAZARD was reported only because of branches that a duplicate of a commit has committed after the
// first copy was answered with an error. The coordinator takes an answered commit as not executed,
// so it cannot know who ended the branch.
bool EndedByCopy(const ModelState& state, const Setup& setup) {
  if (state.reported != core::Outcome::kHazard) return false;
  bool any = false;
  for (uint32_t i = 0; i < setup.branches; ++i) {
    const bool by_copy = state.parts[i].copy == Copy::kCommitted;
    any |= by_copy;
    const bool known = state.live && i < state.live->branches.size();
    if (known && state.live->branches[i].heuristic != core::Ack::kDone && !by_copy) return false;
  }
  return any;
}

const char* NoFalseAnswer(const ModelState& state, const Setup& setup) {
  const bool excused = Excused(state, setup);
  if (state.reported == core::Outcome::kCommitted && Any(state, setup, &Part::rolled_back) &&
      !excused) {
    return "committed was reported, but a branch was rolled back";
  }
  if (state.reported == core::Outcome::kRolledBack && Any(state, setup, &Part::committed) &&
      !excused) {
    return "rolled back was reported, but a branch committed";
  }
  const bool doubtful =
      state.reported == core::Outcome::kMixed || state.reported == core::Outcome::kHazard;
  bool replaced = false;
  for (uint32_t i = 0; i < setup.branches; ++i) replaced |= state.parts[i].identity != 0;
  if (doubtful && !excused && !replaced && !state.one_phase_sent && !EndedByCopy(state, setup)) {
    return "mixed or hazard was reported without a heuristic";
  }
  return nullptr;
}

// A client that asks again receives the same outcome, or mixed or hazard. After a restart, a gid
// that the coordinator generated may be unknown, and so may one under which nothing was written.
// Once outcomes are forgotten, any gid may be unknown.
const char* Idempotent(const ModelState& state, const Setup& setup) {
  using core::Outcome;
  if (!state.up || state.stale || state.reported == Outcome::kUndecided) return nullptr;
  const auto now = AnswerNow(state);
  bool nothing_written = true;
  for (uint32_t i = 0; i < setup.branches; ++i) {
    const Part& part = state.parts[i];
    nothing_written &= !part.wrote && !part.committed && !part.rolled_back;
  }
  if (!now) {
    return setup.client_named && !state.expired && !nothing_written
               ? "a reported outcome is no longer known"
               : nullptr;
  }
  if (*now == Outcome::kUndecided) {
    // Nobody waits for the commit record: after a crash the row of the last resource decides again.
    const bool awaits_last = !state.first_run && state.live->state == core::State::kDeciding &&
                             state.live->LastMayHaveCommitted();
    return awaits_last ? nullptr : "a reported outcome is undecided again";
  }
  if (*now == state.reported || *now == Outcome::kMixed || *now == Outcome::kHazard) return nullptr;
  const bool was_definite =
      state.reported == Outcome::kCommitted || state.reported == Outcome::kRolledBack;
  return was_definite ? "a reported outcome has changed" : nullptr;
}

// A running process knows every durable decision until outcomes are forgotten, so a repeated gid
// does not run again.
const char* Known(const ModelState& state, const Setup&) {
  if (!state.up || state.stale || state.expired || !state.commit_durable) return nullptr;
  return AnswerNow(state) ? nullptr : "a durable decision is no longer known";
}

const char* OneEnd(const ModelState& state, const Setup& setup) {
  for (uint32_t i = 0; i < setup.branches; ++i) {
    const PartnerState& partner = state.parts[i].partner;
    if (partner.tried > 1 || partner.confirmed > 1 || partner.cancelled > 1) {
      return "the work of an operation ran twice";
    }
    if (partner.confirmed > 0 && partner.cancelled > 0) return "both confirmed and cancelled";
    if (partner.confirmed > partner.tried) return "confirmed without a try that took effect";
  }
  return nullptr;
}

struct Named {
  Invariant invariant;
  const char* (*breach)(const ModelState&, const Setup&);
};

constexpr Named kAlways[] = {
    {Invariant::kOneEnd, OneEnd},
    {Invariant::kAgreement, Agreement},
    {Invariant::kCommitValidity, CommitValidity},
    {Invariant::kWriteAhead, WriteAhead},
    {Invariant::kStability, Stability},
    {Invariant::kNoFalseAnswer, NoFalseAnswer},
    {Invariant::kIdempotent, Idempotent},
    {Invariant::kIdempotent, Known},
};

const char* PresumedAbort(const ModelState& state, const Setup& setup) {
  if (state.commit_durable || state.one_phase_sent) return nullptr;
  for (uint32_t i = 0; i < setup.branches; ++i) {
    const Part& part = state.parts[i];
    if (part.committed && !part.ended_elsewhere) return "committed without a decision";
  }
  return nullptr;
}

const char* Conservation(const ModelState& state, const Setup& setup) {
  if (!state.commit_durable || Excused(state, setup)) return nullptr;
  for (uint32_t i = 0; i < setup.branches; ++i) {
    const Part& part = state.parts[i];
    const bool left_out = !part.voted || setup.read_only[i];
    const bool held = HeldByTable(state.branches[i]);
    if (!left_out && !held && !part.committed)
      return "decided to commit, but not committed everywhere";
  }
  return nullptr;
}

// No late try can take effect any more; otherwise the state would not be at rest.
const char* EndOfEach(const ModelState& state, const Setup& setup) {
  for (uint32_t i = 0; i < setup.branches; ++i) {
    const PartnerState& partner = state.parts[i].partner;
    if (partner.tried > 0 && partner.confirmed + partner.cancelled == 0) {
      return "a try that took effect was neither confirmed nor cancelled";
    }
  }
  return nullptr;
}

constexpr Named kAtRest[] = {
    {Invariant::kOneEnd, EndOfEach},
    {Invariant::kPresumedAbort, PresumedAbort},
    {Invariant::kConservation, Conservation},
};

template <size_t N>
std::optional<Violation> First(const Named (&list)[N], const ModelState& state,
                               const Setup& setup) {
  for (const Named& one : list) {
    if (const char* what = one.breach(state, setup)) return Violation{one.invariant, what};
  }
  return std::nullopt;
}

// A partner with a reservation that is never confirmed or cancelled is at rest; EndOfEach reports
// it.
bool AtRest(const Branch& branch, const Part& part, bool partner) {
  if (!branch.calls.empty() || branch.list != Pending::kNone || branch.retry_armed) return false;
  if (part.session == Session::kLost || part.late_own != 0 || part.late_free != 0) return false;
  switch (part.state) {
    case PartState::kNone: return true;
    case PartState::kPrepared: return partner || HeldByTable(branch);
    case PartState::kActive:
    case PartState::kCommitting: return false;
    default: return true;  // a person has ended it
  }
}

}  // namespace

std::optional<Violation> Breach(const ModelState& state, const Setup& setup) {
  return First(kAlways, state, setup);
}

std::optional<Violation> BreachAtRest(const ModelState& state, const Setup& setup) {
  return First(kAtRest, state, setup);
}

bool AtRest(const ModelState& state, const Setup& setup) {
  if (!state.up || state.stale || state.durable != state.log.size()) return false;
  if (state.live && !state.live->finished) return false;
  if (state.live && !state.live->needs_operator) return false;
  for (uint32_t i = 0; i < setup.branches; ++i) {
    if (!AtRest(state.branches[i], state.parts[i], setup.HasPartner(i))) return false;
  }
  return true;
}

}  // namespace assent::model
