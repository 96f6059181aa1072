// SPDX-License-Identifier: Apache-2.0
// Turns the bytes of one connection into requests of HTTP/1.1, on Boost.Beast's parser.
//
// Contract: the caller reads from its socket into Prepare, tells the size to Commit, and calls Next
// while has_bytes. After kRefused the reader must not be asked again.
// Errors: kRefused, for what is not HTTP/1.1, ambiguous (framing.h) or larger than the options
// allow; `refusal` is the answer to give before the connection is closed. Threads: one.
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

// A request as it came, and what it says of its answer.
struct ReadRequest {
  HttpRequest request;
  bool keep_alive = true;
  bool says_keep_alive = false;  // the client closes unless the answer says that it need not
  bool is_head = false;          // the answer has no body
};

class RequestReader {
 public:
  enum class Step { kMore, kRequest, kRefused };

  explicit RequestReader(RequestLimits limits);
  ~RequestReader();

  // Where the socket may read to; valid until the next call of the reader.
  std::span<char> Prepare();
  void Commit(size_t bytes);
  bool has_bytes() const;

  // Parses as far as the bytes go, at most to the end of one request.
  Step Next();
  ReadRequest Take();      // after kRequest, once
  HttpResponse refusal();  // after kRefused, once

  // A request has begun and is not complete.
  bool has_begun() const;
  bool in_body() const;
  // The client waits for "100 Continue" before it sends the body of the request that has begun.
  bool wants_continue() const;
  void ContinueSent();

  // Forgets the bytes that have not been parsed.
  void DropBytes();
  // Forgets the request that has begun.
  void DropRequest();

 private:
  struct Parser;
  const RequestLimits limits_;
  std::unique_ptr<Parser> parser_;
};

}  // namespace assent::server
