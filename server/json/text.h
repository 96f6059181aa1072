// SPDX-License-Identifier: Apache-2.0
// JSON that is handed on as it came: a partner's payload.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace assent::server {

// The same value without white space outside of strings; numbers and escapes stay as they are.
// Errors: kInvalid: not exactly one JSON value, not UTF-8, nested deeper than 1,000 levels, or with
// a number out of range (number.h); `field` is then where, as `.a[1].b` (empty: all of it).
Result<std::string> CompactJson(std::string_view json);

}  // namespace assent::server
