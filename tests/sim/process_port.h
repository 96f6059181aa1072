// SPDX-License-Identifier: Apache-2.0
// What the modelled adapters need of the coordinator's process that they are part of.
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
  virtual uint64_t epoch() const = 0;  // another one after each restart
  // As an event, if this process is still there then.
  virtual void Later(Duration delay, std::function<void()> event) = 0;
};

}  // namespace assent::sim
