// SPDX-License-Identifier: Apache-2.0
// The target of a request: its path in segments, its query in parameters, both percent-decoded.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace assent::server {

struct Target {
  std::vector<std::string> segments;                       // of "/v1/a%2Fb": "v1", "a/b"
  std::vector<std::pair<std::string, std::string>> query;  // in their order
};

// Errors: kInvalid for what does not begin with a slash, or a percent sign without two digits.
Result<Target> ParseTarget(std::string_view target);

// 40 lower-case hexadecimal digits.
bool IsGtrid(std::string_view text);

}  // namespace assent::server
