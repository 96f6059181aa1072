// SPDX-License-Identifier: Apache-2.0
// The grammar of a JSON number (RFC 8259 section 6), without converting it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace assent::server {

enum class NumberShape { kNone, kInteger, kDecimal };  // kNone: not a JSON number

NumberShape ShapeOfNumber(std::string_view text);

// Whether readers that convert would lose it: an integer that fits neither a signed nor an unsigned
// 64-bit integer, or a decimal past the range of a double. Says what was expected; nothing where it
// is in range, or not a JSON number.
std::optional<std::string> OutOfRange(std::string_view number);

// A decimal that is past the range of every 64-bit integer: 1e400, -1.5e30.
bool IsBeyondIntegers(std::string_view number);

}  // namespace assent::server
