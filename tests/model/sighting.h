// SPDX-License-Identifier: Apache-2.0
// What a judgement of a scan knew of a listed branch, and what came of it: so that the facts that
// the model makes can be compared with those that recovery::ScanHandler collects (judge_test.cc).
#pragma once

#include <compare>
#include <cstdint>

#include "core/atomic.h"
#include "recovery/decision_table.h"

namespace assent::model {

enum class ScanAction : uint8_t { kNothing, kCommit, kRollBack, kStop };

struct Sighting {
  bool stale = false, first_run = false;
  bool live = false;
  core::Decision ended_as = core::Decision::kNone;  // live, and this branch has ended so
  core::Outcome history = core::Outcome::kUndecided;
  bool ended_since = false;  // since the list was asked for
  bool changed = false, forgotten = false;
  // From lists before.
  bool seen = false, returned = false;
  recovery::Action announced = recovery::Action::kNothing;

  auto operator<=>(const Sighting&) const = default;
};

}  // namespace assent::model
