// SPDX-License-Identifier: Apache-2.0
// Serves the API over HTTP: connects the HTTP server, the routes and the engine.
//
// Contract: `engine` must outlive the ApiServer. After the ApiServer is destroyed, the engine gets
// no more requests; its replies to earlier ones are dropped.
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
