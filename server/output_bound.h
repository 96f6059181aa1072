// SPDX-License-Identifier: Apache-2.0
// Decides when a connection may take its next request, so that the output that its client has not
// read stays bounded.
//
// Contract: report each request with Expect and its answer with Answered. MayTake is false while
// the unread bytes plus the bytes expected from pending requests exceed kMaxUnread. So a request
// whose answer may be large waits until the client has read the answers before it.
// Units and ranges: bytes.
// Threads: one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace assent::server {

// How large the answer to a request may be, judged by its route.
enum class AnswerSize : uint8_t {
  kSmall,
  kResults,  // rows: assumed to be as large as earlier ones on this connection
  kLarge     // a listing
};

class OutputBound {
 public:
  static constexpr size_t kMaxUnread = 1 << 20;

  bool MayTake(size_t unread) const { return unread + expected_ <= kMaxUnread; }

  // Returns the number of expected bytes, which the caller passes to Answered.
  size_t Expect(AnswerSize size) {
    const size_t bytes = BytesOf(size);
    expected_ += bytes;
    return bytes;
  }
  void Answered(AnswerSize size, size_t expected, size_t bytes) {
    expected_ -= expected;
    if (size == AnswerSize::kResults) results_ = std::max(bytes, results_ / 2);
  }

 private:
  size_t BytesOf(AnswerSize size) const {
    if (size == AnswerSize::kSmall) return 0;
    return size == AnswerSize::kResults ? results_ : kMaxUnread;
  }

  size_t expected_ = 0;
  size_t results_ = kMaxUnread / 4;  // before the first answer: a few requests may be pending
};

}  // namespace assent::server
