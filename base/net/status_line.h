// SPDX-License-Identifier: Apache-2.0
// Accepts the status line of an HTTP response that lacks the space after its code, as curl does.
//
// RFC 9112 section 4 requires the space in "HTTP/1.1 200 " even if no reason follows. Some servers
// send "HTTP/1.1 200", which Boost.Beast refuses; these functions insert the space.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "base/number.h"

namespace assent::net {

// The offset in the response at which the space belongs.
inline constexpr size_t kAfterStatusCode = 12;

inline bool LacksSpaceAfterCode(std::string_view response) {
  return response.size() > kAfterStatusCode && response.starts_with("HTTP/1.") &&
         response[8] == ' ' && std::all_of(response.begin() + 9, response.begin() + 12, IsDigit) &&
         response[kAfterStatusCode] == '\r';
}

// The same for a buffer of Boost.Beast (FlatBuffer: prepare, commit, data).
template <typename FlatBuffer>
void InsertSpaceAfterCode(FlatBuffer* buffer) {
  const auto text = [&] {
    const auto data = buffer->data();
    return std::string_view(static_cast<const char*>(data.data()), data.size());
  };
  if (!LacksSpaceAfterCode(text())) return;
  buffer->prepare(1);  // may move the data
  buffer->commit(1);
  char* begin = static_cast<char*>(buffer->data().data());
  char* end = begin + buffer->size();
  std::copy_backward(begin + kAfterStatusCode, end - 1, end);
  begin[kAfterStatusCode] = ' ';
}

}  // namespace assent::net
