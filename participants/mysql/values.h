// SPDX-License-Identifier: Apache-2.0
// The form in which a column's values go to the client, by the column's type alone.
//
// BIGINT, DECIMAL and times are text, smaller integers int64_t, FLOAT and DOUBLE double. BIT is
// int64_t up to 32 bits, and beyond that its number as text. Pure.
#pragma once

#include <string_view>

#include "xa/port.h"

namespace assent::mysql {

enum class Form { kInteger, kReal, kText, kBytes, kBits, kBitsAsText };

// A column as the protocol describes it: type, character set (63: binary), width in characters or,
// for BIT, in bits.
struct Column {
  int type = 0;
  unsigned charset = 0;
  unsigned long length = 0;
};

Form FormOf(const Column& column);
// `text` is a value in the text protocol, not NULL.
xa::Value ValueOf(Form form, std::string_view text);

}  // namespace assent::mysql
