// SPDX-License-Identifier: Apache-2.0
// Hears the product's own structured log: markers come from it, and an ERROR that nothing injected
// explains is a violation.
//
// Threads: one run at a time in a process.
#pragma once

#include <functional>
#include <string>

#include "tests/sim/world.h"

namespace assent::sim {

// While it lives, the log's events go to this world.
class Listener {
 public:
  Listener(Simulator& sim, std::function<void(const std::string& xid)> on_held);
  ~Listener();
};

}  // namespace assent::sim
