// SPDX-License-Identifier: Apache-2.0
// The configurations to search. The size of each is limited by its share of the test time. A new
// one is a function in setups.cc.
#pragma once

#include <utility>
#include <vector>

#include "tests/model/state.h"

namespace assent::model {

const std::vector<Setup>& Setups();

using Budget = std::vector<std::pair<Fault, uint8_t>>;
// A configuration with one branch of each kind.
Setup MakeSetup(const char* name, const std::vector<PartKind>& kinds, const Budget& budget);
// The same with more faults, for --full only.
Setup Large(Setup setup, const char* name, const Budget& more);
std::vector<Setup> LastSetups();  // those with a last resource (last_setups.cc)
const Setup* SetupCalled(const std::string& name);

}  // namespace assent::model
