// SPDX-License-Identifier: Apache-2.0
// How a branch moves from phase to phase.
#include "core/branch.h"

#include "base/check.h"

namespace assent::core {

bool AtomicBranch::Take(BranchEvent event) {
  const Cell cell = Look(phase, reached, event);
  CHECK(cell.verdict != Verdict::kRefused)
      << "'" << Name(event) << "' cannot happen to branch " << spec.name << " in phase '"
      << Name(phase) << "', phase at the decision '" << Name(reached) << "'";
  if (IsLate(phase, event)) reached = *AfterLateAnswer(reached, event);
  if (cell.verdict == Verdict::kIgnored) return false;
  if (IsPhaseTwo(cell.next) && !IsPhaseTwo(phase)) reached = ReachedBy(phase, event);
  phase = cell.next;
  return true;
}

void AtomicBranch::Restore(Phase from_log) {
  CHECK(from_log == Phase::kVoted || from_log == Phase::kRecording || from_log == Phase::kEnded);
  phase = from_log;
  reached = Phase::kVoted;
}

bool AtomicBranch::Busy() const {
  switch (phase) {
    case Phase::kDeclared: return IsTcc();  // its record is being written
    case Phase::kOpening:
    case Phase::kRunning:
    case Phase::kTrying:
    case Phase::kTryRetry:
    case Phase::kCleanTryRetry: return true;
    default: return false;
  }
}

bool AtomicBranch::Waits() const {
  switch (phase) {
    case Phase::kTryRetry:
    case Phase::kCleanTryRetry:
    case Phase::kDecidingRetry:
    case Phase::kCommitRetry:
    case Phase::kRollBackRetry:
    case Phase::kForgetRetry: return true;
    default: return false;
  }
}

}  // namespace assent::core
