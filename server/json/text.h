// SPDX-License-Identifier: Apache-2.0
// Compacts JSON that is passed on otherwise unchanged: a partner's payload.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace assent::server {

// Returns the same value without white space outside of strings; numbers and escapes are unchanged.
// Errors: kInvalid if the text is not exactly one JSON value, is not UTF-8, is nested deeper than
// 1,000 levels, or has a number out of range (number.h); `field` is then the path of the number,
// such as `.a[1].b` (empty: the document itself).
Result<std::string> CompactJson(std::string_view json);

}  // namespace assent::server
