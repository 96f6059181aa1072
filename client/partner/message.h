// SPDX-License-Identifier: Apache-2.0
// HTTP requests to a partner's server, and its answers.
//
// Plain data. Nothing in a Request has been validated.
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
  std::string text = {};                 // a sentence for people, not for programs
  uint32_t retry_after_s = 0;            // 0: not sent
  std::optional<WallTime> expires = {};  // Assent-Expires
};

}  // namespace assent::partner
