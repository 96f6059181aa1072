// SPDX-License-Identifier: Apache-2.0
// The input of one judgement of a listed branch, and the resulting action. With them judge_test.cc
// compares the facts that the model builds with those that recovery::ScanHandler collects.
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
  core::Decision ended_as = core::Decision::kNone;  // live, and how this branch has ended
  core::Outcome history = core::Outcome::kUndecided;
  bool ended_since = false;  // since the list was requested
  bool changed = false, forgotten = false;
  // From earlier scans.
  bool seen = false, returned = false;
  recovery::Action announced = recovery::Action::kNothing;

  auto operator<=>(const Sighting&) const = default;
};

}  // namespace assent::model
