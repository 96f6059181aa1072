// SPDX-License-Identifier: Apache-2.0
#include "apps/assentd/memory.h"

#include <malloc.h>

#include <chrono>
#include <cstddef>

// Functions of gperftools, if assentd is linked with it; declared here so that its header is not
// needed.
extern "C" {
__attribute__((weak)) int MallocExtension_GetNumericProperty(const char* property, size_t* value);
__attribute__((weak)) void MallocExtension_ReleaseToSystem(size_t bytes);
}

namespace assent::daemon {
namespace {

constexpr size_t kKeepBytes = 16 << 20;  // kept for the next requests

void ReturnSome() {
  if (MallocExtension_GetNumericProperty == nullptr || MallocExtension_ReleaseToSystem == nullptr) {
    malloc_trim(kKeepBytes);
    return;
  }
  size_t free_bytes = 0;
  if (MallocExtension_GetNumericProperty("tcmalloc.pageheap_free_bytes", &free_bytes) == 0) return;
  if (free_bytes > kKeepBytes) MallocExtension_ReleaseToSystem((free_bytes - kKeepBytes + 1) / 2);
}

}  // namespace

FreeMemoryReturner::FreeMemoryReturner() : thread_([this] { Run(); }) {}

FreeMemoryReturner::~FreeMemoryReturner() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_one();
  thread_.join();
}

void FreeMemoryReturner::Run() {
  std::unique_lock lock(mutex_);
  while (!stop_.wait_for(lock, std::chrono::seconds(1), [&] { return stopping_; })) ReturnSome();
}

}  // namespace assent::daemon
