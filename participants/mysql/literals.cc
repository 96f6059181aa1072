// SPDX-License-Identifier: Apache-2.0
#include "participants/mysql/literals.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "base/bytes.h"
#include "base/number.h"

namespace assent::mysql {
namespace {

// A literal with an exponent is a DOUBLE and keeps about 17 digits. Without an exponent it is a
// DECIMAL and keeps all digits that fit in the server's type.
Result<std::string> NumberLiteral(const std::string& text) {
  constexpr size_t kMostDigits = 65, kMostInFraction = 38, kMostOfDouble = 17;
  constexpr int kFarthest = 100;
  const size_t mark = text.find_first_of("eE");
  if (mark == std::string::npos) return text;
  const bool negative = text[0] == '-';
  const size_t first = negative || text[0] == '+' ? 1 : 0;
  std::string digits = text.substr(first, mark - first);
  const size_t point = std::min(digits.find('.'), digits.size());
  if (point < digits.size()) digits.erase(point, 1);
  const size_t last = digits.find_last_not_of('0');
  if (last == std::string::npos) return std::string("0");
  digits.resize(last + 1);
  const size_t leading = digits.find_first_not_of('0');
  digits.erase(0, leading);

  const char* const exponent = text.data() + mark + (text[mark + 1] == '+' ? 2 : 1);
  int shift = kFarthest + 1;
  (void)std::from_chars(exponent, text.data() + text.size(), shift);
  const auto whole = static_cast<int64_t>(point) - static_cast<int64_t>(leading) + shift;
  if (whole >= -kFarthest && whole <= kFarthest && std::abs(shift) <= kFarthest) {
    const auto size = static_cast<int64_t>(digits.size());
    if (whole <= 0) {
      digits.insert(0, "0." + std::string(static_cast<size_t>(-whole), '0'));
    } else if (whole >= size) {
      digits.append(static_cast<size_t>(whole - size), '0');
    } else {
      digits.insert(static_cast<size_t>(whole), ".");
    }
    const int64_t fraction = std::max<int64_t>(size - whole, 0);
    const int64_t all = std::max<int64_t>(whole, 0) + fraction;
    if (all <= int64_t{kMostDigits} && fraction <= int64_t{kMostInFraction}) {
      return (negative ? "-" : "") + digits;
    }
    if (size <= int64_t{kMostOfDouble}) return text;
  } else if (digits.size() <= kMostOfDouble) {
    return text;
  }
  return Error{ErrorCode::kInvalid, "the number has more digits than the server keeps"};
}

std::string StringLiteral(const std::string& text) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return c != '\\' && byte != 127 && (byte >= 32 || c == '\n' || c == '\t' || c == '\r');
  });
  // Under EMPTY_STRING_IS_NULL '' is NULL; this literal is not.
  if (!plain || text.empty()) return "_utf8mb4 X'" + ToHex(text) + "'";
  std::string literal = "'";
  for (const char c : text) {
    if (c == '\'') literal += c;
    literal += c;
  }
  return literal + "'";
}

struct ToLiteral {
  Result<std::string> operator()(std::monostate) const { return std::string("NULL"); }
  Result<std::string> operator()(bool value) const { return std::string(value ? "TRUE" : "FALSE"); }
  Result<std::string> operator()(int64_t value) const { return std::to_string(value); }
  Result<std::string> operator()(uint64_t value) const { return std::to_string(value); }
  Result<std::string> operator()(double value) const {
    if (!std::isfinite(value)) return Error{ErrorCode::kInvalid, "the number is not finite"};
    char text[40];
    const auto done = std::to_chars(text, text + sizeof text, value, std::chars_format::scientific);
    return std::string(text, done.ptr);
  }
  Result<std::string> operator()(const xa::Decimal& value) const {
    if (!SplitNumber(value.digits)) return Error{ErrorCode::kInvalid, "not a valid number"};
    return NumberLiteral(value.digits);
  }
  Result<std::string> operator()(const std::string& value) const { return StringLiteral(value); }
  Result<std::string> operator()(const xa::Bytes& value) const {
    return "_binary X'" + ToHex(value.bytes) + "'";
  }
};

}  // namespace

Result<std::string> Literal(const xa::Value& value) { return std::visit(ToLiteral{}, value); }

Result<std::string> Substitute(const std::string& sql, const sql::ScannedStatement& statement,
                               const std::vector<xa::Value>& parameters) {
  if (statement.markers.size() != parameters.size()) {
    return Error{ErrorCode::kInvalid,
                 sql::ExplainCount(statement.markers.size(), parameters.size())};
  }
  std::string text;
  text.reserve(statement.end + 24 * parameters.size());
  size_t from = 0;
  for (size_t i = 0; i < parameters.size(); ++i) {
    Result<std::string> literal = Literal(parameters[i]);
    if (!literal) {
      return Error{ErrorCode::kInvalid,
                   "parameter " + std::to_string(i) + ": " + literal.error().message};
    }
    text.append(sql, from, statement.markers[i] - from);
    text += ' ';
    text += *literal;
    text += ' ';
    from = statement.markers[i] + 1;
  }
  text.append(sql, from, statement.end - from);
  return text;
}

}  // namespace assent::mysql
