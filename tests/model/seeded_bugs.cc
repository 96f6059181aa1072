// SPDX-License-Identifier: Apache-2.0
#include "tests/model/seeded_bugs.h"

namespace assent::model {

std::span<const SeededBugCase> SeededBugCases() {
  static constexpr SeededBugCase kBugs[] = {
      {SeededBug::kDurableAtOnce, "branch-left", Invariant::kIdempotent},
      {SeededBug::kTimeOutIsYes, "two-crashes", Invariant::kCommitValidity},
      {SeededBug::kRefusalIsYes, "refusals", Invariant::kCommitValidity},
      {SeededBug::kNotaBelieved, "branch-left", Invariant::kConservation},
      {SeededBug::kNeverRetry, "two-crashes", Invariant::kConservation},
      {SeededBug::kFailedLookJudged, "two-crashes", Invariant::kConservation},
      {SeededBug::kWitnessRead, "one-phase-witness", Invariant::kNoFalseAnswer},
      {SeededBug::kAnsweredIsLost, "heuristics", Invariant::kNoFalseAnswer},
      {SeededBug::kRowLossIgnored, "replaced", Invariant::kNoFalseAnswer},
      {SeededBug::kReadOnlyInferred, "lists", Invariant::kIdempotent},
      {SeededBug::kRollBackAfterDecision, "lists", Invariant::kStability},
      {SeededBug::kBranchSkipped, "hangs", Invariant::kConservation},
      {SeededBug::kOrphanCommitted, "lists", Invariant::kWriteAhead},
      {SeededBug::kHistoryIgnored, "hangs-unseen", Invariant::kStability},
      {SeededBug::kLiveRolledBack, "branch-left", Invariant::kCheck},
      {SeededBug::kIncarnationIgnored, "replaced", Invariant::kStability},
      {SeededBug::kNeverScan, "interactive", Invariant::kLiveness},
      {SeededBug::kNeverReleased, "interactive-named", Invariant::kLiveness},
      {SeededBug::kTimersIgnored, "one-phase", Invariant::kLiveness},
      {SeededBug::kAnsweredTwice, "lists", Invariant::kCheck},
      {SeededBug::kLogOutOfOrder, "heuristics", Invariant::kIdempotent},
      {SeededBug::kTryBeforeOpen, "tcc-one-by-one", Invariant::kOneEnd},
      {SeededBug::kSilentTryIsYes, "tcc-mixed", Invariant::kCommitValidity},
      {SeededBug::kRefusalIsWhole, "tcc-guarded", Invariant::kOneEnd},
      {SeededBug::kOpenPresumed, "tcc-two", Invariant::kOneEnd},
      {SeededBug::kRefusedEndBelieved, "tcc-sole", Invariant::kOneEnd},
      {SeededBug::kSilentEndBelieved, "tcc-mixed-late", Invariant::kOneEnd},
      {SeededBug::kTurnedRound, "tcc-two-refusals", Invariant::kStability},
      {SeededBug::kEndingIgnored, "tcc-ending", Invariant::kCommitValidity},
      {SeededBug::kUndecidedIsNo, "tcc-unnamed", Invariant::kCommitValidity},
      {SeededBug::kOneRowCancel, "tcc-by-client", Invariant::kOneEnd},
      {SeededBug::kEndRunsAgain, "tcc-slow", Invariant::kOneEnd},
      {SeededBug::kLastBeforeOpen, "last-named", Invariant::kWriteAhead},
      {SeededBug::kLastWithoutRow, "last-unnamed", Invariant::kNoFalseAnswer},
      {SeededBug::kLastRowRead, "last-hangs", Invariant::kStability},
      {SeededBug::kLastMarkAnywhere, "last-replaced", Invariant::kStability},
      {SeededBug::kLastSilentIsNo, "last-sole-unnamed", Invariant::kNoFalseAnswer},
      {SeededBug::kLastPresumed, "last-partner", Invariant::kStability},
      {SeededBug::kLastRowPurged, "last-forgotten", Invariant::kStability},
      {SeededBug::kLastLeftIsNo, "last-sole-unnamed", Invariant::kNoFalseAnswer},
  };
  return kBugs;
}

}  // namespace assent::model
