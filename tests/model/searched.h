// SPDX-License-Identifier: Apache-2.0
// All configurations of the test, searched once for all tests of this program.
#pragma once

#include <utility>
#include <vector>

#include "tests/model/explorer.h"

namespace assent::model {

const std::vector<std::pair<Setup, Result>>& Searched();

}  // namespace assent::model
