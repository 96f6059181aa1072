// SPDX-License-Identifier: Apache-2.0
// One connection of the HTTP server: reads requests, keeps their answers in order, writes them.
//
// Contract: after Close the loop has removed it; later answers are dropped by the loop.
// Threads: the loop's.
#pragma once

#include <cstdint>
#include <memory>

#include "server/connection_slots.h"
#include "server/http_message.h"

namespace assent::server {

class HttpLoop;

class HttpConnection {
 public:
  virtual ~HttpConnection() = default;

  virtual void Start(uint64_t id) = 0;
  // The answer to a request; it goes out with the next Flush that finds no earlier one missing.
  virtual void Deliver(uint64_t sequence, HttpResponse response) = 0;
  virtual void Flush() = 0;
  virtual void CheckTime() = 0;  // closes what is too slow or idle for too long
  virtual void BeginStop() = 0;  // closes once the answers that are due have been written
  virtual void Close() = 0;
};

// Takes over `descriptor`, a connected socket, and its slot. Any thread.
std::shared_ptr<HttpConnection> MakeConnection(HttpLoop& loop, int descriptor,
                                               ConnectionSlots::Kind slot);

}  // namespace assent::server
