// SPDX-License-Identifier: Apache-2.0
// A real partner with try, confirm and cancel: partner.py, a process with a SQLite ledger.
//
// Contract: the port and the ledger survive Kill and Start. The destructor kills the process.
// Threads: one at a time; any thread may call url().
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "tests/support/process.h"
#include "tests/support/temp.h"

namespace assent::test {

class HttpPartner {
 public:
  static constexpr int64_t kOpening = 1'000'000;  // of each account

  HttpPartner();
  Result<void> Start();  // and waits until it answers
  void Kill();
  bool Running() { return process_ != nullptr && process_->Running(); }
  // Sets how the next calls behave, such as {"operation": "try", "status": 503, "times": 2}
  // (partner.py).
  Result<void> Behave(const std::string& json);

  struct Hold {
    std::string gid, branch, state;  // "held", "held+confirmed", "held+cancelled"
    int64_t account = 0, amount = 0;
    std::string transaction;
  };
  struct Account {
    int64_t left = 0, booked = 0;
  };
  struct Ledger {
    std::map<int64_t, Account> accounts;
    std::vector<Hold> holds;
    // The state of the hold of this gid and branch; empty if there is none.
    std::string StateOf(const std::string& gid, const std::string& branch) const;
  };
  Result<Ledger> ReadLedger();

  // {"name": NAME, "tcc": {"url": …, "payload": {"account": …, "amount": …}}}
  std::string Branch(const std::string& name, int account, int amount,
                     const std::string& more = "") const;
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/ledger"; }

 private:
  TempDirectory directory_;
  const int port_;
  std::unique_ptr<Process> process_;
};

}  // namespace assent::test
