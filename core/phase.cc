// SPDX-License-Identifier: Apache-2.0
// The table of the phases of a branch.
#include "core/phase.h"

#include <array>

namespace assent::core {
namespace {

using P = Phase;
using E = BranchEvent;
constexpr Consequence kCommits = Consequence::kCommits;
constexpr Consequence kRollsBack = Consequence::kRollsBack;

struct Move {
  Phase from;
  BranchEvent event;
  Phase to;
  Consequence consequence = Consequence::kNone;
};

constexpr Move kMoves[] = {
    {P::kDeclared, E::kOpen, P::kOpening},
    {P::kDeclared, E::kTry, P::kTrying},
    {P::kDeclared, E::kAwaitVote, P::kAwaitingVote},
    {P::kDeclared, E::kRollBack, P::kEnded},

    {P::kOpening, E::kOpened, P::kOpen},
    {P::kOpening, E::kOpenFailed, P::kEnded, kRollsBack},
    {P::kOpening, E::kRollBack, P::kRollingBack},

    {P::kOpen, E::kRun, P::kRunning},
    {P::kOpen, E::kPrepare, P::kEnded},  // returns its connection
    {P::kOpen, E::kRollBack, P::kRollingBack},

    {P::kRunning, E::kRan, P::kRan},
    {P::kRunning, E::kRunFailed, P::kRan, kRollsBack},
    {P::kRunning, E::kRollBack, P::kRollingBack},

    {P::kRan, E::kRun, P::kRunning},
    {P::kRan, E::kPrepare, P::kPreparing},
    {P::kRan, E::kDecide, P::kDeciding},
    {P::kRan, E::kRollBack, P::kRollingBack},

    {P::kTrying, E::kVotedYes, P::kVoted},
    {P::kTrying, E::kVotedNo, P::kVoted, kRollsBack},
    {P::kTrying, E::kVotedCleanNo, P::kEnded, kRollsBack},
    {P::kTrying, E::kVotedUnknown, P::kTryRetry},
    {P::kTrying, E::kVotedCleanUnknown, P::kCleanTryRetry},
    {P::kTrying, E::kRollBack, P::kCutOff},

    {P::kTryRetry, E::kRetry, P::kTrying},
    {P::kTryRetry, E::kRollBack, P::kRollingBack},

    {P::kCleanTryRetry, E::kRetry, P::kTrying},
    {P::kCleanTryRetry, E::kRollBack, P::kEnded},

    // Cancelled after a no too: the client may have called it twice.
    {P::kAwaitingVote, E::kVotedYes, P::kVoted},
    {P::kAwaitingVote, E::kVotedNo, P::kVoted, kRollsBack},
    {P::kAwaitingVote, E::kRollBack, P::kRollingBack},

    {P::kPreparing, E::kVotedYes, P::kVoted},
    {P::kPreparing, E::kVotedReadOnly, P::kEnded},
    {P::kPreparing, E::kVotedNo, P::kVoted, kRollsBack},
    {P::kPreparing, E::kVotedUnknown, P::kVoted, kRollsBack},
    {P::kPreparing, E::kVotedHazard, P::kRecording, kRollsBack},
    {P::kPreparing, E::kRollBack, P::kRollingBack},

    {P::kVoted, E::kCommit, P::kCommitting},
    {P::kVoted, E::kDecide, P::kDeciding},  // the last resource
    {P::kVoted, E::kRollBack, P::kRollingBack},

    {P::kCutOff, E::kVotedYes, P::kRollingBack},
    {P::kCutOff, E::kVotedNo, P::kRollingBack},
    {P::kCutOff, E::kVotedCleanNo, P::kEnded},
    {P::kCutOff, E::kVotedUnknown, P::kRollingBack},
    {P::kCutOff, E::kVotedCleanUnknown, P::kEnded},

    {P::kDeciding, E::kAckDone, P::kEnded, kCommits},
    {P::kDeciding, E::kAckRolledBack, P::kEnded, kRollsBack},
    {P::kDeciding, E::kAckNotFound, P::kDeciding},
    {P::kDeciding, E::kAckHeuristicCommit, P::kEnded, kCommits},
    {P::kDeciding, E::kAckHeuristicRollBack, P::kEnded, kRollsBack},
    {P::kDeciding, E::kAckHeuristicMixed, P::kRecording},
    {P::kDeciding, E::kAckHeuristicHazard, P::kRecording},
    {P::kDeciding, E::kAckUnknown, P::kDecidingRetry},
    {P::kDecidingRetry, E::kRetry, P::kDeciding},

    // "Rolled back" after a yes vote is a broken promise.
    {P::kCommitting, E::kAckDone, P::kEnded},
    {P::kCommitting, E::kAckRolledBack, P::kRecording},
    {P::kCommitting, E::kAckNotFound, P::kCommitting},
    {P::kCommitting, E::kAckHeuristicCommit, P::kRecording},
    {P::kCommitting, E::kAckHeuristicRollBack, P::kRecording},
    {P::kCommitting, E::kAckHeuristicMixed, P::kRecording},
    {P::kCommitting, E::kAckHeuristicHazard, P::kRecording},
    {P::kCommitting, E::kAckUnknown, P::kCommitRetry},
    {P::kCommitRetry, E::kRetry, P::kCommitting},

    {P::kRollingBack, E::kVotedHazard, P::kRecording},
    {P::kRollingBack, E::kAckDone, P::kEnded},
    {P::kRollingBack, E::kAckRolledBack, P::kEnded},
    {P::kRollingBack, E::kAckNotFound, P::kRollingBack},
    {P::kRollingBack, E::kAckHeuristicCommit, P::kRecording},
    {P::kRollingBack, E::kAckHeuristicRollBack, P::kRecording},
    {P::kRollingBack, E::kAckHeuristicMixed, P::kRecording},
    {P::kRollingBack, E::kAckHeuristicHazard, P::kRecording},
    {P::kRollingBack, E::kAckUnknown, P::kRollBackRetry},
    {P::kRollBackRetry, E::kVotedHazard, P::kRecording},
    {P::kRollBackRetry, E::kRetry, P::kRollingBack},

    {P::kRecording, E::kRollBack, P::kRecording},  // its roll-back is sent anyway
    {P::kRecording, E::kAgrees, P::kForgetting},
    {P::kRecording, E::kConflicts, P::kHeld},

    {P::kForgetting, E::kVotedHazard, P::kRecording},
    {P::kForgetting, E::kAckDone, P::kEnded},
    {P::kForgetting, E::kAckRolledBack, P::kEnded},
    {P::kForgetting, E::kAckNotFound, P::kEnded},
    {P::kForgetting, E::kAckHeuristicCommit, P::kEnded},
    {P::kForgetting, E::kAckHeuristicRollBack, P::kEnded},
    {P::kForgetting, E::kAckHeuristicMixed, P::kEnded},
    {P::kForgetting, E::kAckHeuristicHazard, P::kEnded},
    {P::kForgetting, E::kAckUnknown, P::kForgetRetry},
    {P::kForgetRetry, E::kVotedHazard, P::kRecording},
    {P::kForgetRetry, E::kRetry, P::kForgetting},

    {P::kEnded, E::kVotedHazard, P::kRecording},
};

// Late answers, by the phase of the branch at the decision.
constexpr Move kLate[] = {
    {P::kOpening, E::kOpened, P::kOpening},
    {P::kOpening, E::kOpenFailed, P::kOpening},
    {P::kRunning, E::kRan, P::kRan},
    {P::kRunning, E::kRunFailed, P::kRan},
    {P::kPreparing, E::kVotedYes, P::kVoted},
    {P::kPreparing, E::kVotedReadOnly, P::kVoted},
    {P::kPreparing, E::kVotedNo, P::kVoted},
    {P::kPreparing, E::kVotedUnknown, P::kVoted},
    {P::kPreparing, E::kVotedHazard, P::kVoted},
};

// Which of the pairs without a move are ignored; any other is a bug.
constexpr bool IsIgnored(Phase phase, BranchEvent event) {
  if (event == E::kRetry) return true;  // a timer may fire after the branch has moved on
  if (IsLate(phase, event)) return true;
  switch (phase) {
    case P::kVoted: return event == E::kPrepare;
    // The answer to a roll-back of a branch with a hazard or without work, which nothing waits for.
    case P::kRecording:
    case P::kHeld: return IsAck(event);
    case P::kEnded: return IsAck(event) || event == E::kCommit || event == E::kRollBack;
    default: return false;
  }
}

using Table = std::array<std::array<Cell, kBranchEvents>, kPhases>;

constexpr Table MakeTable() {
  Table table{};
  for (size_t phase = 0; phase < kPhases; ++phase) {
    for (size_t event = 0; event < kBranchEvents; ++event) {
      Cell& cell = table[phase][event];
      cell.next = static_cast<Phase>(phase);
      if (IsIgnored(cell.next, static_cast<BranchEvent>(event))) cell.verdict = Verdict::kIgnored;
    }
  }
  for (const Move& move : kMoves) {
    Cell& cell = table[static_cast<size_t>(move.from)][static_cast<size_t>(move.event)];
    if (cell.verdict == Verdict::kMoves) throw "two moves for one pair";
    cell = {Verdict::kMoves, move.to, move.consequence};
  }
  return table;
}

constexpr Table kTable = MakeTable();

}  // namespace

std::optional<Phase> AfterLateAnswer(Phase reached, BranchEvent event) {
  for (const Move& late : kLate) {
    if (late.from == reached && late.event == event) return late.to;
  }
  return std::nullopt;
}

const Cell& Look(Phase phase, BranchEvent event) {
  return kTable[static_cast<size_t>(phase)][static_cast<size_t>(event)];
}

Cell Look(Phase phase, Phase reached, BranchEvent event) {
  if (IsLate(phase, event) && !AfterLateAnswer(reached, event)) return {Verdict::kRefused, phase};
  return Look(phase, event);
}

Phase ReachedBy(Phase phase, BranchEvent event) {
  if (IsVote(event)) return P::kVoted;
  return phase == P::kTrying ? P::kTryRetry : phase;  // the vote of a cut-off try does not count
}

}  // namespace assent::core
