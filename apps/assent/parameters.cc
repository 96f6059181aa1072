// SPDX-License-Identifier: Apache-2.0
#include "apps/assent/parameters.h"

#include <charconv>

namespace assent::cli {
namespace {

template <typename T>
bool Reads(const std::string& word, T* number) {
  const char* end = word.data() + word.size();
  const auto read = std::from_chars(word.data(), end, *number);
  return read.ec == std::errc() && read.ptr == end;
}

// Digits, at most one point with digits on both sides, no leading zero: exponents are rather text.
bool IsPlainNumber(const std::string& word) {
  const size_t first = word.starts_with('-') ? 1 : 0;
  const size_t whole_end = std::min(word.find('.'), word.size());
  const std::string whole = word.substr(first, whole_end - first);
  const auto digits = [](const std::string& text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  };
  if (!digits(whole) || (whole.size() > 1 && whole[0] == '0')) return false;
  return whole_end == word.size() || digits(word.substr(whole_end + 1));
}

}  // namespace

v1::Value ParseParameter(const std::string& word) {
  v1::Value value;
  int64_t integer = 0;
  uint64_t above = 0;
  if (word == "null") {
    value.mutable_null();
  } else if (word == "true" || word == "false") {
    value.set_boolean(word == "true");
  } else if (word.size() >= 2 && word.front() == '"' && word.back() == '"') {
    value.set_text(word.substr(1, word.size() - 2));
  } else if (!IsPlainNumber(word)) {
    value.set_text(word);
  } else if (Reads(word, &integer)) {
    value.set_integer(integer);
  } else if (Reads(word, &above)) {
    value.set_unsigned_integer(above);
  } else {
    value.set_decimal(word);
  }
  return value;
}

}  // namespace assent::cli
