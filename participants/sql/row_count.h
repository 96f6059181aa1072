// SPDX-License-Identifier: Apache-2.0
// Compares the rows of a statement's result with what the client expects of it (expect_rows).
#pragma once

#include <optional>

#include "xa/port.h"

namespace assent::sql {

// The refusal where `result` has another number of rows than `statement` expects: rows read where
// it has columns, else rows changed. Pure.
std::optional<xa::Failure> CheckRowCount(const xa::Statement& statement,
                                         const xa::StatementResult& result);

}  // namespace assent::sql
