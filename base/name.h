// SPDX-License-Identifier: Apache-2.0
// The rule for names that clients choose: gids, and the names of branches and resources.
//
// Threads: any.
#pragma once

#include <string_view>

namespace assent {

bool IsName(std::string_view text);
// The rule, as it appears in messages.
inline constexpr char kNameRule[] =
    "must be 1 to 64 characters of A-Z a-z 0-9 _ . -, not beginning with a dot";

}  // namespace assent
