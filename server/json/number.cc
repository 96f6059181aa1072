// SPDX-License-Identifier: Apache-2.0
#include "server/json/number.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>

namespace assent::server {
namespace {

size_t SkipDigits(std::string_view text, size_t at) {
  while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
  return at;
}

template <typename T>
bool Fits(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
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
    constexpr int64_t kBeyond = int64_t{1} << 40;  // more than any text has digits
    if (read.ec != std::errc()) exponent = digits[0] == '-' ? -kBeyond : kBeyond;
  }
  return exponent + (from_point > 0 ? from_point - 1 : from_point);
}

// Infinity where it is larger; a number too small for a double is zero.
double ToDouble(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc::result_out_of_range) return value;
  return Magnitude(text) < 0 ? 0 : std::numeric_limits<double>::infinity();
}

}  // namespace

NumberShape ShapeOfNumber(std::string_view text) {
  size_t at = !text.empty() && text[0] == '-' ? 1 : 0;
  const size_t whole = at;
  at = SkipDigits(text, at);
  if (at == whole || (text[whole] == '0' && at - whole > 1)) return NumberShape::kNone;
  if (at == text.size()) return NumberShape::kInteger;
  if (text[at] == '.') {
    const size_t fraction = ++at;
    at = SkipDigits(text, at);
    if (at == fraction) return NumberShape::kNone;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    const size_t exponent = at;
    at = SkipDigits(text, at);
    if (at == exponent) return NumberShape::kNone;
  }
  return at == text.size() ? NumberShape::kDecimal : NumberShape::kNone;
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

}  // namespace assent::server
