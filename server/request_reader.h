// SPDX-License-Identifier: Apache-2.0
// Parses the bytes of one connection into HTTP/1.1 requests, with the parser of Boost.Beast.
//
// Contract: the caller reads from its socket into Prepare(), passes the number of bytes to Commit,
// and calls Next while has_bytes. After kRefused the reader must not be used again.
// Errors: kRefused, if a request is malformed, ambiguous (framing.h) or larger than the limits;
// `refusal` is the answer to send before the connection is closed.
// Threads: one.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "server/http_message.h"

namespace assent::server {

struct RequestLimits {
  size_t max_header_bytes = 0;
  size_t max_body_bytes = 0;
};

// A request, and what it requires of its answer.
struct ReadRequest {
  HttpRequest request;
  bool keep_alive = true;
  bool says_keep_alive = false;  // HTTP/1.0: the answer must have Connection: keep-alive
  bool is_head = false;          // the answer has no body
};

class RequestReader {
 public:
  enum class Step { kMore, kRequest, kRefused };

  explicit RequestReader(RequestLimits limits);
  ~RequestReader();

  // Returns a buffer for the socket to read into; valid until the next call of the reader.
  std::span<char> Prepare();
  void Commit(size_t bytes);
  bool has_bytes() const;

  // Parses the available bytes, at most to the end of one request.
  Step Next();
  ReadRequest Take();      // after kRequest, once
  HttpResponse refusal();  // after kRefused, once

  // Whether a request has begun and is not complete.
  bool has_begun() const;
  bool in_body() const;
  // Whether the client waits for "100 Continue" before it sends the body of the current request.
  bool wants_continue() const;
  void ContinueSent();

  // Discards the bytes that have not been parsed.
  void DropBytes();
  // Discards the request that has begun.
  void DropRequest();

 private:
  struct Parser;
  const RequestLimits limits_;
  std::unique_ptr<Parser> parser_;
};

}  // namespace assent::server
