// SPDX-License-Identifier: Apache-2.0
// Decides when a connection may take its next request, so that what its client has not read stays
// within a bound.
//
// Contract: each request is reported with Expect, its answer with Answered. MayTake is false while
// the unread bytes and those that are expected of the requests under way exceed kMostUnread; so a
// request whose answer may be large waits until the answers before it have been read.
// Units and ranges: bytes. Threads: one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace assent::server {

// How large the answer to a request may be, as far as its route shows.
enum class AnswerSize : uint8_t {
  kSmall,
  kResults,  // rows: taken to be as large as those that this connection has got before
  kLarge     // a listing
};

class OutputBound {
 public:
  static constexpr size_t kMostUnread = 1 << 20;

  bool MayTake(size_t unread) const { return unread + expected_ <= kMostUnread; }

  // Returns what Answered must be told.
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
    return size == AnswerSize::kResults ? results_ : kMostUnread;
  }

  size_t expected_ = 0;
  size_t results_ = kMostUnread / 4;  // before the first: a few may be under way at once
};

}  // namespace assent::server
