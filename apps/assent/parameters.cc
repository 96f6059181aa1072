// SPDX-License-Identifier: Apache-2.0
#include "apps/assent/parameters.h"

#include "base/number.h"

namespace assent::cli {
namespace {

// A JSON number without an exponent. A word such as 1e5 is more likely meant as text.
bool IsPlainNumber(std::string_view word) {
  return ShapeOfNumber(word) != NumberShape::kNone &&
         word.find_first_of("eE") == std::string_view::npos;
}

}  // namespace

v1::Value ParseParameter(const std::string& word) {
  v1::Value value;
  if (word == "null") {
    value.mutable_null();
  } else if (word == "true" || word == "false") {
    value.set_boolean(word == "true");
  } else if (word.size() >= 2 && word.front() == '"' && word.back() == '"') {
    value.set_text(word.substr(1, word.size() - 2));
  } else if (!IsPlainNumber(word)) {
    value.set_text(word);
  } else if (const auto integer = ParseNumber<int64_t>(word)) {
    value.set_integer(*integer);
  } else if (const auto above = ParseNumber<uint64_t>(word)) {
    value.set_unsigned_integer(*above);
  } else {
    value.set_decimal(word);
  }
  return value;
}

}  // namespace assent::cli
