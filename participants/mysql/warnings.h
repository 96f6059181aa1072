// SPDX-License-Identifier: Apache-2.0
// Warnings by which MariaDB and MySQL say that they did not take a value as it was given.
//
// Contract: pure. A statement changes a value where a warning says what the server's own strict
// sql_mode makes an error of (in a lax sql_mode it clips, empties or replaces the value and goes
// on), or what even that mode does not refuse: a decimal literal of more digits than the server can
// hold (1916). Notes do not count: by them the server tells that it rounded to the scale of a
// column or cut trailing spaces, as SQL's rules of assignment have it.
// Limits: the server tells the warnings of the statement itself. Those of a trigger or of a stored
// function it drops, and of a stored procedure it keeps those of the last statement that used a
// table.
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

// As many warnings as a session keeps: the greatest value of max_error_count.
inline constexpr uint32_t kKeptWarnings = 65'535;

// Whether a warning of a statement may be of a value that it stores: anything but a SELECT or
// DELETE. Those may call a stored function, but of what that stores there is no warning.
bool MayStore(const sql::ScannedStatement& statement, bool gave_rows);

// The refusal for the first of `warnings` that tells of a changed value; nothing where none does.
// Of a statement that does not store, only its own literals count, and values of its result that
// the server dropped because they were too long.
std::optional<sql::VerbResult> ChangedValue(const std::vector<Warning>& warnings, bool may_store);

// The column that the server's message names; empty where it names none.
std::string ColumnOf(const Warning& warning);

}  // namespace assent::mysql
