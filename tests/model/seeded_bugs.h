// SPDX-License-Identifier: Apache-2.0
// The seeded bugs, which show that the check can fail: for each, the configuration to search and
// the invariant that catches it.
#pragma once

#include <span>

#include "tests/model/kinds.h"

namespace assent::model {

struct SeededBugCase {
  SeededBug bug{};
  const char* setup = "";
  Invariant caught_by{};
};

std::span<const SeededBugCase> SeededBugCases();

}  // namespace assent::model
