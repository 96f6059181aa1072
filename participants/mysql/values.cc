// SPDX-License-Identifier: Apache-2.0
#include "participants/mysql/values.h"

#include <mysql.h>

#include <cstdint>
#include <string>

#include "base/number.h"

namespace assent::mysql {
namespace {

constexpr unsigned kBinary = 63;
constexpr unsigned long kBitsOfSmallInteger = 32;

template <typename T>
xa::Value Number(std::string_view text) {
  if (const auto number = ParseNumber<T>(text)) return *number;
  return std::string(text);
}

// BIT arrives as its bytes, most significant first.
uint64_t NumberOfBits(std::string_view bytes) {
  uint64_t number = 0;
  for (const char byte : bytes) number = number << 8 | static_cast<unsigned char>(byte);
  return number;
}

}  // namespace

Form FormOf(const Column& column) {
  switch (column.type) {
    case MYSQL_TYPE_TINY:
    case MYSQL_TYPE_SHORT:
    case MYSQL_TYPE_INT24:
    case MYSQL_TYPE_LONG:
    case MYSQL_TYPE_YEAR: return Form::kInteger;
    case MYSQL_TYPE_FLOAT:
    case MYSQL_TYPE_DOUBLE: return Form::kReal;
    case MYSQL_TYPE_BIT:
      return column.length <= kBitsOfSmallInteger ? Form::kBits : Form::kBitsAsText;
    case MYSQL_TYPE_GEOMETRY: return Form::kBytes;
    case MYSQL_TYPE_STRING:
    case MYSQL_TYPE_VAR_STRING:
    case MYSQL_TYPE_VARCHAR:
    case MYSQL_TYPE_TINY_BLOB:
    case MYSQL_TYPE_MEDIUM_BLOB:
    case MYSQL_TYPE_LONG_BLOB:
    case MYSQL_TYPE_BLOB: return column.charset == kBinary ? Form::kBytes : Form::kText;
    default: return Form::kText;  // BIGINT, DECIMAL, times among them
  }
}

xa::Value ValueOf(Form form, std::string_view text) {
  switch (form) {
    case Form::kInteger: return Number<int64_t>(text);
    case Form::kReal: return Number<double>(text);
    case Form::kBytes: return xa::Bytes{std::string(text)};
    case Form::kBits: return static_cast<int64_t>(NumberOfBits(text));
    case Form::kBitsAsText: return std::to_string(NumberOfBits(text));
    case Form::kText: break;
  }
  return std::string(text);
}

}  // namespace assent::mysql
