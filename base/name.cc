// SPDX-License-Identifier: Apache-2.0
#include "base/name.h"

namespace assent {

bool IsName(std::string_view text) {
  constexpr size_t kLongest = 64;
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
  return !text.empty() && text.size() <= kLongest && text.front() != '.' &&
         text.find_first_not_of(kLetters) == std::string_view::npos;
}

}  // namespace assent
