// SPDX-License-Identifier: Apache-2.0
// The set of states seen, as bytes, numbered in the order of their insertion.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace assent::model {

class StateSet {
 public:
  // Returns the number of these bytes, and whether they are new.
  std::pair<uint32_t, bool> Insert(std::string_view bytes);
  std::string_view At(uint32_t number) const {
    return std::string_view(arena_).substr(starts_[number], starts_[number + 1] - starts_[number]);
  }
  uint32_t size() const { return static_cast<uint32_t>(starts_.size() - 1); }
  uint64_t bytes() const { return arena_.capacity() + starts_.capacity() * 8 + slots_.size() * 4; }

 private:
  void Grow();

  std::string arena_;
  std::vector<uint64_t> starts_{0};
  std::vector<uint32_t> slots_ = std::vector<uint32_t>(1024, 0);  // number + 1; 0: empty
};

}  // namespace assent::model
