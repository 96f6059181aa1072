// SPDX-License-Identifier: Apache-2.0
// The configurations to search. The size of each is limited by its share of the test time. A new
// one is a function in setups.cc.
#pragma once

#include <vector>

#include "tests/model/state.h"

namespace assent::model {

const std::vector<Setup>& Setups();
const Setup* SetupCalled(const std::string& name);

}  // namespace assent::model
