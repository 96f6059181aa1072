// SPDX-License-Identifier: Apache-2.0
// Reads a partner's HTTP responses from the bytes of its connection.
//
// Contract: for each response call Begin, then Prepare, Commit and Parse until Parse returns kDone
// or kFailed. Informational responses (1xx) are skipped, up to a bound; bodies are read up to a
// bound and discarded. After kFailed the connection can no longer be used.
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "participants/http/request.h"

namespace assent::http {

class ResponseReader {
 public:
  enum class Progress { kNeedsMore, kDone, kFailed };

  ResponseReader(size_t max_header_bytes, size_t max_body_bytes);
  ~ResponseReader();
  ResponseReader(const ResponseReader&) = delete;
  ResponseReader& operator=(const ResponseReader&) = delete;

  void Begin();
  // Space for the next bytes; valid until the next call of any function.
  std::span<char> Prepare(size_t bytes);
  void Commit(size_t bytes);
  Progress Parse();
  // The connection has ended. Returns kDone if that completes a body without a length.
  Progress ParseEnd();

  bool HasBegun() const;                // a part of the response has arrived
  const std::string& failure() const;   // after kFailed
  Received received() const;            // after kDone: status and headers
  bool LeavesConnectionUsable() const;  // after kDone

 private:
  struct State;
  const std::unique_ptr<State> state_;
};

}  // namespace assent::http
