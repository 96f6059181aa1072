// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

namespace assent {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// True if `byte` continues the character before it.
bool Continues(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

bool IsNext(std::string_view text, size_t at) { return at < text.size() && Continues(text[at]); }

}  // namespace

size_t CharacterLength(std::string_view text, size_t at) {
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

size_t ValidPrefix(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const size_t length = CharacterLength(text, at);
    if (length == 0) return at;
    at += length;
  }
  return text.size();
}

std::string ValidUtf8(std::string_view text, size_t most) {
  std::string valid;
  for (size_t at = 0; at < text.size();) {
    const size_t length = CharacterLength(text, at);
    const std::string_view next = length == 0 ? kReplacement : text.substr(at, length);
    if (next.size() > most - valid.size()) break;
    valid += next;
    at += length == 0 ? 1 : length;
  }
  return valid;
}

std::string_view CutUtf8(std::string_view text, size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && Continues(text[most])) --most;
  return text.substr(0, most);
}

size_t CountCharacters(std::string_view text) {
  size_t count = 0;
  for (const char byte : text) count += Continues(byte) ? 0 : 1;
  return count;
}

void AppendUtf8(uint32_t point, std::string* to) {
  const auto put = [&](uint32_t byte) { to->push_back(static_cast<char>(byte)); };
  if (point < 0x80) return put(point);
  if (point < 0x800) {
    put(0xc0 | point >> 6);
  } else if (point < 0x10000) {
    put(0xe0 | point >> 12);
    put(0x80 | (point >> 6 & 0x3f));
  } else {
    put(0xf0 | point >> 18);
    put(0x80 | (point >> 12 & 0x3f));
    put(0x80 | (point >> 6 & 0x3f));
  }
  put(0x80 | (point & 0x3f));
}

}  // namespace assent
