// SPDX-License-Identifier: Apache-2.0
// A TCP proxy in front of a server on loopback, through which a test observes, changes or cuts the
// traffic.
//
// Contract: everything passes unchanged except for what a connection's filter changes. If the
// server cannot be reached, the client's connection is closed. Threads: one accepts, and one per
// connection calls its filter; the destructor ends them all.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <thread>

namespace assent::test {

class TcpProxy {
 public:
  // Filters one connection. What remains in `bytes` is passed on; on false both sides are closed.
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
  std::list<Line> lines_;  // grows on the acceptor's thread; read after that has ended
  std::thread acceptor_;
};

}  // namespace assent::test
