// SPDX-License-Identifier: Apache-2.0
// Scans, and the facts by which recovery::JudgeBranch judges listed branches. judge_test.cc
// compares the facts with those of a real shard.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "coordinator/records.h"
#include "recovery/judge.h"
#include "tests/model/codec.h"
#include "tests/model/move.h"

namespace assent::model {

using namespace recovery;

namespace {

uint8_t NumberOf(const Row& row) { return static_cast<uint8_t>(&row - DecisionTable().data() + 1); }

// Shard::EndedAs.
bool HasEnded(const ModelState& state, uint32_t index) {
  if (!state.live) return false;
  const core::Atomic& atomic = *state.live;
  // Enlisted before a crash and not in a record: it had no decision.
  if (index >= atomic.branches.size()) return !state.first_run && atomic.open_logged;
  return atomic.branches[index].Ended();
}

bool Remembers(const Branch& branch) {
  return branch.seen || branch.returned || branch.announced != 0;
}

}  // namespace

// A scan that lists nothing and clears no state of the judge changes nothing.
bool Move::WantsList(uint32_t index) const {
  const Branch& branch = state.branches[index];
  if (!state.up || branch.list != Pending::kNone) return false;
  return At(index).Listed(state.parts[index]) || Remembers(branch) || branch.unscanned;
}

void Move::List(uint32_t index) {
  Branch& branch = state.branches[index];
  branch.list = At(index).Listed(state.parts[index]) ? Pending::kListed : Pending::kEmpty;
}

// Models Shard::NoteIdentity: the existing transactions belong to the previous server.
void Move::NoteIdentity(uint32_t index) {
  const uint8_t now = state.parts[index].identity;
  if (state.stale || state.noted[index] == now) return;
  state.noted[index] = now;
  state.before_change[index] = true;
  AppendBytes(coordinator::EncodeIdentity("r" + std::to_string(index + 1), IdentityText(now),
                                          TheGtrid(), {}),
              0);
}

void Move::Judge(uint32_t index) {
  Branch& branch = state.branches[index];
  const bool listed = branch.list == Pending::kListed;
  Sighting sighting;
  sighting.ended_since = std::exchange(branch.ended_since, false);
  branch.list = Pending::kNone;
  branch.unscanned &= Has(SeededBug::kNeverReleased);
  if (!listed) {
    branch.seen = branch.returned = false;
    branch.announced = 0;
    return;
  }
  NoteIdentity(index);
  sighting.stale = state.stale;
  sighting.first_run = state.first_run;
  sighting.live = state.live.has_value();
  if (HasEnded(state, index)) sighting.ended_as = state.live->decision;
  sighting.history = state.history;
  sighting.changed = state.before_change[index];
  sighting.forgotten = state.forgotten;
  sighting.seen = std::exchange(branch.seen, true);
  sighting.returned = branch.returned;
  if (branch.announced != 0) {
    sighting.announced = DecisionTable()[branch.announced - 1u].action;
  }
  library_.sightings[sighting] = JudgeListed(index, sighting);
}

ScanAction Move::JudgeListed(uint32_t index, const Sighting& sighting) {
  Branch& branch = state.branches[index];
  const bool kept = sighting.history != core::Outcome::kUndecided;
  const Evidence evidence{FactsOf(index), kept && sighting.ended_since, sighting.ended_as,
                          sighting.first_run};
  recovery::Remembered before;
  before.seen = sighting.seen;
  before.returned = branch.returned;
  if (branch.announced != 0) before.announced = &DecisionTable()[branch.announced - 1u];
  const Ruling ruling = JudgeBranch(evidence, before);
  branch.returned = before.returned;
  if (before.announced != nullptr) branch.announced = NumberOf(*before.announced);
  if (ruling.row == nullptr) return ScanAction::kNothing;
  reached_.NoteRow(*ruling.row);
  Trace([&] { return std::string("    judged: ") + ruling.row->text; });
  if (ruling.action == Action::kStop) {
    Crash(state.log.size());  // the process ends; it ran on the copy, not on this directory
    return ScanAction::kStop;
  }
  return TouchOrphan(index, ruling.action);
}

// The facts that the shard knows about the branch.
Facts Move::FactsOf(uint32_t index) const {
  Facts facts;
  facts.listing = Listing::kListed;
  facts.origin = state.live ? Origin::kLive : Origin::kPast;
  if (state.stale) facts.origin = Origin::kNewer;
  if (Has(SeededBug::kIncarnationIgnored) && state.stale) facts.origin = Origin::kPast;
  if (Has(SeededBug::kLiveRolledBack) && state.live) facts.origin = Origin::kPast;
  if (state.history != core::Outcome::kUndecided && !Has(SeededBug::kHistoryIgnored)) {
    facts.known =
        state.history == core::Outcome::kCommitted ? Known::kCommitted : Known::kRolledBack;
  }
  facts.identity = state.before_change[index] ? Identity::kChanged : Identity::kSame;
  facts.memory = state.forgotten ? Memory::kForgotten : Memory::kComplete;
  return facts;
}

ScanAction Move::TouchOrphan(uint32_t index, Action action) {
  PendingCall call;
  call.orphan = true;
  switch (action) {
    case Action::kCommit:
    case Action::kCommitAndAlarm: call.operation = core::Operation::kCommit; break;
    case Action::kRollBack: call.operation = core::Operation::kRollBack; break;
    case Action::kPresumeAbort:
      call.operation =
          Has(SeededBug::kOrphanCommitted) ? core::Operation::kCommit : core::Operation::kRollBack;
      break;
    default: return ScanAction::kNothing;  // left to the operator or to the shard, or not yet due
  }
  if (call.operation == core::Operation::kRollBack && state.commit_durable) {
    Violate(Invariant::kStability, "recovery rolls back a branch after the decision to commit");
  }
  if (call.operation == core::Operation::kRollBack) CheckNotBeforeLast(index);
  if (call.operation == core::Operation::kCommit && !state.commit_durable) {
    Violate(Invariant::kWriteAhead, "recovery commits a branch without a durable decision");
  }
  // A new attempt is not added while the previous one is unfinished.
  const auto& calls = state.branches[index].calls;
  const bool waits = std::any_of(calls.begin(), calls.end(),
                                 [](const PendingCall& other) { return other.orphan; });
  if (!waits) Submit(index, {call});
  return call.operation == core::Operation::kCommit ? ScanAction::kCommit : ScanAction::kRollBack;
}

}  // namespace assent::model
