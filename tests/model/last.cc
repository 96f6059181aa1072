// SPDX-License-Identifier: Apache-2.0
// The last resource: how its answers are judged, as coordinator/branch_xa.cc and branch_last.cc do,
// and what must hold while its decision is not known.
#include "tests/model/codec.h"
#include "tests/model/last_database.h"
#include "tests/model/move.h"
#include "xa/server_stamp.h"

namespace assent::model {

using core::Ack;
using core::Operation;

// Its local commit is the decision, and the row makes it durable.
void Move::NoteDecisionRow() {
  const auto last = setup.Last();
  if (!last || state.one_phase_sent) return;
  const Part& part = state.parts[*last];
  state.commit_durable |= part.committed && !part.ended_elsewhere;
}

// An answer that is not definite is looked up, unless it says that the client's SQL had ended the
// branch before the row was written.
Ack Move::JudgeOnePhase(const core::AtomicBranch& branch, xa::Code code) const {
  const Ack ack = xa::MeaningOfOnePhase(code).ack;
  if (!branch.IsLast() || ack == Ack::kDone || ack == Ack::kRolledBack) return ack;
  if (Has(SeededBug::kLastSilentIsNo)) return Ack::kRolledBack;
  const bool left = code == xa::Code::kHeuristicHazard && !branch.Voted();
  return left && !Has(SeededBug::kLastLeftIsNo) ? ack : Ack::kNotFound;
}

// coordinator::WhyInDoubt.
bool Move::IsInDoubt(uint32_t index, const PendingCall& flight) const {
  const core::AtomicBranch& branch = state.live->branches[index];
  if (!branch.IsLast() || state.live->state != core::State::kDeciding) return false;
  if (flight.operation != Operation::kFind || !flight.stamped) return false;
  if (xa::JudgeLastResource(flight.found) != Ack::kUnknown) return false;
  return !xa::IsServerOf({branch.identity, branch.started_at},
                         {IdentityText(flight.identity), StartText(flight.starts)});
}

// The commit that decides is sent only after all others have voted, and when a durable record says
// that it may have been sent.
void Move::CheckLastCommit(uint32_t last) {
  bool named = false;
  for (size_t i = 0; i < state.durable; ++i) {
    named |= std::string_view(library_.KindOf(state.log[i].record)) == "open-last";
  }
  if (!named) {
    Violate(Invariant::kWriteAhead, "the last resource commits before the open record is durable");
  }
  for (uint32_t i = 0; i < state.live->branches.size(); ++i) {
    const core::AtomicBranch& branch = state.live->branches[i];
    const Part& part = state.parts[i];
    const bool over = branch.Ended() || part.ended_elsewhere || part.identity != 0;
    if (i == last || over) continue;
    if (!part.voted) {
      Violate(Invariant::kCommitValidity, "the last resource commits before all have voted");
    } else if (branch.IsTcc() && part.state != PartState::kPrepared) {
      Violate(Invariant::kCommitValidity,
              "the last resource commits, but a partner holds no reservation");
    } else if (branch.IsTcc() && part.partner.ends && state.nearly_expired) {
      Violate(Invariant::kCommitValidity,
              "the last resource commits, but a reservation is about to expire");
    }
  }
}

// No other branch is rolled back or cancelled while the last resource may still commit.
void Move::CheckNotBeforeLast(uint32_t branch) {
  const auto last = setup.Last();
  if (!last || *last == branch) return;
  if (!MayStillCommit(state.parts[*last], state.branches[*last])) return;
  Violate(Invariant::kStability, "a roll-back is sent while the last resource may still commit");
}

// After a start, nothing is sent to the others before the decision row has been looked up.
void Move::CheckOthersWait() {
  if (!state.live || state.live->state != core::State::kDeciding) return;
  for (uint32_t i = 0; i < setup.branches; ++i) {
    if (setup.IsLast(i) || state.branches[i].calls.empty()) continue;
    Violate(Invariant::kTable, "a start calls a branch before the last resource is decided");
  }
}

// A committed transaction ends only with its last resource committed. One of which the coordinator
// was told that the client's SQL had ended it is not reported as an ordinary roll-back.
void Move::CheckLastEnd(const core::Atomic& atomic) {
  const auto last = setup.Last();
  if (!last) return;
  const Part& part = state.parts[*last];
  if (atomic.decision == core::Decision::kCommit && part.voted && !part.committed) {
    Violate(Invariant::kConservation, "taken as committed, but the last resource is not");
  }
  if (atomic.outcome == core::Outcome::kRolledBack && part.told_left && part.committed) {
    Violate(Invariant::kNoFalseAnswer,
            "taken as rolled back, but the client's SQL had committed the last resource");
  }
}

}  // namespace assent::model
