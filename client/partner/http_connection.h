// SPDX-License-Identifier: Apache-2.0
// A connection of a coordinator to a partner's server: reads requests and writes answers.
//
// Contract: keep-alive; requests are read one at a time, and a pipelined request waits. For a
// request that is malformed, too large or too slow, Receive returns the answer to send, and the
// connection must be closed after it.
// Threads: one at a time, and the calls block. StopReading may be called on any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "client/partner/message.h"

namespace assent::partner {

struct HttpLimits {
  size_t max_body_bytes = 1 << 20;
  size_t max_header_bytes = 16 << 10;
  Duration request_timeout = std::chrono::seconds(10);  // from the first byte to the last
  Duration idle_timeout = std::chrono::seconds(75);     // between requests
  Duration write_timeout = std::chrono::seconds(10);
};

struct Received {
  std::optional<Request> request;
  std::optional<Answer> refusal;  // neither is set: the connection has ended
  bool keep_alive = false;
};

class HttpConnection {
 public:
  // Takes ownership of the socket.
  HttpConnection(int descriptor, const HttpLimits& limits);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  Received Receive();
  // Returns false if the answer could not be sent completely.
  bool Send(const Answer& answer, bool keep_alive);
  // Waits until the other side has read the last answer: closing a socket with unread bytes resets
  // the connection, and the answer would be lost.
  void Linger();
  // Makes Receive return without a request; an outstanding answer can still be sent.
  void StopReading();
  // Shuts the connection down. The socket stays open as long as the object exists.
  void End();

 private:
  // Waits for bytes and reads them. Returns false on a timeout, or if the connection has ended
  // (`is_over`).
  bool ReadMore(Monotonic until, bool* is_over);
  bool WaitUntilReady(short events, Monotonic until);

  const int descriptor_;
  const HttpLimits limits_;
  std::string buffer_;  // received bytes that are not parsed yet
};

}  // namespace assent::partner
