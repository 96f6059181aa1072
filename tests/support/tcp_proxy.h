// SPDX-License-Identifier: Apache-2.0
// A TCP proxy in front of a server on loopback, through which a test watches, changes or cuts what
// passes.
//
// Contract: everything passes unchanged but for what a connection's filter does to it. What the
// client sends to a server that cannot be reached is never passed on: its connection is closed.
// Threads: one accepts, one for each connection, on which its filter is called; the destructor ends
// them all.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <thread>

namespace assent::test {

class TcpProxy {
 public:
  // Of one connection. What is left in `bytes` is passed on; false: then both sides are closed.
  class Filter {
   public:
    virtual ~Filter() = default;
    virtual bool ToServer(std::string& bytes) { return (void)bytes, true; }
    virtual bool ToClient(std::string& bytes) { return (void)bytes, true; }
  };

  // `make_filter` is called for each connection, on the accepting thread.
  TcpProxy(int server_port, std::function<std::unique_ptr<Filter>()> make_filter);
  ~TcpProxy();
  TcpProxy(const TcpProxy&) = delete;
  TcpProxy& operator=(const TcpProxy&) = delete;

  int port() const { return port_; }

 private:
  struct Line {
    int client = -1, server = -1;
    std::unique_ptr<Filter> filter;
    std::thread thread;
  };
  void Accept();
  static void Carry(Line& line);

  const int server_port_;
  const std::function<std::unique_ptr<Filter>()> make_filter_;
  int listener_ = -1;
  int port_ = 0;
  std::list<Line> lines_;  // grows on the acceptor's thread; read when that has ended
  std::thread acceptor_;
};

}  // namespace assent::test
