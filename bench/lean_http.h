// SPDX-License-Identifier: Apache-2.0
// One keep-alive connection that does no more than it must: what a client of a bench costs is taken
// from the same machine.
//
// Contract: answers have a Content-Length. Receive waits for the answer to the oldest request that
// has none yet; the body lives until the next Receive. Errors: any ends the process.
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
  size_t taken_ = 0;  // of the buffer's begin: the last answer
};

// The port in "http://127.0.0.1:9101".
int PortOf(std::string_view url);

}  // namespace assent::bench
