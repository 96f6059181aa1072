#include "participants/mysql/literals.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/bytes.h"

namespace assent::mysql {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// [+-]digits[.digits][e[+-]digits], with a digit in front of or behind the point.
bool IsNumber(const std::string& text) {
  size_t at = 0;
  const auto digits = [&] {
    const size_t from = at;
    while (at < text.size() && IsDigit(text[at])) ++at;
    return at - from;
  };
  const auto sign = [&] {
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
  };
  sign();
  size_t count = digits();
  if (at < text.size() && text[at] == '.') {
    ++at;
    count += digits();
  }
  if (count == 0) return false;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    sign();
    if (digits() == 0) return false;
  }
  return at == text.size();
}

std::string StringLiteral(const std::string& text) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return c != '\\' && byte != 127 && (byte >= 32 || c == '\n' || c == '\t' || c == '\r');
  });
  // Under EMPTY_STRING_IS_NULL '' is NULL, and this is not.
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
    if (!std::isfinite(value)) return Error{ErrorCode::kInvalid, "a number that is not finite"};
    char text[40];
    const auto done = std::to_chars(text, text + sizeof text, value, std::chars_format::scientific);
    return std::string(text, done.ptr);
  }
  Result<std::string> operator()(const xa::Decimal& value) const {
    if (!IsNumber(value.digits)) return Error{ErrorCode::kInvalid, "a number that is none"};
    return value.digits;
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
