// SPDX-License-Identifier: Apache-2.0
// The configurations that are searched. Each is as large as its share of the time allows; a new one
// is a function in setups.cc.
#pragma once

#include <vector>

#include "tests/model/world.h"

namespace assent::model {

const std::vector<Setup>& Setups();
const Setup* SetupCalled(const std::string& name);

}  // namespace assent::model
