// SPDX-License-Identifier: Apache-2.0
#include "base/random.h"

#include <sys/random.h>

#include "base/check.h"

namespace assent {
namespace {

__extension__ using Wide = unsigned __int128;

class MachineRandom final : public Random {
 public:
  uint64_t Next() override {
    uint64_t value = 0;
    CHECK(getrandom(&value, sizeof value, 0) == static_cast<ssize_t>(sizeof value));
    return value;
  }
};

}  // namespace

std::string Random::Bytes(size_t count) {
  std::string bytes;
  bytes.reserve(count + 8);
  while (bytes.size() < count) {
    uint64_t value = Next();
    bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  bytes.resize(count);
  return bytes;
}

uint64_t Random::Below(uint64_t bound) {
  CHECK(bound > 0);
  return static_cast<uint64_t>((static_cast<Wide>(Next()) * bound) >> 64);
}

Random& SystemRandom() {
  static MachineRandom random;
  return random;
}

}  // namespace assent
