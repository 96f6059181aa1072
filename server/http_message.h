// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1 requests and responses as plain values.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace assent::server {

using HttpHeader = std::pair<std::string, std::string>;

struct HttpRequest {
  std::string method;
  std::string target;  // path and query, still percent-encoded
  std::vector<HttpHeader> headers;
  std::string body;
  // All ordinary connections are in use: only requests that operators need may be served.
  bool is_reserved = false;

  // Returns the value of the first header with this name, ignoring case; empty if there is none.
  std::string_view Header(std::string_view name) const;
};

// The server adds Content-Length, Date and Connection.
struct HttpResponse {
  int status = 200;
  std::string content_type;  // empty: no Content-Type
  std::vector<HttpHeader> headers;
  std::string body;
};

}  // namespace assent::server
