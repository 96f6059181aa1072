// SPDX-License-Identifier: Apache-2.0
// Detects from warnings that MariaDB or MySQL did not store a value as given.
//
// Contract: pure. A statement changes a value if a warning reports what the server's own strict
// sql_mode makes an error (in a lax sql_mode it clips, empties or replaces the value and
// continues), or what even strict mode does not refuse: a decimal literal with more digits than the
// server can store (1916). Notes do not count: they report that the server rounded to the scale of
// a column or cut trailing spaces, as SQL's assignment rules require. Limits: the server reports
// the warnings of the statement itself. It drops those of a trigger or a stored function, and for a
// stored procedure keeps those of the last statement that used a table.
// Source: the MySQL manual on strict SQL mode; measured on MariaDB 10.11 (docs/databases.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "participants/mysql/handle.h"
#include "participants/sql/scanner.h"
#include "participants/sql/session.h"

namespace assent::mysql {

// The maximum of max_error_count, the number of warnings that a session keeps.
inline constexpr uint32_t kMostKeptWarnings = 65'535;

// Whether a warning of a statement may concern a value that it stores: anything but a SELECT or
// DELETE. Those may call a stored function, but the server reports no warnings for what that
// stores.
bool MayStore(const sql::ScannedStatement& statement, bool gave_rows);

// The refusal for the first of `warnings` that reports a changed value; nothing if none does. For a
// statement that does not store, only two kinds count: its own literals, and values of its result
// that the server dropped because they were too long. `kept`: how many the session keeps; if there
// may have been more, a statement that stores is refused too.
std::optional<sql::VerbResult> ChangedValue(const std::vector<Warning>& warnings, bool may_store,
                                            uint64_t kept);

// The column that the server's message names; empty if it names none.
std::string ColumnOf(const Warning& warning);

}  // namespace assent::mysql
