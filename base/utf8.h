// SPDX-License-Identifier: Apache-2.0
// UTF-8 text, one character after the other.
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

// The bytes of the character that begins at `at` (less than the size); 0: none does.
size_t CharacterLength(std::string_view text, size_t at);

// The bytes of the longest beginning that consists of characters.
size_t ValidPrefix(std::string_view text);
inline bool IsUtf8(std::string_view text) { return ValidPrefix(text) == text.size(); }

// Text of another program, made fit to be kept and shown: its beginning of at most `most` bytes,
// cut between two characters. Each byte that belongs to no character becomes U+FFFD. A string of a
// record must be UTF-8: its writer takes any bytes, its reader does not, and then the log is
// unreadable.
std::string ValidUtf8(std::string_view text, size_t most = std::string::npos);

// The beginning of at most `most` bytes that cuts no character of `text`, which is UTF-8.
std::string_view CutUtf8(std::string_view text, size_t most);

// How many characters `text` has; it is UTF-8.
size_t CountCharacters(std::string_view text);

// Appends the character `point`, which is no more than 0x10ffff.
void AppendUtf8(uint32_t point, std::string* to);

}  // namespace assent
