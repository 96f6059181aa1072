// SPDX-License-Identifier: Apache-2.0
#include "base/number.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace assent {
namespace {

template <typename T>
bool Fits(std::string_view text) {
  return ParseNumber<T>(text).has_value();
}

// The power of ten of the first digit that is not zero.
int64_t Magnitude(std::string_view text) {
  const size_t mark = std::min(text.find_first_of("eE"), text.size());
  const size_t point = std::min(text.find('.'), mark);
  const size_t first = std::min(text.find_first_of("123456789"), mark);
  const auto from_point = static_cast<int64_t>(point) - static_cast<int64_t>(first);
  int64_t exponent = 0;
  if (mark < text.size()) {
    std::string_view digits = text.substr(mark + 1);
    if (digits[0] == '+') digits.remove_prefix(1);
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
    constexpr int64_t kBeyond = int64_t{1} << 40;  // more than the digits of any text
    if (read.ec != std::errc()) exponent = digits[0] == '-' ? -kBeyond : kBeyond;
  }
  return exponent + (from_point > 0 ? from_point - 1 : from_point);
}

// Infinity for a number too large for a double, zero for one too small.
double ToDouble(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc::result_out_of_range) return value;
  return Magnitude(text) < 0 ? 0 : std::numeric_limits<double>::infinity();
}

}  // namespace

size_t CountDigits(std::string_view text, size_t at) {
  const size_t from = at;
  while (at < text.size() && IsDigit(text[at])) ++at;
  return at - from;
}

std::optional<NumberParts> SplitNumber(std::string_view text) {
  NumberParts parts;
  size_t at = 0;
  const auto is_sign = [&] { return at < text.size() && (text[at] == '+' || text[at] == '-'); };
  if (is_sign()) parts.sign = text[at++];
  parts.whole = text.substr(at, CountDigits(text, at));
  at += parts.whole.size();
  if (at < text.size() && text[at] == '.') {
    parts.has_point = true;
    parts.fraction = text.substr(at + 1, CountDigits(text, at + 1));
    at += 1 + parts.fraction.size();
  }
  if (parts.whole.empty() && parts.fraction.empty()) return std::nullopt;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    const size_t exponent = ++at;
    if (is_sign()) ++at;
    const size_t digits = CountDigits(text, at);
    if (digits == 0) return std::nullopt;
    at += digits;
    parts.exponent = text.substr(exponent);
  }
  if (at != text.size()) return std::nullopt;
  return parts;
}

NumberShape ShapeOfNumber(std::string_view text) {
  const auto parts = SplitNumber(text);
  if (!parts || parts->sign == '+' || parts->whole.empty() ||
      (parts->whole[0] == '0' && parts->whole.size() > 1) ||
      parts->has_point == parts->fraction.empty()) {
    return NumberShape::kNone;
  }
  const bool is_integer = !parts->has_point && parts->exponent.empty();
  return is_integer ? NumberShape::kInteger : NumberShape::kDecimal;
}

std::optional<std::string> OutOfRange(std::string_view number) {
  switch (ShapeOfNumber(number)) {
    case NumberShape::kNone: return std::nullopt;
    case NumberShape::kInteger:
      if (Fits<int64_t>(number) || Fits<uint64_t>(number)) return std::nullopt;
      return "out of range: expected -9223372036854775808 to 18446744073709551615";
    case NumberShape::kDecimal:
      if (!std::isinf(ToDouble(number))) return std::nullopt;
      return "out of range: expected -1.8e308 to 1.8e308";
  }
  return std::nullopt;
}

bool IsBeyondIntegers(std::string_view number) {
  return ShapeOfNumber(number) == NumberShape::kDecimal && std::abs(ToDouble(number)) >= 0x1p64;
}

}  // namespace assent
