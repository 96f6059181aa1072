// SPDX-License-Identifier: Apache-2.0
// The maximum number of sockets for the connections to all partners together.
//
// Threads: any.
#pragma once

#include <atomic>
#include <cstddef>

namespace assent::http {

class SocketShare {
 public:
  explicit SocketShare(size_t most) : most_(most) {}
  // False: the maximum is reached. Each successful Take needs one Give.
  bool Take() {
    if (taken_.fetch_add(1) < most_) return true;
    Give();
    return false;
  }
  void Give() { taken_.fetch_sub(1); }
  size_t most() const { return most_; }

 private:
  const size_t most_;
  std::atomic<size_t> taken_{0};
};

}  // namespace assent::http
