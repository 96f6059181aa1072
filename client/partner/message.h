// SPDX-License-Identifier: Apache-2.0
// What a partner's server is sent and what it answers, as HTTP has them.
//
// Pure data. A Request is as it came: nothing in it has been looked at.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"

namespace assent::partner {

struct Request {
  std::string method;
  std::string target;
  std::vector<std::pair<std::string, std::string>> headers;  // names in any case
  std::string body;
};

struct Answer {
  int status = 500;
  std::string text = {};                 // a sentence for people; no program reads it
  uint32_t retry_after_s = 0;            // 0: not sent
  std::optional<WallTime> expires = {};  // Assent-Expires
};

}  // namespace assent::partner
