// SPDX-License-Identifier: Apache-2.0
#include "xa/port.h"

namespace assent::xa {
namespace {

struct Length {
  size_t operator()(const Decimal& value) const { return value.digits.size(); }
  size_t operator()(const std::string& value) const { return value.size(); }
  size_t operator()(const Bytes& value) const { return value.bytes.size(); }
  template <typename T>
  size_t operator()(const T&) const {
    return 0;
  }
};

}  // namespace

size_t SizeOf(const StatementResult& result) {
  size_t bytes = sizeof result;
  for (const std::string& column : result.columns) bytes += sizeof column + column.size();
  for (const auto& row : result.rows) {
    bytes += sizeof row + row.size() * sizeof(Value);
    for (const Value& value : row) bytes += std::visit(Length(), value);
  }
  return bytes;
}

}  // namespace assent::xa
