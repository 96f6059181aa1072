// SPDX-License-Identifier: Apache-2.0
// Parses and formats ODBC connection strings, and adds what psqlODBC needs.
//
// Contract: pure. The resulting text contains the password: only the driver gets it, and no error
// message quotes a value.
// Errors: kInvalid with field `dsn`, `user` or `lock_timeout_ms`.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "participants/sql/resource_options.h"

namespace assent::odbc {

// In their original order. Names are matched case-insensitively.
using Attributes = std::vector<std::pair<std::string, std::string>>;

Result<Attributes> ParseConnectionString(std::string_view text);
// Puts values in braces if they need it; doubles a closing brace inside.
std::string FormatConnectionString(const Attributes& attributes);

struct ConnectionText {
  std::string text;  // with the password: secret
  std::vector<std::string> warnings;
};

// The connection string for psqlODBC and its libpq. Only the parts of the DSN that say where the
// server is and how to reach it are passed on (Driver, DSN, Server, Port, Database, SSLmode, pqopt,
// …). The rest is fixed, because the branch protocol depends on it:
// - Protocol=7.4-0: no savepoint around each statement, so that an error dooms the transaction and
//   a deadlock victim releases its locks.
// - Everything else that makes the driver send its own commands is off (UseDeclareFetch,
//   UpdatableCursors, RowVersioning, …); UseServerSidePrepare=1, so that parameters are sent beside
//   the SQL, never in it.
// - Settings are in the start-up packet (libpq's `options`): they cost no round trip, and RESET ALL
//   and DISCARD ALL return to them. So `options` in the DSN's own pqopt is refused; use ALTER ROLE
//   … SET instead.
Result<ConnectionText> PostgreSqlConnection(const sql::ResourceOptions& options,
                                            const std::string& password);

}  // namespace assent::odbc
