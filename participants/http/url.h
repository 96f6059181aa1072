// SPDX-License-Identifier: Apache-2.0
// Parses partner URLs, and decides which ones may be called.
//
// Partners are named by clients, so a URL is untrusted input: a URL that is not plainly on an
// allowed host is refused. A dot segment, also an encoded one, is refused because it would leave an
// allowed path.
// Source: RFC 3986; RFC 9110 section 4.2.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace assent::http {

struct Url {
  bool tls = false;
  std::string host;    // lower case; an IPv6 address without its brackets
  uint16_t port = 0;   // never 0
  std::string target;  // path and query, from the first slash on

  std::string Authority() const;  // host, and the port unless it is the scheme's default
  std::string Origin() const;     // scheme, host and port: http://127.0.0.1:9101
  bool operator==(const Url&) const = default;
};

// Errors: kInvalid: malformed, a scheme other than http and https, or credentials. The message
// never contains the URL, which may include a secret.
Result<Url> ParseUrl(std::string_view text);

// Prefixes of URLs. An entry is a URL; its port may be `*` for any. An entry allows a URL if
// scheme, host and port are equal and the URL's path begins with the entry's path, in whole
// segments.
class AllowList {
 public:
  // Errors: kInvalid; names the entry.
  static Result<AllowList> Make(const std::vector<std::string>& prefixes);
  bool Allows(const Url& url) const;

 private:
  struct Entry {
    Url prefix;
    bool any_port = false;
  };
  std::vector<Entry> entries_;
};

// 127.0.0.1, [::1] and localhost, any port.
std::vector<std::string> LoopbackOnly();

}  // namespace assent::http
