// SPDX-License-Identifier: Apache-2.0
// Partner URLs: how one is read, and which ones may be called.
//
// Partners are named by clients, so a URL is input: what is not plainly a place on an allowed host
// is refused. A dot segment, an encoded one too, is refused because it would walk out of an allowed
// path. Source: RFC 3986; RFC 9110 section 4.2.
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

  std::string Authority() const;  // host, and the port unless it is the scheme's own
  std::string Origin() const;     // scheme, host and port: http://127.0.0.1:9101
  bool operator==(const Url&) const = default;
};

// Errors: kInvalid: malformed, another scheme than http and https, or credentials in it. The
// message never holds the URL, in which a secret may stand.
Result<Url> ParseUrl(std::string_view text);

// Prefixes of URLs. An entry is a URL; its port may be `*`: any. A URL is allowed where scheme,
// host and port are those of an entry, and its path begins with the entry's, whole segments at a
// time.
class AllowList {
 public:
  // Errors: kInvalid, names the entry.
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
