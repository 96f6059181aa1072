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
  };
  return kBugs;
}

}  // namespace assent::model
