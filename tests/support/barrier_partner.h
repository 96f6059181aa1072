// SPDX-License-Identifier: Apache-2.0
// A real partner made with the project's own helper for partners: test_partner, a process that has
// its barrier and its ledger in MariaDB or PostgreSQL.
//
// Contract: the port and the ledger stay over Kill and Start; the database may be down at either.
// The destructor kills it.
// Threads: one at a time; url() by any.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "tests/support/partner.h"
#include "tests/support/process.h"
#include "tests/support/servers.h"
#include "tests/support/temp.h"

namespace assent::test {

class BarrierPartner {
 public:
  static constexpr int kAccounts = 200;

  // Its database, `partner`, is on this server.
  explicit BarrierPartner(Server& server);
  Result<void> Create();  // the database, with HttpPartner::kOpening in each account
  Result<void> Start();   // and waits until it answers
  void Kill();

  // From the database: whoever asks the partner believes its word.
  Result<HttpPartner::Ledger> ReadLedger() const;
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/ledger"; }
  // What it has logged, over all starts.
  std::string Said() const { return ReadFile(directory_.File("partner.log")); }

 private:
  Server& server_;
  TempDirectory directory_;
  const int port_;
  std::unique_ptr<Process> process_;
};

}  // namespace assent::test
