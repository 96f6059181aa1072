// SPDX-License-Identifier: Apache-2.0
// The decision log as the coordinator sees it.
//
// Threads: the shard's. Append, Release and Want do not wait for the disk.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "log/decision_log.h"

namespace assent::coordinator {

class LogPort {
 public:
  virtual ~LogPort() = default;
  // The record's LSN. It is durable once Shard::OnDurable has covered that.
  virtual log::Lsn Append(std::string payload, log::Urgency urgency) = 0;
  // These records are not needed any more.
  virtual void Release(const std::vector<log::Lsn>& lsns) = 0;
  virtual uint64_t FreeBytes() const = 0;
  // Makes FreeBytes so much, if that can be; OnSpace follows. Obstacle: why it cannot; empty: it
  // can.
  virtual void Want(uint64_t bytes) = 0;
  virtual std::string Obstacle() const = 0;
};

}  // namespace assent::coordinator
