// SPDX-License-Identifier: Apache-2.0
#include "participants/odbc/values.h"

#include <sql.h>
#include <sqlext.h>
#include <sqlucode.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <optional>

#include "base/number.h"
#include "base/utf16.h"

namespace assent::odbc {
namespace {

static_assert(sizeof(SQLWCHAR) == sizeof(char16_t));
static_assert(sizeof(SQLLEN) == sizeof(int64_t));

std::string DoubleText(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  std::array<char, 32> buffer;
  const auto end = std::to_chars(buffer.begin(), buffer.end(), value).ptr;
  return {buffer.begin(), end};
}

// The value as text that the server parses like a quoted literal. Not for NULL and Bytes.
struct AsText {
  std::string operator()(std::monostate) const { return {}; }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(int64_t value) const { return std::to_string(value); }
  std::string operator()(uint64_t value) const { return std::to_string(value); }
  std::string operator()(double value) const { return DoubleText(value); }
  std::string operator()(const xa::Decimal& value) const { return value.digits; }
  std::string operator()(const std::string& value) const { return value; }
  std::string operator()(const xa::Bytes&) const { return {}; }
};

// A whole cell, however long; nullopt: the driver reported an error. `null` is set for SQL NULL.
template <typename Text>
std::optional<Text> ReadCell(SQLHSTMT statement, SQLUSMALLINT column, SQLSMALLINT type,
                             bool& null) {
  using Char = typename Text::value_type;
  const bool terminated = type == SQL_C_WCHAR;
  Text out;
  size_t chunk = 256;
  for (;;) {
    const size_t start = out.size();
    out.resize(start + chunk);
    SQLLEN left = 0;
    const SQLRETURN answer = SQLGetData(statement, column, type, out.data() + start,
                                        static_cast<SQLLEN>(chunk * sizeof(Char)), &left);
    null = SQL_SUCCEEDED(answer) && left == SQL_NULL_DATA;
    if (null || answer == SQL_NO_DATA) {
      out.resize(start);
      return out;
    }
    if (!SQL_SUCCEEDED(answer)) return std::nullopt;
    const size_t room = chunk - (terminated ? 1 : 0);
    const size_t there = left == SQL_NO_TOTAL ? room + 1 : static_cast<size_t>(left) / sizeof(Char);
    out.resize(start + std::min(room, there));
    if (there <= room) return out;
    chunk = left == SQL_NO_TOTAL ? chunk * 4 : there - room + 1;
  }
}

xa::Value FromText(std::string text, SQLSMALLINT type) {
  switch (type) {
    case SQL_SMALLINT:
    case SQL_INTEGER:
    case SQL_TINYINT:
      if (const auto number = ParseNumber<int64_t>(text)) return *number;
      break;
    case SQL_REAL:
    case SQL_FLOAT:
    case SQL_DOUBLE:  // money is a float, too, but its text is not a number and stays text
      if (const auto number = ParseNumber<double>(text)) return *number;
      break;
    case SQL_BIT: return text != "0" && text != "f" && text != "false";
    case SQL_GUID:  // psqlODBC makes them upper case
      for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      break;
    default: break;
  }
  return text;
}

// An integer that does not fit 32 bits stays text, as in a column of the type BIGINT.
xa::Value FromTypedText(std::string text, SQLSMALLINT type, ValueRules rules) {
  if (type == SQL_INTEGER && rules == ValueRules::kTypedWide) return text;
  if (type == SQL_GUID) return text;
  const bool is_bit = text == "0" || text == "1";
  if (type == SQL_BIT && !is_bit) return text;
  xa::Value value = FromText(text, type);
  if (const auto* number = std::get_if<int64_t>(&value)) {
    if (*number < INT32_MIN || *number > INT32_MAX) return text;
  }
  return value;
}

bool IsDate(SQLSMALLINT type) { return type == SQL_TYPE_DATE || type == SQL_TYPE_TIMESTAMP; }

// What psqlODBC reads at the beginning of a date or timestamp: the year, or infinity. The text of
// such a column does not show infinity, and is wrong for years of more than four digits.
struct Year {
  double value = 0;
  SQLLEN length = 0;
};
constexpr double kLastYear = 9999;

std::optional<xa::Value> FromDate(std::string text, const Year& year) {
  if (std::isinf(year.value)) return std::string(year.value > 0 ? "infinity" : "-infinity");
  if (year.value > kLastYear) return std::nullopt;
  return text;
}

bool IsBinary(SQLSMALLINT type) {
  return type == SQL_BINARY || type == SQL_VARBINARY || type == SQL_LONGVARBINARY;
}

struct ColumnType {
  std::string name;
  SQLSMALLINT type = 0;
};

std::optional<ColumnType> Describe(SQLHSTMT statement, SQLUSMALLINT column) {
  std::array<SQLWCHAR, 256> name;
  SQLSMALLINT length = 0, type = 0, digits = 0, nullable = 0;
  SQLULEN size = 0;
  if (!SQL_SUCCEEDED(SQLDescribeColW(statement, column, name.data(), name.size(), &length, &type,
                                     &size, &digits, &nullable))) {
    return std::nullopt;
  }
  const size_t kept = std::min<size_t>(static_cast<size_t>(length), name.size() - 1);
  const std::u16string text(name.begin(), name.begin() + static_cast<ptrdiff_t>(kept));
  return ColumnType{ToUtf8(text), type};
}

// One cell; `bytes` grows by its size.
std::optional<xa::Value> ReadValue(SQLHSTMT statement, SQLUSMALLINT column, SQLSMALLINT type,
                                   ValueRules rules, size_t& bytes) {
  bool null = false;
  if (IsBinary(type)) {
    auto cell = ReadCell<std::string>(statement, column, SQL_C_BINARY, null);
    if (!cell) return std::nullopt;
    if (null) return xa::Value(std::monostate{});
    bytes += cell->size();
    return xa::Value(xa::Bytes{std::move(*cell)});
  }
  const auto cell = ReadCell<std::u16string>(statement, column, SQL_C_WCHAR, null);
  if (!cell) return std::nullopt;
  if (null) return xa::Value(std::monostate{});
  std::string text = ToUtf8(*cell);
  bytes += text.size();
  if (rules != ValueRules::kPostgreSql) return FromTypedText(std::move(text), type, rules);
  return FromText(std::move(text), type);
}

Fetched FetchRows(SQLHSTMT statement, const Bounds& bounds, ValueRules rules,
                  const std::vector<SQLSMALLINT>& types, const std::vector<Year>& years,
                  ResultSet& out) {
  size_t bytes = 0;
  while (!types.empty()) {
    const SQLRETURN answer = SQLFetch(statement);
    if (answer == SQL_NO_DATA) break;
    if (!SQL_SUCCEEDED(answer)) return Fetched::kError;
    if (bounds.max_rows != 0 && out.rows.size() == bounds.max_rows) return Fetched::kTooLarge;
    auto& row = out.rows.emplace_back();
    for (size_t i = 0; i < types.size(); ++i) {
      auto value = ReadValue(statement, static_cast<SQLUSMALLINT>(i + 1), types[i], rules, bytes);
      if (!value) return Fetched::kError;
      if (!years.empty() && IsDate(types[i]) && std::holds_alternative<std::string>(*value)) {
        value = FromDate(std::get<std::string>(std::move(*value)), years[i]);
        if (!value) return Fetched::kInexact;
      }
      row.push_back(std::move(*value));
      if (bounds.max_result_bytes != 0 && bytes > bounds.max_result_bytes) {
        return Fetched::kTooLarge;
      }
    }
  }
  return Fetched::kAll;
}

}  // namespace

bool Parameters::Bind(void* statement, uint16_t number, const xa::Value& value) {
  int64_t& length = lengths_.emplace_back(0);
  if (const auto* binary = std::get_if<xa::Bytes>(&value)) {
    std::string& kept = bytes_.emplace_back(binary->bytes);
    length = static_cast<int64_t>(kept.size());
    return SQL_SUCCEEDED(SQLBindParameter(statement, number, SQL_PARAM_INPUT, SQL_C_BINARY,
                                          SQL_VARBINARY, std::max<SQLULEN>(kept.size(), 1), 0,
                                          kept.data(), length, &length));
  }
  auto wide = ToUtf16(std::visit(AsText{}, value));
  if (!wide) return false;
  std::u16string& kept = texts_.emplace_back(std::move(*wide));
  const int64_t size = static_cast<int64_t>(kept.size() * sizeof(char16_t));
  length = std::holds_alternative<std::monostate>(value) ? SQL_NULL_DATA : size;
  return SQL_SUCCEEDED(SQLBindParameter(statement, number, SQL_PARAM_INPUT, SQL_C_WCHAR,
                                        SQL_WVARCHAR, std::max<SQLULEN>(kept.size(), 1), 0,
                                        kept.data(), size, &length));
}

bool Parameters::BindTyped(void* statement, uint16_t number, const xa::Value& value) {
  int64_t integer = 0;
  if (const auto* given = std::get_if<int64_t>(&value)) {
    integer = *given;
  } else if (const auto* large = std::get_if<uint64_t>(&value)) {
    if (*large > static_cast<uint64_t>(INT64_MAX)) return false;
    integer = static_cast<int64_t>(*large);
  } else if (const auto* truth = std::get_if<bool>(&value)) {
    integer = *truth ? 1 : 0;
  } else if (const auto* real = std::get_if<double>(&value)) {
    if (!std::isfinite(*real)) return false;
    double& kept = doubles_.emplace_back(*real);
    return SQL_SUCCEEDED(SQLBindParameter(statement, number, SQL_PARAM_INPUT, SQL_C_DOUBLE,
                                          SQL_DOUBLE, 0, 0, &kept, 0, nullptr));
  } else {
    return Bind(statement, number, value);
  }
  int64_t& kept = integers_.emplace_back(integer);
  const bool is_bool = std::holds_alternative<bool>(value);
  return SQL_SUCCEEDED(SQLBindParameter(statement, number, SQL_PARAM_INPUT,
                                        is_bool ? SQL_C_BIT : SQL_C_SBIGINT,
                                        is_bool ? SQL_BIT : SQL_BIGINT, 0, 0, &kept, 0, nullptr));
}

Fetched FetchResult(void* statement, const Bounds& bounds, ValueRules rules, ResultSet& out) {
  SQLLEN row_count = -1;
  if (!SQL_SUCCEEDED(SQLRowCount(statement, &row_count))) return Fetched::kError;
  out.row_count = row_count;
  SQLSMALLINT columns = 0;
  if (!SQL_SUCCEEDED(SQLNumResultCols(statement, &columns))) return Fetched::kError;
  std::vector<SQLSMALLINT> types;
  for (SQLSMALLINT i = 1; i <= columns; ++i) {
    auto column = Describe(statement, static_cast<SQLUSMALLINT>(i));
    if (!column) return Fetched::kError;
    out.columns.push_back(std::move(column->name));
    types.push_back(column->type);
  }
  std::vector<Year> years(rules == ValueRules::kPostgreSql ? types.size() : 0);
  for (size_t i = 0; i < years.size(); ++i) {
    if (IsDate(types[i]) &&
        !SQL_SUCCEEDED(SQLBindCol(statement, static_cast<SQLUSMALLINT>(i + 1), SQL_C_DOUBLE,
                                  &years[i].value, sizeof years[i].value, &years[i].length))) {
      return Fetched::kError;
    }
  }
  const Fetched fetched = FetchRows(statement, bounds, rules, types, years, out);
  SQLFreeStmt(statement, SQL_UNBIND);
  return fetched;
}

}  // namespace assent::odbc
