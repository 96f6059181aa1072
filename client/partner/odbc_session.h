// SPDX-License-Identifier: Apache-2.0
// Database sessions for PostgreSQL over ODBC, with psqlODBC.
//
// Parameters are sent as untyped text, so that the server infers the type from the statement. Rows
// are returned as text in the driver's format; cast values to text to get the server's format.
// `Protocol=7.4-0` is added to a connection string that sets no protocol: by default the driver
// wraps each statement in a savepoint, and a local transaction would survive an error.
// The first connection sets LC_ALL of the process to C. Without it the driver reads freed memory
// when several threads connect. Open it before other threads read the environment.
// Limits: a call to a server that stops responding waits for ever, because psqlODBC has no timeout.
// Errors of the Opener: kUnavailable, kDenied, and kInvalid if the ODBC driver is not installed.
// The message contains no password.
#pragma once

#include <cstdint>
#include <string>

#include "client/partner/session.h"

namespace assent::partner {

struct OdbcDatabase {
  // "Driver=PostgreSQL Unicode;Server=127.0.0.1;Port=5432;Database=hotel;UID=…;PWD=…"
  std::string connection_string;
  uint32_t connect_timeout_ms = 5'000;  // rounded up to whole seconds
  uint32_t lock_timeout_ms = 5'000;
  uint32_t statement_timeout_ms = 30'000;
};

Opener OdbcOpener(OdbcDatabase database);

}  // namespace assent::partner
