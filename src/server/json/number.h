// The grammar of a JSON number (RFC 8259 section 6), without converting it.
#pragma once

#include <string_view>

namespace assent::server {

enum class NumberShape { kNone, kInteger, kDecimal };  // kNone: not a JSON number

NumberShape ShapeOfNumber(std::string_view text);

}  // namespace assent::server
