// SPDX-License-Identifier: Apache-2.0
#include "base/check.h"

#include <chrono>
#include <cstdlib>

#include "base/log_writer.h"

namespace assent::internal {

CheckFailure::CheckFailure(const char* file, int line, const char* condition) {
  stream_ << file << ":" << line << ": CHECK(" << condition << ") ";
}

CheckFailure::~CheckFailure() {
  constexpr std::chrono::milliseconds kWait(1000);  // for the reader of the log
  FlushLog(kWait);
  (void)WriteToStandardError(stream_.str() + "\n", kWait);
  std::abort();
}

}  // namespace assent::internal
