// SPDX-License-Identifier: Apache-2.0
#include "apps/assent/json_text.h"

namespace assent::cli {
namespace {

size_t SkipSpace(std::string_view text, size_t at) {
  while (at < text.size() && std::string_view(" \t\r\n").find(text[at]) != std::string_view::npos) {
    ++at;
  }
  return at;
}

// Behind the string that begins at `at`; npos: it does not end.
size_t SkipString(std::string_view text, size_t at) {
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      return at + 1;
    }
  }
  return std::string_view::npos;
}

// Behind the value that begins at `at`.
size_t SkipValue(std::string_view text, size_t at) {
  int depth = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"') {
      at = SkipString(text, at);
      if (at == std::string_view::npos || depth == 0) return at;
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') {
      if (depth == 0) return at;  // of what encloses a bare word
      if (--depth == 0) return at + 1;
    }
    if (c == ',' && depth == 0) return at;
    ++at;
  }
  return std::string_view::npos;
}

}  // namespace

std::optional<std::string_view> FindMember(std::string_view json, std::string_view name) {
  constexpr size_t kNowhere = std::string_view::npos;
  size_t at = SkipSpace(json, 0);
  if (at >= json.size() || json[at] != '{') return std::nullopt;
  at = SkipSpace(json, at + 1);
  while (at < json.size() && json[at] == '"') {
    const size_t key_end = SkipString(json, at);
    if (key_end == kNowhere) return std::nullopt;
    const std::string_view key = json.substr(at + 1, key_end - at - 2);
    at = SkipSpace(json, key_end);
    if (at >= json.size() || json[at] != ':') return std::nullopt;
    const size_t begin = SkipSpace(json, at + 1);
    size_t end = SkipValue(json, begin);
    if (end == kNowhere) return std::nullopt;
    at = SkipSpace(json, end);
    if (key == name) {
      while (end > begin && SkipSpace(json, end - 1) > end - 1) --end;
      return json.substr(begin, end - begin);
    }
    if (at >= json.size() || json[at] != ',') return std::nullopt;
    at = SkipSpace(json, at + 1);
  }
  return std::nullopt;
}

std::string WithMember(std::string_view json, std::string_view name, std::string_view value) {
  std::string quoted("\"");
  quoted.append(value).append("\"");
  std::string text(json);
  if (const auto found = FindMember(json, name)) {
    return text.replace(static_cast<size_t>(found->data() - json.data()), found->size(), quoted);
  }
  const size_t brace = SkipSpace(json, 0);
  if (brace >= json.size() || json[brace] != '{') return text;
  const size_t first = SkipSpace(json, brace + 1);
  const bool is_empty = first < json.size() && json[first] == '}';
  std::string member("\"");
  member.append(name).append("\": ").append(quoted).append(is_empty ? "" : ", ");
  return text.insert(brace + 1, member);
}

}  // namespace assent::cli
