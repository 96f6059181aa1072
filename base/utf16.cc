// SPDX-License-Identifier: Apache-2.0
#include "base/utf16.h"

#include <cstdint>

#include "base/utf8.h"

namespace assent {
namespace {

// The code point of the character at `at`, which has `length` bytes.
uint32_t PointAt(std::string_view text, size_t at, size_t length) {
  uint32_t point = static_cast<uint8_t>(text[at]);
  if (length > 1) point &= 0xffu >> (length + 1);
  for (size_t i = at + 1; i < at + length; ++i) {
    point = point << 6 | (static_cast<uint8_t>(text[i]) & 0x3f);
  }
  return point;
}

}  // namespace

std::optional<std::u16string> ToUtf16(std::string_view utf8) {
  std::u16string out;
  out.reserve(utf8.size());
  size_t length = 0;
  for (size_t at = 0; at < utf8.size(); at += length) {
    length = CharacterLength(utf8, at);
    const uint32_t point = length == 0 ? 0 : PointAt(utf8, at, length);
    if (point == 0) return std::nullopt;
    if (point < 0x10000) {
      out.push_back(static_cast<char16_t>(point));
    } else {
      out.push_back(static_cast<char16_t>(0xd800 + ((point - 0x10000) >> 10)));
      out.push_back(static_cast<char16_t>(0xdc00 + ((point - 0x10000) & 0x3ff)));
    }
  }
  return out;
}

std::string ToUtf8(std::u16string_view utf16) {
  std::string out;
  out.reserve(utf16.size());
  for (size_t i = 0; i < utf16.size(); ++i) {
    uint32_t point = utf16[i];
    const bool high = point >= 0xd800 && point < 0xdc00;
    if (high && i + 1 < utf16.size() && utf16[i + 1] >= 0xdc00 && utf16[i + 1] < 0xe000) {
      point = 0x10000 + ((point - 0xd800) << 10) + (utf16[++i] - 0xdc00u);
    } else if (point >= 0xd800 && point < 0xe000) {
      point = 0xfffd;
    }
    AppendUtf8(point, &out);
  }
  return out;
}

}  // namespace assent
