// SPDX-License-Identifier: Apache-2.0
// Parses the target of a request into path segments and query parameters, both percent-decoded.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace assent::server {

struct Target {
  std::vector<std::string> segments;                       // "/v1/a%2Fb": "v1", "a/b"
  std::vector<std::pair<std::string, std::string>> query;  // in order
};

// Errors: kInvalid if the target does not begin with a slash, has a percent sign without two
// hexadecimal digits, or is not UTF-8.
Result<Target> ParseTarget(std::string_view target);

// Returns whether `text` is 40 lower-case hexadecimal digits.
bool IsGtrid(std::string_view text);

}  // namespace assent::server
