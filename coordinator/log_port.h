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
  // Returns the record's LSN. The record is durable once Shard::OnDurable has covered it.
  virtual log::Lsn Append(std::string payload, log::Urgency urgency) = 0;
  // These records are no longer needed.
  virtual void Release(const std::vector<log::Lsn>& lsns) = 0;
  virtual uint64_t FreeBytes() const = 0;
  // Prepares segments until FreeBytes is `bytes`, if possible; OnSpace follows. Obstacle: why it is
  // not possible; empty: it is.
  virtual void Want(uint64_t bytes) = 0;
  virtual std::string Obstacle() const = 0;
};

}  // namespace assent::coordinator
