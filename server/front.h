// SPDX-License-Identifier: Apache-2.0
// The API over HTTP: the server, the routes and the engine put together.
//
// Contract: `engine` outlives the ApiServer. When ApiServer is destroyed no more requests come; the
// engine may still reply to those that it has, and the answers are dropped.
// Errors: those of HttpServer::Listen.
#pragma once

#include <cstdint>
#include <memory>

#include "base/result.h"
#include "server/http_server.h"

namespace assent::coordinator {
class Front;
}

namespace assent::server {

class ApiServer {
 public:
  virtual ~ApiServer() = default;  // stops
  virtual uint16_t port() const = 0;
  virtual void Stop() = 0;
};

Result<std::unique_ptr<ApiServer>> Serve(HttpOptions options, coordinator::Front& engine);

}  // namespace assent::server
