// SPDX-License-Identifier: Apache-2.0
// The results of all configurations of the test, searched once for all tests of this program.
#pragma once

#include <utility>
#include <vector>

#include "tests/model/explorer.h"

namespace assent::model {

const std::vector<std::pair<Setup, Result>>& Searched();

}  // namespace assent::model
