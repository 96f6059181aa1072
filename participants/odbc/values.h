// SPDX-License-Identifier: Apache-2.0
// Converts our values to ODBC parameters, and ODBC columns to our values.
//
// Contract: `statement` is an ODBC statement handle (the vendor's header stays in the .cc). A bound
// parameter points into Parameters, which must therefore outlive the execution.
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
  // False: the database cannot take `value` (text that is not UTF-8 or contains NUL).
  [[nodiscard]] bool Bind(void* statement, uint16_t number, const xa::Value& value);
  // With its own ODBC type, for a driver or server that infers none. False also for a NaN, an
  // infinity, and an integer beyond 64 bits with sign.
  [[nodiscard]] bool BindTyped(void* statement, uint16_t number, const xa::Value& value);

 private:
  std::deque<std::u16string> texts_;
  std::deque<std::string> bytes_;
  std::deque<int64_t> lengths_;
  std::deque<int64_t> integers_;
  std::deque<double> doubles_;
};

enum class Fetched : uint8_t {
  kAll,
  kTooLarge,
  kInexact,  // a value that the driver cannot return exactly: a year after 9999
  kError
};

// Reads the current result of an executed statement into `out`. On kError, see the statement's
// diagnostics.
Fetched FetchResult(void* statement, const Bounds& bounds, ValueRules rules, ResultSet& out);

}  // namespace assent::odbc
