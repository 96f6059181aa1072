// SPDX-License-Identifier: Apache-2.0
// Numbers as text: digits, integers, and the grammar of decimal numbers.
//
// No function skips white space or depends on a locale.
// Threads: any.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace assent {

inline bool IsDigit(char c) { return c >= '0' && c <= '9'; }
// The number of consecutive digits from `at` on.
size_t CountDigits(std::string_view text, size_t at = 0);
// True for one or more digits and nothing else.
inline bool IsDigits(std::string_view text) {
  return !text.empty() && CountDigits(text) == text.size();
}

// Parses all of `text` as std::from_chars does; nullopt if a rest remains or the value does not fit
// a T.
template <typename T>
std::optional<T> ParseNumber(std::string_view text) {
  T value{};
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return value;
}

// The parts of [+-]digits[.digits][e[+-]digits].
struct NumberParts {
  char sign = 0;  // '+', '-' or 0
  std::string_view whole;
  bool has_point = false;
  std::string_view fraction;
  std::string_view exponent;  // with its sign; empty if there is none
};

// Accepts every common form: at least one digit before or after the point, leading zeros allowed.
// For a stricter grammar, check the parts.
std::optional<NumberParts> SplitNumber(std::string_view text);

// ---- The numbers of JSON (RFC 8259 section 6) ----

enum class NumberShape : uint8_t { kNone, kInteger, kDecimal };  // kNone: not a JSON number

NumberShape ShapeOfNumber(std::string_view text);

// A message for a number that a converting reader would lose: an integer that fits neither a signed
// nor an unsigned 64-bit integer, or a decimal outside the range of a double. nullopt if the number
// is in range or not a JSON number.
std::optional<std::string> OutOfRange(std::string_view number);

// True for a decimal outside the range of every 64-bit integer: 1e400, -1.5e30.
bool IsBeyondIntegers(std::string_view number);

}  // namespace assent
