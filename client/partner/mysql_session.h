// SPDX-License-Identifier: Apache-2.0
// Database sessions for MariaDB and MySQL, with Connector/C++.
//
// Parameters are bound to statements that the server prepares. Rows are returned as text; cast
// values that are not numbers, text or times to CHAR. UPDATE counts the rows that it matched.
// Errors of the Opener: kUnavailable and kDenied; the message contains no password.
#pragma once

#include <cstdint>
#include <string>

#include "client/partner/session.h"

namespace assent::partner {

struct MySqlDatabase {
  std::string url;  // "tcp://127.0.0.1:3306/hotel"
  std::string user;
  std::string password;
  uint32_t connect_timeout_ms = 5'000;
  uint32_t lock_timeout_ms = 5'000;   // rounded up to whole seconds
  uint32_t call_timeout_ms = 30'000;  // without data from the server; likewise
};

Opener MySqlOpener(MySqlDatabase database);

}  // namespace assent::partner
