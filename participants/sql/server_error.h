// SPDX-License-Identifier: Apache-2.0
// An error or a warning, as the server or the client library reports it.
#pragma once

#include <cstdint>
#include <string>

namespace assent::sql {

struct ServerError {
  int32_t number = 0;  // the vendor's code; 0 if there is none
  std::string sqlstate, message;
};

}  // namespace assent::sql
