// SPDX-License-Identifier: Apache-2.0
// The interface of the coordinator's process to its modelled adapters.
#pragma once

#include <functional>
#include <string>

#include "base/time.h"
#include "tcc/port.h"
#include "xa/port.h"

namespace assent::sim {

class ProcessPort {
 public:
  virtual ~ProcessPort() = default;
  virtual void BeforeEffect() = 0;  // may throw: a crash between two effects
  virtual void Deliver(xa::Completion completion) = 0;
  virtual void Deliver(tcc::Completion completion) = 0;
  virtual void DeliverHealth(const std::string& resource) = 0;
  virtual uint64_t epoch() const = 0;  // increases with each restart
  // Schedules an event, which is dropped if the process has ended by then.
  virtual void Later(Duration delay, std::function<void()> event) = 0;
};

}  // namespace assent::sim
