// SPDX-License-Identifier: Apache-2.0
// The memory of a daemon under test, as the system counts it.
//
// A sanitizer keeps freed memory back and adds its own, so a bound on the resident set means
// nothing under one: look at kCountsOurMemory first. Threads: any.
#pragma once

#include <fstream>
#include <string>

namespace assent::test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kCountsOurMemory = false;
#else
inline constexpr bool kCountsOurMemory = true;
#endif

// The resident set of a process, in bytes; 0 where it is not there.
inline size_t ResidentBytes(int pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  std::string word;
  size_t kib = 0;
  while (status >> word && word != "VmRSS:") {
  }
  status >> kib;
  return kib << 10;
}

}  // namespace assent::test
