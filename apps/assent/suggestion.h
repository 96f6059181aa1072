// SPDX-License-Identifier: Apache-2.0
// Suggests the word that the user most likely meant.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace assent::cli {

// Returns the word in `known` that is nearest to `word` by edits (a letter inserted, deleted,
// replaced, or swapped with its neighbor): at most two, and at most one per three letters. If
// exactly one known word begins with `word`, returns that one. nullopt if no word is near.
std::optional<std::string> Nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace assent::cli
