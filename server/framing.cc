// SPDX-License-Identifier: Apache-2.0
#include "server/framing.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "server/http_text.h"

namespace assent::server {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool IsSame(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return Lower(x) == Lower(y); });
}

size_t Count(const HttpRequest& header, std::string_view name) {
  return static_cast<size_t>(
      std::count_if(header.headers.begin(), header.headers.end(),
                    [&](const HttpHeader& one) { return IsSame(one.first, name); }));
}

HttpResponse Malformed(std::string_view detail) {
  return ProblemOf(400, "malformed-request", "Malformed request", detail);
}

bool IsAlphanumeric(char c) {
  return (Lower(c) >= 'a' && Lower(c) <= 'z') || (c >= '0' && c <= '9');
}

// Returns whether `text` is a host with or without a port: no user information, path or list.
bool IsAuthority(std::string_view text) {
  constexpr std::string_view kOther = "-._~%!$&'()*+;=";
  size_t at = 0;
  if (text.starts_with('[')) {
    at = text.find(']');
    if (at == std::string_view::npos) return false;
    const std::string_view address = text.substr(1, at - 1);
    if (address.find_first_not_of("0123456789abcdefABCDEF:.") != address.npos) return false;
    ++at;
  } else {
    while (at < text.size() && text[at] != ':') {
      if (!IsAlphanumeric(text[at]) && kOther.find(text[at]) == kOther.npos) return false;
      ++at;
    }
  }
  if (at == text.size()) return true;
  return text[at] == ':' && text.find_first_not_of("0123456789", at + 1) == text.npos;
}

std::optional<HttpResponse> RefuseLength(const HttpRequest& header, bool is_http_1_0) {
  const size_t encodings = Count(header, "Transfer-Encoding");
  const size_t lengths = Count(header, "Content-Length");
  if (lengths > 1) return Malformed("duplicate Content-Length");
  const std::string_view length = header.Header("Content-Length");
  if (lengths > 0 && (length.empty() || length.find_first_not_of("0123456789") != length.npos)) {
    return Malformed("Content-Length is not a number");
  }
  if (encodings > 0) {
    if (lengths > 0) return Malformed("both Transfer-Encoding and Content-Length");
    if (is_http_1_0) return Malformed("Transfer-Encoding in an HTTP/1.0 request");
    if (encodings > 1 || !IsSame(header.Header("Transfer-Encoding"), "chunked")) {
      return ProblemOf(501, "unsupported-transfer-encoding", "Unsupported transfer encoding",
                       "the only supported Transfer-Encoding is chunked");
    }
    return std::nullopt;
  }
  const bool takes_body =
      header.method == "POST" || header.method == "PUT" || header.method == "PATCH";
  const bool announces_body =
      is_http_1_0 || Count(header, "Content-Type") > 0 || Count(header, "Expect") > 0;
  if (takes_body && announces_body && lengths == 0) {
    return ProblemOf(411, "length-required", "Length required",
                     "a body needs Content-Length or Transfer-Encoding: chunked");
  }
  return std::nullopt;
}

}  // namespace

std::optional<HttpResponse> RefuseFraming(const HttpRequest& header, bool is_http_1_0) {
  if (auto refused = RefuseLength(header, is_http_1_0)) return refused;
  const size_t hosts = Count(header, "Host");
  if (hosts > 1) return Malformed("duplicate Host");
  if (hosts == 0 && !is_http_1_0) return Malformed("Host is missing");
  if (!IsAuthority(header.Header("Host"))) return Malformed("Host is not a valid host and port");
  if (Count(header, "Origin") > 1) return Malformed("duplicate Origin");
  if (Count(header, "Content-Encoding") > 0) {
    return ProblemOf(415, "unsupported-media-type", "Unsupported media type",
                     "Content-Encoding is not supported: send the body unencoded");
  }
  return std::nullopt;
}

std::optional<HttpResponse> ToOriginForm(HttpRequest* request) {
  const std::string_view target = request->target;
  const size_t scheme = target.find("://");
  if (target.starts_with('/') || scheme == target.npos) return std::nullopt;
  const std::string_view name = target.substr(0, scheme);
  if (!IsSame(name, "http") && !IsSame(name, "https")) {
    return Malformed("the scheme of the request target is neither http nor https");
  }
  const size_t begin = scheme + 3;
  const size_t end = std::min(target.find_first_of("/?", begin), target.size());
  std::string host(target.substr(begin, end - begin));
  if (host.empty() || !IsAuthority(host)) {
    return Malformed("the request target has no valid host and port");
  }
  std::string path(target.substr(end));
  if (!path.starts_with('/')) path.insert(0, 1, '/');
  std::erase_if(request->headers, [](const HttpHeader& one) { return IsSame(one.first, "Host"); });
  request->headers.emplace_back("Host", std::move(host));
  request->target = std::move(path);
  return std::nullopt;
}

}  // namespace assent::server
