// SPDX-License-Identifier: Apache-2.0
#include "tests/model/plants.h"

namespace assent::model {

std::span<const PlantedBug> PlantedBugs() {
  static constexpr PlantedBug kBugs[] = {
      {Plant::kDurableAtOnce, "branch-left", Invariant::kIdempotent},
      {Plant::kTimeOutIsYes, "two-crashes", Invariant::kCommitValidity},
      {Plant::kRefusalIsYes, "refusals", Invariant::kCommitValidity},
      {Plant::kNotaBelieved, "branch-left", Invariant::kConservation},
      {Plant::kNeverRetry, "two-crashes", Invariant::kConservation},
      {Plant::kFailedLookJudged, "two-crashes", Invariant::kConservation},
      {Plant::kWitnessRead, "one-phase-witness", Invariant::kNoFalseAnswer},
      {Plant::kAnsweredIsLost, "heuristics", Invariant::kNoFalseAnswer},
      {Plant::kRowLossIgnored, "replaced", Invariant::kNoFalseAnswer},
      {Plant::kReadOnlyInferred, "lists", Invariant::kIdempotent},
      {Plant::kRollBackAfterDecision, "lists", Invariant::kStability},
      {Plant::kBranchSkipped, "hangs", Invariant::kConservation},
      {Plant::kOrphanCommitted, "lists", Invariant::kWriteAhead},
      {Plant::kHistoryIgnored, "hangs", Invariant::kStability},
      {Plant::kLiveRolledBack, "branch-left", Invariant::kCheck},
      {Plant::kIncarnationIgnored, "replaced", Invariant::kStability},
      {Plant::kNeverScan, "interactive", Invariant::kLiveness},
      {Plant::kNeverReleased, "interactive-named", Invariant::kLiveness},
      {Plant::kTimersIgnored, "one-phase", Invariant::kLiveness},
      {Plant::kAnsweredTwice, "lists", Invariant::kCheck},
      {Plant::kLogOutOfOrder, "heuristics", Invariant::kIdempotent},
      {Plant::kTryBeforeOpen, "tcc-one-by-one", Invariant::kOneEnd},
      {Plant::kSilentTryIsYes, "tcc-mixed", Invariant::kCommitValidity},
      {Plant::kRefusalIsWhole, "tcc-guarded", Invariant::kOneEnd},
      {Plant::kOpenPresumed, "tcc-two", Invariant::kOneEnd},
      {Plant::kRefusedEndBelieved, "tcc-sole", Invariant::kOneEnd},
      {Plant::kSilentEndBelieved, "tcc-mixed-late", Invariant::kOneEnd},
      {Plant::kTurnedRound, "tcc-two-refusals", Invariant::kStability},
      {Plant::kEndingIgnored, "tcc-ending", Invariant::kCommitValidity},
      {Plant::kUndecidedIsNo, "tcc-unnamed", Invariant::kCommitValidity},
      {Plant::kOneRowCancel, "tcc-by-client", Invariant::kOneEnd},
      {Plant::kEndRunsAgain, "tcc-slow", Invariant::kOneEnd},
  };
  return kBugs;
}

}  // namespace assent::model
