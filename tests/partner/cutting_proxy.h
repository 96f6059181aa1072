// SPDX-License-Identifier: Apache-2.0
// A TCP proxy between a program and its database that cuts the connection after a COMMIT: the
// database commits, but the program never receives the answer.
//
// Threads: any.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "tests/support/tcp_proxy.h"

namespace assent::test {

class CuttingProxy {
 public:
  explicit CuttingProxy(int server_port)
      : proxy_(server_port, [this] { return std::make_unique<CuttingFilter>(is_armed_); }) {}

  int port() const { return proxy_.port(); }
  // Cuts the connection on which the next COMMIT is sent. Applies once.
  void CutBehindCommit() { is_armed_ = true; }
  bool has_cut() const { return !is_armed_; }

 private:
  class CuttingFilter : public TcpProxy::Filter {
   public:
    explicit CuttingFilter(std::atomic<bool>& is_armed) : is_armed_(is_armed) {}
    bool ToServer(std::string& bytes) override {
      if (EndsWithCommit(bytes) && is_armed_.exchange(false)) is_cut_ = true;
      return true;
    }
    // The server's answer, which shows that it has committed, is not passed on.
    bool ToClient(std::string& bytes) override {
      if (is_cut_) bytes.clear();
      return !is_cut_;
    }

   private:
    // A COMMIT in both vendors' protocols: the text of one query, with or without a zero byte after
    // it.
    static bool EndsWithCommit(std::string_view sent) {
      while (sent.ends_with('\0')) sent.remove_suffix(1);
      return sent.ends_with("COMMIT");
    }

    std::atomic<bool>& is_armed_;
    bool is_cut_ = false;
  };

  std::atomic<bool> is_armed_ = false;
  TcpProxy proxy_;  // last: its threads use the others
};

}  // namespace assent::test
