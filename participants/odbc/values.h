// SPDX-License-Identifier: Apache-2.0
// Our values as ODBC parameters, and ODBC columns as our values.
//
// Contract: `statement` is an ODBC statement handle (the vendor's header stays in the .cc). A bound
// parameter points into Parameters, which therefore outlives the execution.
// Errors: see OdbcHandle::Execute.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "participants/odbc/handle.h"

namespace assent::odbc {

class Parameters {
 public:
  // False: `value` has no form that the database could take (text that is not UTF-8 or holds NUL).
  [[nodiscard]] bool Bind(void* statement, uint16_t number, const xa::Value& value);

 private:
  std::deque<std::u16string> texts_;
  std::deque<std::string> bytes_;
  std::deque<int64_t> lengths_;
};

enum class Fetched : uint8_t {
  kAll,
  kTooLarge,
  kInexact,  // a value that the driver cannot pass on as it is: a year beyond 9999
  kError
};

// Reads the current result of an executed statement into `out`; what has gone wrong is in the
// statement's diagnostics.
Fetched FetchResult(void* statement, const Bounds& bounds, ResultSet& out);

}  // namespace assent::odbc
