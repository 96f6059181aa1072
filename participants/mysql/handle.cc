// SPDX-License-Identifier: Apache-2.0
// What both kinds of connection derive from a resource's settings.
#include "participants/mysql/handle.h"

#include <algorithm>

namespace assent::mysql {
namespace {

unsigned SecondsOf(uint32_t ms) { return (ms + 999) / 1000; }

}  // namespace

// A statement may wait for a lock for lock_timeout_ms, and must still be answered after that.
HandleTimeouts::HandleTimeouts(const sql::ResourceOptions& options)
    : connect_s(SecondsOf(options.connect_timeout_ms)),
      read_s(SecondsOf(std::max(options.call_timeout_ms, options.lock_timeout_ms + 5'000))),
      write_s(SecondsOf(options.call_timeout_ms)) {}

std::pair<std::string, std::string> SplitUrl(const std::string& url) {
  const size_t scheme = url.find("://");
  const size_t slash = url.find('/', scheme == std::string::npos ? 0 : scheme + 3);
  if (slash == std::string::npos) return {url, ""};
  return {url.substr(0, slash), url.substr(slash + 1)};
}

}  // namespace assent::mysql
