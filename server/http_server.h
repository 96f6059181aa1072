// SPDX-License-Identifier: Apache-2.0
// An HTTP/1.1 server. It passes requests to a handler, which may answer them from any thread.
//
// Contract: connections are kept alive and may be pipelined. The answers of a connection are sent
// in the order of its requests, whatever the order in which they become ready. A request that is
// malformed, too large or too slow gets a problem document (400, 413, 431, 408), and the connection
// is closed. The handler must call `Respond` exactly once for each request; if the connection is
// closed or the server stopped, the answer is dropped.
// A connection beyond `max_connections` gets a reserved slot: it may send one request, which the
// handler may refuse. A connection beyond those too is answered 503.
// A client that has closed its sending side still gets its outstanding answers, but no longer
// counts as a connection. At most `max_half_closed` such clients are served; others are closed.
// A request is not read until at most 1 MiB of the earlier answers is unread (output_bound.h).
// Errors: Listen returns kInUse if the port is in use (the message names address and port),
// kInvalid if `address` is not an IP address, kUnavailable if it is not an address of this machine,
// and kDenied if the process may not use the port.
// Threads: the handler is called on the server's threads and must not block. Respond may be called
// on any thread; it queues the answer and wakes the server's thread once for all queued answers.
// Render is called on the server's thread, just before the answer is written. Stop must not be
// called on the server's threads.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "server/http_message.h"
#include "server/output_bound.h"

namespace assent::server {

struct HttpOptions {
  std::string address = "127.0.0.1";  // an IP address, not a name
  uint16_t port = 7430;               // 0: any free one
  int threads = 1;
  int max_connections = 4096;
  int reserved_connections = 32;
  int max_half_closed = 256;
  size_t max_body_bytes = 1 << 20;
  size_t max_header_bytes = 16 << 10;
  Duration header_timeout = std::chrono::seconds(10);   // from the first byte to the last
  Duration body_timeout = std::chrono::seconds(30);     // likewise, for the whole request
  Duration reserved_timeout = std::chrono::seconds(2);  // for a request in a reserved slot
  Duration idle_timeout = std::chrono::seconds(75);     // between requests
  Duration write_timeout = std::chrono::seconds(30);    // for a client that does not read
  Duration drain_timeout = std::chrono::seconds(1);     // how long Stop waits for answers
};

// The maximum number of open client sockets.
inline int MaxConnections(const HttpOptions& options) {
  return options.max_connections + options.reserved_connections + options.max_half_closed;
}

using Render = std::function<HttpResponse()>;
using Respond = std::function<void(Render)>;

// What a handler tells the server about a request.
struct Taken {
  AnswerSize size = AnswerSize::kSmall;
  // Called at most once, on the server's thread, if the client closes its sending side before the
  // answer is ready: an answer that is only waiting for a change may be given now. May be empty.
  std::function<void()> on_hang_up = {};
};
using Handler = std::function<Taken(HttpRequest, Respond)>;

class HttpServer {
 public:
  static Result<std::unique_ptr<HttpServer>> Listen(HttpOptions options, Handler handler);

  virtual ~HttpServer() = default;  // stops
  virtual uint16_t port() const = 0;
  // Accepts no more connections and requests, waits for the outstanding answers (at most
  // drain_timeout), and closes all connections. Idempotent.
  virtual void Stop() = 0;
};

}  // namespace assent::server
