// SPDX-License-Identifier: Apache-2.0
// A request and a response of HTTP/1.1 as plain values.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace assent::server {

using HttpHeader = std::pair<std::string, std::string>;

struct HttpRequest {
  std::string method;
  std::string target;  // as it came: path and query, percent-encoded
  std::vector<HttpHeader> headers;
  std::string body;
  // All ordinary connections are in use: only what operators need is to be served.
  bool is_reserved = false;

  // The first header of that name, in any case; empty: there is none.
  std::string_view Header(std::string_view name) const;
};

// Content-Length, Date and Connection are the server's to write.
struct HttpResponse {
  int status = 200;
  std::string content_type;  // empty: none
  std::vector<HttpHeader> headers;
  std::string body;
};

}  // namespace assent::server
