// SPDX-License-Identifier: Apache-2.0
// Sessions over ODBC: PostgreSQL, with psqlODBC.
//
// Parameters go as text without a type, so that the server takes the type that the statement calls
// for. Rows come as text, as the driver writes it; cast what must look as the server writes it.
// `Protocol=7.4-0` is set where the connection string does not say otherwise: with the driver's
// default a savepoint of its own around each statement would outlive errors. The first connection
// sets LC_ALL of the process to C, without which the driver reads freed memory where several
// threads connect: make it before other threads look at the environment.
// Limits: a server that goes silent is waited for for ever (psqlODBC has no time-out of a call).
// Errors of an Opener: kUnavailable, kDenied; kInvalid: the ODBC driver is not there. The message
// holds no password.
#pragma once

#include <cstdint>
#include <string>

#include "client/partner/session.h"

namespace assent::partner {

struct OdbcDatabase {
  // "Driver=PostgreSQL Unicode;Server=127.0.0.1;Port=5432;Database=hotel;UID=…;PWD=…"
  std::string connection_string;
  uint32_t connect_timeout_ms = 5'000;  // in whole seconds, rounded up
  uint32_t lock_timeout_ms = 5'000;
  uint32_t statement_timeout_ms = 30'000;
};

Opener OdbcOpener(OdbcDatabase database);

}  // namespace assent::partner
