// SPDX-License-Identifier: Apache-2.0
// The form in which a column's values are given to the client, by the column's type alone.
//
// BIGINT, DECIMAL and times come as text, smaller integers as int64_t, FLOAT and DOUBLE as double;
// BIT as int64_t up to 32 bits, beyond as the text of its number. Pure.
#pragma once

#include <string_view>

#include "xa/port.h"

namespace assent::mysql {

enum class Form { kInteger, kReal, kText, kBytes, kBits, kBitsAsText };

// As the protocol describes a column: type, character set (63: binary), width in characters or, of
// BIT, in bits.
struct Column {
  int type = 0;
  unsigned charset = 0;
  unsigned long length = 0;
};

Form FormOf(const Column& column);
// `text` is a value, not NULL, as the text protocol carries it.
xa::Value ValueOf(Form form, std::string_view text);

}  // namespace assent::mysql
