// SPDX-License-Identifier: Apache-2.0
// The word that somebody most likely meant.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace assent::cli {

// The one of `known` that is nearest to `word`: the fewest letters inserted, left out, replaced or
// exchanged with their neighbor, at most two of them and fewer than the word has; or the only one
// that begins with the word. Nothing where none is near.
std::optional<std::string> Nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace assent::cli
