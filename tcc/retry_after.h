// SPDX-License-Identifier: Apache-2.0
// The header Retry-After: for how long a partner wants to be left alone.
//
// Source: RFC 9110 sections 10.2.3 and 5.6.7: seconds, or a date in its preferred form
// ("Sun, 06 Nov 1994 08:49:37 GMT"; the two obsolete ones are not read).
#pragma once

#include <string_view>

#include "base/time.h"

namespace assent::tcc {

inline constexpr Duration kMaxRetryAfter{60'000'000'000};  // longer is cut to this

// In [0, kMaxRetryAfter]. 0 where `text` is neither form, or names a moment that is past.
Duration ParseRetryAfter(std::string_view text, WallTime now);

}  // namespace assent::tcc
