// SPDX-License-Identifier: Apache-2.0
#include "tests/model/searched.h"

#include "base/event_log.h"
#include "tests/model/setups.h"

namespace assent::model {

const std::vector<std::pair<Setup, Result>>& Searched() {
  static const auto* results = [] {
    SetLogLevel(Level::kError);
    auto* made = new std::vector<std::pair<Setup, Result>>;
    for (const Setup& setup : Setups()) {
      if (setup.full_only) continue;
      made->emplace_back(setup, Explore(setup, SeededBug::kNone, {}));
      Print(setup, made->back().second);
    }
    return made;
  }();
  return *results;
}

}  // namespace assent::model
