// SPDX-License-Identifier: Apache-2.0
// A proxy before a server that cuts the connection at the next commit.
//
// Contract: everything passes unchanged, until Cut. Threads: any.
#pragma once

#include <atomic>

#include "tests/support/tcp_proxy.h"

namespace assent::conformance {

class CuttingProxy {
 public:
  enum class At {
    kNowhere,
    kStatement,  // the server does not receive it
    kAnswer      // the server has executed it
  };

  explicit CuttingProxy(int server_port);

  int port() const { return proxy_.port(); }
  // Applies once, to the next message to the server that contains COMMIT.
  void Cut(At at) { at_ = at; }
  bool has_cut() const { return has_cut_; }

 private:
  class Filter;

  std::atomic<At> at_{At::kNowhere};
  std::atomic<bool> has_cut_{false};
  test::TcpProxy proxy_;  // last: its threads use the others
};

}  // namespace assent::conformance
