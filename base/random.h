// SPDX-License-Identifier: Apache-2.0
// The interface to a source of random numbers, for coordinator ids, nonces and jitter.
//
// Threads: any thread may use SystemRandom. The protocol core uses no random numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace assent {

class Random {
 public:
  virtual ~Random() = default;
  virtual uint64_t Next() = 0;  // uniform over 64 bits

  std::string Bytes(size_t count);
  uint64_t Below(uint64_t bound);  // uniform over [0, bound); bound > 0
};

// getrandom(2). Never destroyed.
Random& SystemRandom();

}  // namespace assent
