// SPDX-License-Identifier: Apache-2.0
// The seeded bugs that show that the check can fail: where each is looked for, and what catches
// it.
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
