// SPDX-License-Identifier: Apache-2.0
#include "server/target.h"

#include <algorithm>
#include <optional>

#include "base/utf8.h"

namespace assent::server {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> Decode(std::string_view text, bool plus_is_space) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      const int high = i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
      const int low = high >= 0 ? HexDigit(text[i + 2]) : -1;
      if (low < 0) return std::nullopt;
      decoded.push_back(static_cast<char>(high * 16 + low));
      i += 2;
    } else {
      decoded.push_back(plus_is_space && text[i] == '+' ? ' ' : text[i]);
    }
  }
  return decoded;
}

}  // namespace

Result<Target> ParseTarget(std::string_view target) {
  const Error bad_escape{ErrorCode::kInvalid,
                         "a percent sign is not followed by two hexadecimal digits"};
  const Error bad_text{ErrorCode::kInvalid, "the path or the query is not UTF-8"};
  if (target.empty() || target[0] != '/') {
    return Error{ErrorCode::kInvalid, "the path does not begin with a slash"};
  }
  Target parsed;
  const size_t mark = target.find('?');
  std::string_view path = target.substr(1, mark == target.npos ? target.npos : mark - 1);
  while (true) {
    const size_t slash = path.find('/');
    auto segment = Decode(path.substr(0, slash), false);
    if (!segment) return bad_escape;
    if (!IsUtf8(*segment)) return bad_text;
    parsed.segments.push_back(std::move(*segment));
    if (slash == path.npos) break;
    path.remove_prefix(slash + 1);
  }
  std::string_view query = mark == target.npos ? "" : target.substr(mark + 1);
  while (!query.empty()) {
    const size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    query = end == query.npos ? "" : query.substr(end + 1);
    if (pair.empty()) continue;
    const size_t equals = pair.find('=');
    auto name = Decode(pair.substr(0, equals), true);
    auto value = Decode(equals == pair.npos ? "" : pair.substr(equals + 1), true);
    if (!name || !value) return bad_escape;
    if (!IsUtf8(*name) || !IsUtf8(*value)) return bad_text;
    parsed.query.emplace_back(std::move(*name), std::move(*value));
  }
  return parsed;
}

bool IsGtrid(std::string_view text) {
  return text.size() == 40 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

}  // namespace assent::server
