// SPDX-License-Identifier: Apache-2.0
// The resident memory of a daemon under test, as the system reports it.
//
// A sanitizer delays the release of freed memory and adds its own, so a limit on the resident set
// means nothing in such a build: check kMeasuresOnlyOurMemory first. Threads: any.
#pragma once

#include <fstream>
#include <string>

namespace assent::test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kMeasuresOnlyOurMemory = false;
#else
inline constexpr bool kMeasuresOnlyOurMemory = true;
#endif

// The resident set of a process, in bytes; 0 if it does not exist.
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
