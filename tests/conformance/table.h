// SPDX-License-Identifier: Apache-2.0
// Runs the cells and prints them as a table.
#pragma once

#include <vector>

#include "tests/conformance/cells.h"

namespace assent::conformance {

// At most this share of the cells may be not applicable, or the suite says too little.
constexpr double kMostNotApplicable = 15;  // percent

// Runs the cells that apply; each is marked when it has ended. Progress and failures go to stderr.
void RunAll(std::vector<Cell>& cells);

// The table as Markdown, the reasons of the cells that do not apply, and the totals.
std::string TextOf(const std::vector<Cell>& cells);

// Whether no cell failed and, if `whole`, few enough are not applicable.
bool IsGood(const std::vector<Cell>& cells, bool whole);

}  // namespace assent::conformance
