// SPDX-License-Identifier: Apache-2.0
// The port through which randomness is had: coordinator ids, nonces, jitter.
//
// Threads: SystemRandom may be called from any thread. The protocol core owns none.
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
