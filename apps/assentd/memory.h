// SPDX-License-Identifier: Apache-2.0
// Returns unused memory of the allocator to the operating system, once a second.
//
// The allocator keeps the memory that a peak of requests has freed for the next peak. That is right
// for milliseconds and wrong for hours, so half of the excess is returned each second.
// Threads: runs a thread of its own from the constructor to the destructor.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

namespace assent::daemon {

class FreeMemoryReturner {
 public:
  FreeMemoryReturner();
  ~FreeMemoryReturner();
  FreeMemoryReturner(const FreeMemoryReturner&) = delete;
  FreeMemoryReturner& operator=(const FreeMemoryReturner&) = delete;

 private:
  void Run();

  std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace assent::daemon
