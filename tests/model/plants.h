// SPDX-License-Identifier: Apache-2.0
// The planted bugs that show that the check can fail: where each is looked for, and what catches
// it.
#pragma once

#include <span>

#include "tests/model/kinds.h"

namespace assent::model {

struct PlantedBug {
  Plant plant{};
  const char* setup = "";
  Invariant caught_by{};
};

std::span<const PlantedBug> PlantedBugs();

}  // namespace assent::model
