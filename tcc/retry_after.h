// SPDX-License-Identifier: Apache-2.0
// Parses the Retry-After header: how long a partner wants no further calls.
//
// Source: RFC 9110 sections 10.2.3 and 5.6.7: seconds, or a date in the preferred form
// ("Sun, 06 Nov 1994 08:49:37 GMT"; the two obsolete forms are not accepted).
#pragma once

#include <string_view>

#include "base/time.h"

namespace assent::tcc {

inline constexpr Duration kMaxRetryAfter{60'000'000'000};  // longer times are reduced to this

// The result is in [0, kMaxRetryAfter]. 0 if `text` has neither form, or is a date in the past.
Duration ParseRetryAfter(std::string_view text, WallTime now);

}  // namespace assent::tcc
