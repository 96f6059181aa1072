// SPDX-License-Identifier: Apache-2.0
// Compares the row count of a statement's result with the client's expect_rows.
#pragma once

#include <optional>

#include "xa/port.h"

namespace assent::sql {

// The refusal if `result` has another number of rows than `statement` expects: rows read if it has
// columns, rows changed otherwise. Pure.
std::optional<xa::Failure> CheckRowCount(const xa::Statement& statement,
                                         const xa::StatementResult& result);

}  // namespace assent::sql
