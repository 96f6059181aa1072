// SPDX-License-Identifier: Apache-2.0
// A minimal HTTP client with one keep-alive connection: the CPU time of a benchmark's client is
// taken from the machine that is measured.
//
// Contract: answers have a Content-Length. Receive waits for the answer to the oldest unanswered
// request; the body is valid until the next Receive.
// Errors: any error ends the process.
// Threads: one at a time; blocks.
#pragma once

#include <string>
#include <string_view>

namespace assent::bench {

class LeanConnection {
 public:
  struct Answer {
    int status = 0;
    std::string_view body;
  };

  explicit LeanConnection(int port);  // on 127.0.0.1
  LeanConnection(LeanConnection&& other) noexcept;
  LeanConnection& operator=(LeanConnection&&) = delete;
  ~LeanConnection();

  void Send(std::string_view text);
  Answer Receive();

 private:
  int port_;
  int descriptor_ = -1;
  std::string buffer_;
  size_t taken_ = 0;  // bytes of the last answer, at the beginning of the buffer
};

// The port in "http://127.0.0.1:9101".
int PortOf(std::string_view url);

}  // namespace assent::bench
