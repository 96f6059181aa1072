// SPDX-License-Identifier: Apache-2.0
// What a server, or the library in front of it, says of an error or a warning.
#pragma once

#include <cstdint>
#include <string>

namespace assent::sql {

struct ServerError {
  int32_t number = 0;  // the vendor's own; 0 where there is none
  std::string sqlstate, message;
};

}  // namespace assent::sql
