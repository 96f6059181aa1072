// SPDX-License-Identifier: Apache-2.0
// A partner that answers every call immediately, so that only the cost of calling it remains.
//
// One thread with epoll serves all connections and keeps them alive. It records the calls in an
// in-memory journal for the auditor.
// Errors: any error ends the process.
// Threads: any.
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
