// SPDX-License-Identifier: Apache-2.0
#include "tests/model/state_set.h"

#include <functional>

namespace assent::model {

std::pair<uint32_t, bool> StateSet::Insert(std::string_view bytes) {
  if (size() * uint64_t{2} >= slots_.size()) Grow();
  const size_t mask = slots_.size() - 1;
  size_t at = std::hash<std::string_view>{}(bytes)&mask;
  for (; slots_[at] != 0; at = (at + 1) & mask) {
    if (At(slots_[at] - 1) == bytes) return {slots_[at] - 1, false};
  }
  arena_.append(bytes);
  starts_.push_back(arena_.size());
  slots_[at] = size();
  return {size() - 1, true};
}

void StateSet::Grow() {
  std::vector<uint32_t> wider(slots_.size() * 4, 0);
  const size_t mask = wider.size() - 1;
  for (uint32_t number = 0; number < size(); ++number) {
    size_t at = std::hash<std::string_view>{}(At(number)) & mask;
    while (wider[at] != 0) at = (at + 1) & mask;
    wider[at] = number + 1;
  }
  slots_ = std::move(wider);
}

}  // namespace assent::model
