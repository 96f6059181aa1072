// SPDX-License-Identifier: Apache-2.0
// The cells of the suite: each case against each participant, as tests of GoogleTest.
#pragma once

#include <string>
#include <vector>

#include "tests/conformance/case.h"

namespace assent::conformance {

enum class Mark : uint8_t {
  kNotRun,
  kOk,
  kFailed,
  kNotApplicable,  // `why` says why
  kSkipped         // the server is not here; `why` has the command that fetches it
};

struct Cell {
  const Case* test = nullptr;
  const Participant* participant = nullptr;
  Mark mark = Mark::kNotRun;
  std::string why = {};
};

// An empty name selects all.
struct Selection {
  std::string test = {};
  std::string participant = {};
  std::string vendor = {};
};

// Ordered by participant, then by case.
std::vector<Cell> Select(const Selection& selection);

// The names that a cell has as a test: mariadb_xa.find_committed.
std::string SuiteOf(const Cell& cell);
std::string TestOf(const Cell& cell);

// Registers a test for each cell that applies. For a participant whose server is not here, one test
// that is skipped.
void Register(const std::vector<Cell>& cells);

}  // namespace assent::conformance
