// SPDX-License-Identifier: Apache-2.0
#include "tests/model/invariants.h"

#include "recovery/decision_table.h"

namespace assent::model {
namespace {

// A transaction that a person or a backup has meddled with is excused from agreement and
// conservation, never from write-ahead.
bool Excused(const World& world, const Setup& setup) {
  for (uint32_t i = 0; i < setup.branches; ++i) {
    if (world.parts[i].meddled) return true;
  }
  return false;
}

// Left to the operator by the decision table.
bool HeldByTable(const Branch& branch) {
  if (branch.announced == 0) return false;
  const recovery::Action action = recovery::DecisionTable()[branch.announced - 1u].action;
  return action == recovery::Action::kHold || action == recovery::Action::kNeedsOperator;
}

bool Any(const World& world, const Setup& setup, bool Part::*what) {
  for (uint32_t i = 0; i < setup.branches; ++i) {
    if (world.parts[i].*what) return true;
  }
  return false;
}

const char* Agreement(const World& world, const Setup& setup) {
  if (Excused(world, setup)) return nullptr;
  if (!Any(world, setup, &Part::committed) || !Any(world, setup, &Part::rolled_back)) {
    return nullptr;
  }
  return "one branch committed, another rolled back";
}

const char* CommitValidity(const World& world, const Setup& setup) {
  if (!world.commit_durable) return nullptr;
  for (uint32_t i = 0; i < setup.branches; ++i) {
    const Part& part = world.parts[i];
    const bool declared = setup.one_call && !(setup.last_joins && i + 1 == setup.branches);
    const bool took_part = declared || part.standing != Standing::kNone || part.committed;
    if (took_part && !part.voted && !part.meddled) {
      return "decided to commit though a branch has not voted";
    }
  }
  return nullptr;
}

const char* WriteAhead(const World& world, const Setup& setup) {
  if (world.commit_durable) return nullptr;
  for (uint32_t i = 0; i < setup.branches; ++i) {
    const Part& part = world.parts[i];
    const bool two_phase = part.voted && !part.meddled;
    if (part.committed && two_phase) return "a branch committed and no decision is durable";
  }
  return nullptr;
}

const char* Stability(const World& world, const Setup& setup) {
  if (world.commit_durable && world.abort_durable) return "both decisions are durable";
  if (world.commit_durable && Any(world, setup, &Part::rolled_back) && !Excused(world, setup)) {
    return "a branch was rolled back though the decision to commit is durable";
  }
  return nullptr;
}

// Told HAZARD only of branches that a second copy of a commit has committed, after the first was
// answered with an error: to the coordinator an answered commit has done nothing, so it cannot know
// who ended the branch.
bool EndedByCopy(const World& world, const Setup& setup) {
  if (world.told != core::Outcome::kHazard) return false;
  bool any = false;
  for (uint32_t i = 0; i < setup.branches; ++i) {
    const bool by_copy = world.parts[i].copy == Copy::kCommitted;
    any |= by_copy;
    const bool known = world.live && i < world.live->branches.size();
    if (known && world.live->branches[i].heuristic != core::Ack::kDone && !by_copy) return false;
  }
  return any;
}

const char* NoFalseAnswer(const World& world, const Setup& setup) {
  const bool excused = Excused(world, setup);
  if (world.told == core::Outcome::kCommitted && Any(world, setup, &Part::rolled_back) &&
      !excused) {
    return "told committed, and a branch was rolled back";
  }
  if (world.told == core::Outcome::kRolledBack && Any(world, setup, &Part::committed) && !excused) {
    return "told rolled back, and a branch committed";
  }
  const bool doubtful = world.told == core::Outcome::kMixed || world.told == core::Outcome::kHazard;
  bool replaced = false;
  for (uint32_t i = 0; i < setup.branches; ++i) replaced |= world.parts[i].identity != 0;
  if (doubtful && !excused && !replaced && !world.one_phase_sent && !EndedByCopy(world, setup)) {
    return "told mixed or hazard, and nothing was hazardous";
  }
  return nullptr;
}

// Who asks again hears the same, or worse. After a restart a gid that the coordinator made may be
// unknown, and one under which nothing was written; any, once outcomes are forgotten.
const char* Idempotent(const World& world, const Setup& setup) {
  using core::Outcome;
  if (!world.up || world.stale || world.told == Outcome::kUndecided) return nullptr;
  const auto now = AnswerNow(world);
  bool nothing_written = true;
  for (uint32_t i = 0; i < setup.branches; ++i) {
    const Part& part = world.parts[i];
    nothing_written &= !part.wrote && !part.committed && !part.rolled_back;
  }
  if (!now) {
    return setup.client_named && !world.expired && !nothing_written
               ? "an outcome that was told is not known any more"
               : nullptr;
  }
  if (*now == Outcome::kUndecided) return "an outcome that was told is undecided again";
  if (*now == world.told || *now == Outcome::kMixed || *now == Outcome::kHazard) return nullptr;
  const bool was_definite = world.told == Outcome::kCommitted || world.told == Outcome::kRolledBack;
  return was_definite ? "an outcome that was told has changed" : nullptr;
}

// A process that is up knows each decision that is durable, until outcomes are forgotten: so a gid
// that is sent again is not run again.
const char* Known(const World& world, const Setup&) {
  if (!world.up || world.stale || world.expired || !world.commit_durable) return nullptr;
  return AnswerNow(world) ? nullptr : "a durable decision is not known any more";
}

const char* OneEnd(const World& world, const Setup& setup) {
  for (uint32_t i = 0; i < setup.branches; ++i) {
    const Side& side = world.parts[i].side;
    if (side.tried > 1 || side.confirmed > 1 || side.cancelled > 1) {
      return "the work of an operation ran twice";
    }
    if (side.confirmed > 0 && side.cancelled > 0) return "confirmed and cancelled both";
    if (side.confirmed > side.tried) return "confirmed without a try that took effect";
  }
  return nullptr;
}

struct Named {
  Invariant invariant;
  const char* (*breach)(const World&, const Setup&);
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

const char* PresumedAbort(const World& world, const Setup& setup) {
  if (world.commit_durable || world.one_phase_sent) return nullptr;
  for (uint32_t i = 0; i < setup.branches; ++i) {
    const Part& part = world.parts[i];
    if (part.committed && !part.meddled) return "committed without a decision";
  }
  return nullptr;
}

const char* Conservation(const World& world, const Setup& setup) {
  if (!world.commit_durable || Excused(world, setup)) return nullptr;
  for (uint32_t i = 0; i < setup.branches; ++i) {
    const Part& part = world.parts[i];
    const bool left_out = !part.voted || setup.read_only[i];
    const bool held = HeldByTable(world.branches[i]);
    if (!left_out && !held && !part.committed) return "decided, and not committed everywhere";
  }
  return nullptr;
}

// No late try can take effect any more, for then it would not be at rest.
const char* EndOfEach(const World& world, const Setup& setup) {
  for (uint32_t i = 0; i < setup.branches; ++i) {
    const Side& side = world.parts[i].side;
    if (side.tried > 0 && side.confirmed + side.cancelled == 0) {
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
std::optional<Violation> First(const Named (&list)[N], const World& world, const Setup& setup) {
  for (const Named& one : list) {
    if (const char* what = one.breach(world, setup)) return Violation{one.invariant, what};
  }
  return std::nullopt;
}

// A partner that holds what nobody confirms or cancels is at rest, and a breach.
bool AtRest(const Branch& branch, const Part& part, bool partner) {
  if (!branch.calls.empty() || branch.list != Pending::kNone || branch.retry_armed) return false;
  if (part.session == Session::kLost || part.late_own != 0 || part.late_free != 0) return false;
  switch (part.standing) {
    case Standing::kNone: return true;
    case Standing::kPrepared: return partner || HeldByTable(branch);
    case Standing::kActive:
    case Standing::kCommitting: return false;
    default: return true;  // a person has decided over it
  }
}

}  // namespace

std::optional<Violation> Breach(const World& world, const Setup& setup) {
  return First(kAlways, world, setup);
}

std::optional<Violation> BreachAtRest(const World& world, const Setup& setup) {
  return First(kAtRest, world, setup);
}

bool AtRest(const World& world, const Setup& setup) {
  if (!world.up || world.stale || world.durable != world.log.size()) return false;
  if (world.live && !world.live->finished) return false;
  if (world.live && !world.live->needs_operator) return false;
  for (uint32_t i = 0; i < setup.branches; ++i) {
    if (!AtRest(world.branches[i], world.parts[i], setup.HasPartner(i))) return false;
  }
  return true;
}

}  // namespace assent::model
