// SPDX-License-Identifier: Apache-2.0
// Receives the product's structured log. Some events set markers; an ERROR that no injected fault
// explains is a violation.
//
// Threads: one run at a time per process.
#pragma once

#include <functional>
#include <string>

#include "tests/sim/simulator.h"

namespace assent::sim {

// During its lifetime, log events go to this simulator.
class Listener {
 public:
  Listener(Simulator& sim, std::function<void(const std::string& xid)> on_held);
  ~Listener();
};

}  // namespace assent::sim
