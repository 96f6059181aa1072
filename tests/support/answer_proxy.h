// SPDX-License-Identifier: Apache-2.0
// A TCP proxy in front of a MariaDB server that ends the answer to one statement early.
//
// Contract: everything passes unchanged, except for the one answer that EndNext names. Neither TLS
// nor compression is supported. Threads: any.
#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "tests/support/tcp_proxy.h"

namespace assent::test {

class AnswerProxy {
 public:
  enum class End {
    kError,  // error 1317 replaces the next row, and the connection stays open
    kCut     // the connection is closed
  };

  explicit AnswerProxy(int server_port);

  int port() const { return proxy_.port(); }
  // Ends the answer to the next statement that contains `text` in this way, after its column header
  // and `rows` rows, or after all its rows if it has fewer. Applies once.
  void EndNext(std::string text, int rows, End end);
  bool has_ended() const { return has_ended_; }

 private:
  class AnswerFilter;
  struct Order {
    std::string text;
    int rows = 0;
    End end = End::kError;
  };
  // Takes the order if `sent` contains its statement.
  std::optional<Order> TakeOrder(std::string_view sent);

  std::mutex mutex_;
  std::optional<Order> order_;
  std::atomic<bool> has_ended_{false};
  TcpProxy proxy_;  // last: its threads use the others
};

}  // namespace assent::test
