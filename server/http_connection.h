// SPDX-License-Identifier: Apache-2.0
// One connection of the HTTP server: reads requests, and writes the answers in their order.
//
// Contract: Close removes the connection from its loop, which drops later answers to it.
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
  // Stores the answer to a request. Flush writes it once all earlier answers are there.
  virtual void Deliver(uint64_t sequence, HttpResponse response) = 0;
  virtual void Flush() = 0;
  virtual void CheckTime() = 0;  // closes the connection if a timeout has passed
  virtual void BeginStop() = 0;  // closes it once the outstanding answers have been written
  virtual void Close() = 0;
};

// Makes a connection that owns `descriptor`, a connected socket, and its slot. Threads: any.
std::shared_ptr<HttpConnection> MakeConnection(HttpLoop& loop, int descriptor,
                                               ConnectionSlots::Kind slot);

}  // namespace assent::server
