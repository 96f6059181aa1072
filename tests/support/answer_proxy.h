// SPDX-License-Identifier: Apache-2.0
// A TCP proxy in front of a MariaDB server that ends the answer to one statement early.
//
// Contract: everything passes unchanged, except for the one answer that EndNext asks for. Without
// TLS and compression. Threads: any.
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
    kError,  // error 1317 comes instead of the next row, and the connection lives on
    kCut     // the connection ends
  };

  explicit AnswerProxy(int server_port);

  int port() const { return proxy_.port(); }
  // The answer to the next statement that contains `text` ends so, behind its column header and
  // `rows` rows, or behind as many as it has. Once.
  void EndNext(std::string text, int rows, End end);
  bool has_ended() const { return has_ended_; }

 private:
  class AnswerFilter;
  struct Order {
    std::string text;
    int rows = 0;
    End end = End::kError;
  };
  // The order, where a client sends the statement that it is for.
  std::optional<Order> TakeOrder(std::string_view sent);

  std::mutex mutex_;
  std::optional<Order> order_;
  std::atomic<bool> has_ended_{false};
  TcpProxy proxy_;  // last: its threads use the others
};

}  // namespace assent::test
