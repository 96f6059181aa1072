// SPDX-License-Identifier: Apache-2.0
// The invariants of every state, and the definition of a quiescent state (docs/proof.md).
//
// Write-ahead, stability and idempotence are also checked when calls are sent and outcomes are
// reported to clients (coordinator.cc, scan.cc). A new invariant is one function and a line in the
// list in invariants.cc.
#pragma once

#include <optional>

#include "tests/model/move.h"

namespace assent::model {

std::optional<Violation> Breach(const ModelState& state, const Setup& setup);

// A state is at rest (quiescent) if nothing is in progress, no caller waits, and only branches that
// need an operator are in doubt.
bool AtRest(const ModelState& state, const Setup& setup);
// The invariants that must hold only at rest.
std::optional<Violation> BreachAtRest(const ModelState& state, const Setup& setup);

}  // namespace assent::model
