// SPDX-License-Identifier: Apache-2.0
#include "server/http_message.h"

#include <algorithm>

namespace assent::server {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::string_view HttpRequest::Header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    const bool same = std::equal(key.begin(), key.end(), name.begin(), name.end(),
                                 [](char a, char b) { return Lower(a) == Lower(b); });
    if (same) return value;
  }
  return {};
}

}  // namespace assent::server
