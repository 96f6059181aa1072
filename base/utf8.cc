// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

namespace assent {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

bool IsNext(std::string_view text, size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
}

// The bytes of the character at `at`; 0: there is none. Source: the Unicode Standard, table 3-7.
size_t LengthAt(std::string_view text, size_t at) {
  const auto first = static_cast<unsigned char>(text[at]);
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4 || !IsNext(text, at + 1)) return 0;
  if (first < 0xE0) return 2;
  const auto second = static_cast<unsigned char>(text[at + 1]);
  if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
      (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F) ||
      !IsNext(text, at + 2)) {
    return 0;
  }
  if (first < 0xF0) return 3;
  return IsNext(text, at + 3) ? 4 : 0;
}

}  // namespace

std::string ValidUtf8(std::string_view text, size_t most) {
  std::string valid;
  for (size_t at = 0; at < text.size();) {
    const size_t length = LengthAt(text, at);
    const std::string_view next = length == 0 ? kReplacement : text.substr(at, length);
    if (next.size() > most - valid.size()) break;
    valid += next;
    at += length == 0 ? 1 : length;
  }
  return valid;
}

}  // namespace assent
