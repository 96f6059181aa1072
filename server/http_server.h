// SPDX-License-Identifier: Apache-2.0
// An HTTP/1.1 server: requests go to a handler, answers come back from any thread.
//
// Contract: keep-alive and pipelining; the answers of a connection go out in the order of its
// requests, whatever order they are ready in. What is not valid HTTP, too large or too slow is
// answered here (400, 413, 431, 408) with a problem document and the connection is closed. The
// handler must call `Respond` exactly once for each request; when the connection is gone, or the
// server stopped, the answer is dropped.
// Past `max_connections` a connection gets one of the reserved slots: one request, which the
// handler may refuse. Past those too it is answered 503.
// A client that has closed its sending side still gets the answers that are due, but no longer
// counts as a connection; at most `max_half_closed` such clients are served, others are closed.
// A request is not read before the answers ahead of it have left, all but 1 MiB (output_bound.h).
// Errors: Listen gives kInUse where another process has the port (the message names address and
// port), kInvalid for an address that is none, kUnavailable for one that is not this machine's.
// Threads: the handler is called on the server's threads and must not block. Respond may be called
// on any thread; it queues the answer and wakes the server's thread once for all that are queued.
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
  Duration header_timeout = std::chrono::seconds(10);   // from its first byte to its last
  Duration body_timeout = std::chrono::seconds(30);     // likewise, the whole request
  Duration reserved_timeout = std::chrono::seconds(2);  // the request on a reserved connection
  Duration idle_timeout = std::chrono::seconds(75);     // between requests
  Duration write_timeout = std::chrono::seconds(30);    // of a client that does not read
  Duration drain_timeout = std::chrono::seconds(1);     // how long Stop waits for open answers
};

// How many sockets of clients may be open at once.
inline int MostConnections(const HttpOptions& options) {
  return options.max_connections + options.reserved_connections + options.max_half_closed;
}

using Render = std::function<HttpResponse()>;
using Respond = std::function<void(Render)>;

// What the server needs to know of a request that the handler has taken.
struct Taken {
  AnswerSize size = AnswerSize::kSmall;
  // Called at most once, on the server's thread, when the client closes its sending side before the
  // answer has come: an answer that merely waits may come now. Empty: nothing to do.
  std::function<void()> on_hang_up = {};
};
using Handler = std::function<Taken(HttpRequest, Respond)>;

class HttpServer {
 public:
  static Result<std::unique_ptr<HttpServer>> Listen(HttpOptions options, Handler handler);

  virtual ~HttpServer() = default;  // stops
  virtual uint16_t port() const = 0;
  // Takes no more connections and requests, waits for the answers that are due, closes. Idempotent.
  virtual void Stop() = 0;
};

}  // namespace assent::server
