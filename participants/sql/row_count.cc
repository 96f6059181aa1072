// SPDX-License-Identifier: Apache-2.0
#include "participants/sql/row_count.h"

#include <string>

namespace assent::sql {

std::optional<xa::Failure> CheckRowCount(const xa::Statement& statement,
                                         const xa::StatementResult& result) {
  if (!statement.expect_rows) return std::nullopt;
  const uint64_t expected = *statement.expect_rows;
  const uint64_t rows = result.columns.empty() ? result.affected : result.rows.size();
  if (rows == expected) return std::nullopt;
  xa::Failure failure;
  failure.reason = core::Reason::kExpectRows;
  failure.detail = std::to_string(rows) + (rows == 1 ? " row" : " rows") + " where " +
                   std::to_string(expected) + (expected == 1 ? " was" : " were") + " expected";
  return failure;
}

}  // namespace assent::sql
