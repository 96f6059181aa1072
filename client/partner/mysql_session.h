// SPDX-License-Identifier: Apache-2.0
// Sessions of MariaDB and MySQL, over Connector/C++.
//
// Parameters are bound in statements that the server prepares. Rows come as text; cast to CHAR what
// is neither a number, a text nor a time. UPDATE counts the rows that it matched.
// Errors of an Opener: kUnavailable and kDenied; the message holds no password.
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
  uint32_t lock_timeout_ms = 5'000;   // in whole seconds, rounded up
  uint32_t call_timeout_ms = 30'000;  // silence of the server; likewise
};

Opener MySqlOpener(MySqlDatabase database);

}  // namespace assent::partner
