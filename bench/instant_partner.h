// SPDX-License-Identifier: Apache-2.0
// A partner that answers every call at once: what is left is the cost of calling it.
//
// One thread with epoll serves all connections and keeps them alive. What it was asked goes to a
// journal in memory, for the auditor.
// Errors: any ends the process. Threads: all functions by any.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "bench/journal.h"

namespace assent::bench {

class InstantPartner {
 public:
  InstantPartner();
  ~InstantPartner();

  int port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  Journal& journal() { return journal_; }
  double CpuSeconds() const;  // of its thread so far

 private:
  class Server;
  Journal journal_;
  int port_ = 0;
  std::unique_ptr<Server> server_;
  std::thread thread_;
};

}  // namespace assent::bench
