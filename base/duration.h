// SPDX-License-Identifier: Apache-2.0
// Durations as text: "5s", "1.5s", "500ms", "2m", "24h".
//
// Contract: one non-negative decimal number and one unit of ns, us, ms, s, m or h; no sign, no
// spaces, no second part.
// Errors: kInvalid, with a message that says what was expected, also for more than 64 bits of
// nanoseconds.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace assent {

Result<Duration> ParseDuration(std::string_view text);

}  // namespace assent
