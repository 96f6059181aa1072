// SPDX-License-Identifier: Apache-2.0
// Stands between a program and its database, and cuts the line behind a COMMIT: the database
// commits, the program never hears of it.
//
// Threads: one accepts, one for each direction of each connection; the destructor ends them all.
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <thread>

namespace assent::test {

class CuttingProxy {
 public:
  explicit CuttingProxy(int server_port);
  ~CuttingProxy();
  CuttingProxy(const CuttingProxy&) = delete;
  CuttingProxy& operator=(const CuttingProxy&) = delete;

  int port() const { return port_; }
  // The connection on which the next COMMIT is sent. Once.
  void CutBehindCommit() { is_armed_ = true; }
  bool has_cut() const { return !is_armed_; }

 private:
  struct Line {
    int program = -1, server = -1;
    std::atomic<bool> is_cut = false;
    std::thread there, back;
  };
  void Accept();
  void CarryThere(Line& line);
  static void CarryBack(Line& line);

  const int server_port_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> is_armed_ = false;
  std::list<Line> lines_;  // grows on the acceptor's thread; read when that has ended
  std::thread acceptor_;
};

}  // namespace assent::test
