// SPDX-License-Identifier: Apache-2.0
// Exempts memory from LeakSanitizer: a seeded bug may fail a CHECK, and the memory that is
// allocated at that moment is never freed. That is not a leak of the program.
//
// Contract: while a MayLeak with `may` exists, memory that this thread allocates may leak. Without
// the sanitizer it does nothing. Threads: only the one that created it.
#pragma once

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

namespace assent::test {

class MayLeak {
 public:
  explicit MayLeak(bool may) : may_(may) { Ignore(true); }
  ~MayLeak() { Ignore(false); }
  MayLeak(const MayLeak&) = delete;
  MayLeak& operator=(const MayLeak&) = delete;

 private:
  void Ignore([[maybe_unused]] bool begin) const {
#if defined(__SANITIZE_ADDRESS__)
    if (may_) begin ? __lsan_disable() : __lsan_enable();
#endif
  }
  [[maybe_unused]] const bool may_;
};

}  // namespace assent::test
