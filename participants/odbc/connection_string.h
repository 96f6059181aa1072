// SPDX-License-Identifier: Apache-2.0
// ODBC connection strings: taken apart, put together, and what psqlODBC must be told.
//
// Contract: pure. The text that is made holds the password: it is given to the driver and to nobody
// else, and no error message quotes a value.
// Errors: kInvalid with field `dsn`, `user` or `lock_timeout_ms`.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "participants/sql/resource_options.h"

namespace assent::odbc {

// In the order in which they stand. Names are matched without regard to case.
using Attributes = std::vector<std::pair<std::string, std::string>>;

Result<Attributes> ParseConnectionString(std::string_view text);
// Values that need it are put in braces; a closing brace inside is doubled.
std::string FormatConnectionString(const Attributes& attributes);

struct ConnectionText {
  std::string text;  // with the password: secret
  std::vector<std::string> warnings;
};

// What psqlODBC and the libpq below it get. Of the DSN only what says where the server is and how
// to reach it is passed on (Driver, DSN, Server, Port, Database, SSLmode, pqopt, …); the rest is
// fixed, because the branch protocol depends on it:
// - Protocol=7.4-0: no savepoint around each statement, so that an error dooms the transaction and
//   a deadlock victim lets go of its locks.
// - Everything else that makes the driver send commands of its own is off (UseDeclareFetch,
//   UpdatableCursors, RowVersioning, …); UseServerSidePrepare=1, so that parameters travel beside
//   the SQL, never in it.
// - Settings travel in the start-up packet (libpq's `options`): they cost no round trip and are
// what
//   RESET ALL and DISCARD ALL go back to. So `options` in the DSN's own pqopt is refused: ALTER
//   ROLE … SET does the same.
Result<ConnectionText> PostgreSqlConnection(const sql::ResourceOptions& options,
                                            const std::string& password);

}  // namespace assent::odbc
