// SPDX-License-Identifier: Apache-2.0
// Functions on UTF-8 text.
//
// A character is a well-formed sequence of one to four bytes.
// Threads: any.
// Source: the Unicode Standard, table 3-7.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace assent {

// The length in bytes of the character that begins at `at`, which is less than the size; 0 if no
// character begins there.
size_t CharacterLength(std::string_view text, size_t at);

// The length in bytes of the longest prefix that consists of characters.
size_t ValidPrefix(std::string_view text);
inline bool IsUtf8(std::string_view text) { return ValidPrefix(text) == text.size(); }

// Makes text of another program safe to store and show: replaces each byte that belongs to no
// character by U+FFFD and truncates the result to at most `most` bytes, between two characters. Use
// it for strings in log records: protobuf serializes any bytes but refuses to parse invalid UTF-8,
// which would make the log unreadable.
std::string ValidUtf8(std::string_view text, size_t most = std::string::npos);

// The longest prefix of at most `most` bytes that splits no character. `text` must be UTF-8.
std::string_view CutUtf8(std::string_view text, size_t most);

// The number of characters in `text`, which must be UTF-8.
size_t CountCharacters(std::string_view text);

// Appends the character with code point `point`, at most 0x10ffff.
void AppendUtf8(uint32_t point, std::string* to);

}  // namespace assent
