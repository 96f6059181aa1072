// SPDX-License-Identifier: Apache-2.0
// CHECK(condition) << "why": aborts the process on a bug, in release builds too.
//
// Use it for the program's own invariants. Never use it for data from the network, the disk or a
// database: that is input, and errors in it are a Result.
#pragma once

#include <sstream>

namespace assent::internal {

class CheckFailure {
 public:
  CheckFailure(const char* file, int line, const char* condition);
  [[noreturn]] ~CheckFailure();  // prints to standard error and aborts
  std::ostream& stream() { return stream_; }

 private:
  std::ostringstream stream_;
};

struct Voidify {
  void operator&(std::ostream&) const {}
};

}  // namespace assent::internal

#define CHECK(condition)                \
  __builtin_expect(!!(condition), 1)    \
      ? (void)0                         \
      : ::assent::internal::Voidify() & \
            ::assent::internal::CheckFailure(__FILE__, __LINE__, #condition).stream()
