// SPDX-License-Identifier: Apache-2.0
#include "coordinator/state_events.h"

#include <optional>

#include "base/event_log.h"
#include "coordinator/operator_text.h"

namespace assent::coordinator {

void LogTransitions(Entry& entry, const Clock& clock) {
  const core::Atomic& atomic = entry.atomic;
  std::optional<WallTime> now;
  for (size_t i = 0; i < atomic.branches.size(); ++i) {
    BranchWork& work = entry.work[i];
    const core::AtomicBranch& branch = atomic.branches[i];
    if (work.shown == branch.state) continue;
    if (branch.state == core::BranchState::kNeedsOperator) {
      Event(LogEvent::kNeedsOperator, {{"gid", entry.gid},
                                       {"branch", branch.spec.name},
                                       {"resource", branch.spec.resource},
                                       {"detail", branch.detail}});
    }
    if (!now) now = clock.Wall();
    work.shown = branch.state;
    work.since = *now;
  }
  if (entry.shown == atomic.state) return;
  if (LogEnabled(LogEvent::kStateChanged)) {
    Event(LogEvent::kStateChanged, {{"gid", entry.gid},
                                    {"from", core::Name(entry.shown)},
                                    {"to", core::Name(atomic.state)},
                                    {"cause", core::Name(atomic.cause.reason)},
                                    {"branch", entry.CauseBranch()}});
  }
  if (entry.decided_at.ns == 0 && atomic.decision != core::Decision::kNone) {
    entry.decided_at = clock.Wall();
  }
  entry.shown = atomic.state;
}

void LogHeuristic(const Entry& entry, uint32_t index) {
  const core::AtomicBranch& branch = entry.atomic.branches.at(index);
  const bool hazard = branch.heuristic == core::Ack::kHeuristicHazard;
  Event(hazard ? LogEvent::kHazard : LogEvent::kHeuristic,
        {{"gid", entry.gid},
         {"branch", branch.spec.name},
         {"resource", branch.spec.resource},
         {"result", core::Name(branch.heuristic)},
         {"detail", ForOperator(entry, index)}});
}

}  // namespace assent::coordinator
