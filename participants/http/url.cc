// SPDX-License-Identifier: Apache-2.0
#include "participants/http/url.h"

#include <algorithm>

#include "base/number.h"

namespace assent::http {
namespace {

constexpr uint16_t kHttpPort = 80, kHttpsPort = 443;
constexpr size_t kMaxUrlBytes = 2048;

Error Malformed(std::string why) {
  return {ErrorCode::kInvalid,
          "is not a valid URL such as https://partner.example:8443/vouchers: " + std::move(why)};
}

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string Lowered(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), Lower);
  return result;
}

bool IsHost(std::string_view host, bool bracketed) {
  constexpr std::string_view kName = "abcdefghijklmnopqrstuvwxyz0123456789-._";
  constexpr std::string_view kAddress = "0123456789abcdef:.";
  return !host.empty() &&
         host.find_first_not_of(bracketed ? kAddress : kName) == std::string_view::npos;
}

// The characters of a path or a query; a percent sign needs two hexadecimal digits.
bool IsTarget(std::string_view text) {
  constexpr std::string_view kOther = "-._~!$&'()*+,;=:@/?";
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = Lower(text[i]);
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) continue;
    if (kOther.find(c) != std::string_view::npos) continue;
    if (c != '%' || i + 2 >= text.size()) return false;
    if (!is_hex(Lower(text[i + 1])) || !is_hex(Lower(text[i + 2]))) return false;
    i += 2;
  }
  return true;
}

std::string_view PathOf(std::string_view target) {
  return target.substr(0, std::min(target.find('?'), target.size()));
}

// Anything that another server might read as "." or "..", or as a slash within a segment. Some
// servers strip what follows a semicolon, some decode twice.
bool HasDotSegment(std::string_view path) {
  std::string plain = Lowered(path);
  for (const char* code : {"%25", "%2f", "%5c"}) {
    if (plain.find(code) != std::string::npos) return true;
  }
  for (size_t at; (at = plain.find("%3b")) != std::string::npos;) plain.replace(at, 3, ";");
  for (size_t at; (at = plain.find(';')) != std::string::npos;) {
    plain.erase(at, std::min(plain.find('/', at), plain.size()) - at);
  }
  for (size_t at; (at = plain.find("%2e")) != std::string::npos;) plain.replace(at, 3, ".");
  plain += '/';
  return plain.find("/./") != std::string::npos || plain.find("/../") != std::string::npos;
}

Result<void> ParsePort(std::string_view text, Url* url) {
  const auto port = ParseNumber<uint16_t>(text);
  if (!port || *port == 0) return Malformed("the port is not a number from 1 to 65535");
  url->port = *port;
  return {};
}

Result<void> ParseAuthority(std::string_view text, Url* url) {
  if (text.find('@') != std::string_view::npos) {
    return Error{ErrorCode::kInvalid, "contains credentials, which would appear in logs"};
  }
  const bool bracketed = text.starts_with('[');
  const size_t closing = bracketed ? text.find(']') : 0;
  if (closing == std::string_view::npos) return Malformed("unclosed bracket");
  const size_t host_ends = std::min(text.find(':', closing), text.size());
  std::string_view host = text.substr(0, host_ends);
  if (bracketed) {
    if (!host.ends_with(']')) return Malformed("the host is not valid");
    host = host.substr(1, host.size() - 2);
  }
  url->host = Lowered(host);
  if (!IsHost(url->host, bracketed)) return Malformed("the host is not valid");
  url->port = url->tls ? kHttpsPort : kHttpPort;
  if (host_ends == text.size()) return {};
  return ParsePort(text.substr(host_ends + 1), url);
}

}  // namespace

Result<Url> ParseUrl(std::string_view text) {
  if (text.size() > kMaxUrlBytes) {
    return Error{ErrorCode::kInvalid, "is longer than " + std::to_string(kMaxUrlBytes) + " bytes"};
  }
  const size_t scheme_ends = text.find("://");
  if (scheme_ends == std::string_view::npos) return Malformed("the scheme is missing");
  const std::string scheme = Lowered(text.substr(0, scheme_ends));
  if (scheme != "http" && scheme != "https") {
    return Error{ErrorCode::kInvalid, "has a scheme other than http and https"};
  }
  Url url;
  url.tls = scheme == "https";
  text.remove_prefix(scheme_ends + 3);
  const size_t authority_ends = std::min(text.find_first_of("/?#"), text.size());
  if (auto parsed = ParseAuthority(text.substr(0, authority_ends), &url); !parsed) {
    return parsed.error();
  }
  const std::string_view rest = text.substr(authority_ends);
  if (rest.find('#') != std::string_view::npos) return Malformed("it has a fragment");
  if (!IsTarget(rest)) return Malformed("a character must be percent-encoded");
  if (HasDotSegment(PathOf(rest)))
    return Malformed("the path contains a dot segment, %2f, %5c or %25");
  url.target = rest.starts_with('/') ? std::string(rest) : "/" + std::string(rest);
  return url;
}

std::string Url::Authority() const {
  std::string text = host.find(':') == std::string::npos ? host : "[" + host + "]";
  if (port != (tls ? kHttpsPort : kHttpPort)) text += ":" + std::to_string(port);
  return text;
}

std::string Url::Origin() const { return (tls ? "https://" : "http://") + Authority(); }

Result<AllowList> AllowList::Make(const std::vector<std::string>& prefixes) {
  AllowList list;
  for (const std::string& prefix : prefixes) {
    std::string text = prefix;
    Entry entry;
    const size_t authority =
        std::min(text.find("://"), text.size() - std::min<size_t>(3, text.size()));
    const size_t path = std::min(text.find('/', authority + 3), text.size());
    if (path >= 2 && text.compare(path - 2, 2, ":*") == 0) {
      entry.any_port = true;
      text.erase(path - 2, 2);
    }
    auto url = ParseUrl(text);
    if (!url) return Error{ErrorCode::kInvalid, prefix + " " + url.error().message};
    if (url->target.find('?') != std::string::npos) {
      return Error{ErrorCode::kInvalid, prefix + " has a query, which is not allowed in a prefix"};
    }
    entry.prefix = std::move(*url);
    list.entries_.push_back(std::move(entry));
  }
  return list;
}

bool AllowList::Allows(const Url& url) const {
  const std::string_view path = PathOf(url.target);
  return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    std::string_view prefix = entry.prefix.target;
    if (prefix.ends_with('/')) prefix.remove_suffix(1);
    return entry.prefix.tls == url.tls && entry.prefix.host == url.host &&
           (entry.any_port || entry.prefix.port == url.port) && path.starts_with(prefix) &&
           (path.size() == prefix.size() || path[prefix.size()] == '/');
  });
}

std::vector<std::string> LoopbackOnly() {
  return {"http://127.0.0.1:*",  "http://[::1]:*",  "http://localhost:*",
          "https://127.0.0.1:*", "https://[::1]:*", "https://localhost:*"};
}

}  // namespace assent::http
