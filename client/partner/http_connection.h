// SPDX-License-Identifier: Apache-2.0
// One connection of a coordinator to a partner's server: requests come out, answers go in.
//
// Contract: keep-alive; one request at a time, a pipelined one waits. What is no HTTP, too large or
// too slow comes as the answer that it gets, and the connection ends with it.
// Threads: one at a time, which blocks; StopReading by any, as long as the object lives.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "client/partner/message.h"

namespace assent::partner {

struct HttpLimits {
  size_t max_body_bytes = 1 << 20;
  size_t max_header_bytes = 16 << 10;
  Duration request_timeout = std::chrono::seconds(10);  // from its first byte to its last
  Duration idle_timeout = std::chrono::seconds(75);     // between requests
  Duration write_timeout = std::chrono::seconds(10);
};

struct Received {
  std::optional<Request> request;
  std::optional<Answer> refusal;  // neither: the other side has ended the connection
  bool keep_alive = false;
};

class HttpConnection {
 public:
  // Owns the socket.
  HttpConnection(int descriptor, const HttpLimits& limits);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  Received Receive();
  // False: it could not be sent whole.
  bool Send(const Answer& answer, bool keep_alive);
  // Lets the other side read the last answer: a close with unread bytes would take it away.
  void Linger();
  // Receive gives nothing more; an answer that is due can still be sent.
  void StopReading();
  // Tells the other side that nothing more comes. The socket itself lives as long as the object.
  void End();

 private:
  // Waits and takes what comes. False: nothing in time, or (`is_over`) the connection has ended.
  bool ReadMore(Monotonic until, bool* is_over);
  bool WaitUntilReady(short events, Monotonic until);

  const int descriptor_;
  const HttpLimits limits_;
  std::string buffer_;  // what has come and belongs to no request yet
};

}  // namespace assent::partner
