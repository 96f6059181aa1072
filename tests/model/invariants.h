// SPDX-License-Identifier: Apache-2.0
// What must hold in every world, and what a world at rest looks like (docs/proof.md).
//
// Write-ahead, stability and idempotence are also held where calls are sent and clients are told
// (coordinator.cc, scan.cc). A new invariant is one function and a line in the list of
// invariants.cc.
#pragma once

#include <optional>

#include "tests/model/move.h"

namespace assent::model {

std::optional<Violation> Breach(const ModelState& state, const Setup& setup);

// Nothing is in doubt but what only a person can settle; nobody waits and nothing is under way.
bool AtRest(const ModelState& state, const Setup& setup);
// What must hold there besides.
std::optional<Violation> BreachAtRest(const ModelState& state, const Setup& setup);

}  // namespace assent::model
