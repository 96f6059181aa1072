// SPDX-License-Identifier: Apache-2.0
// A real partner built on the project's own server for partners: the process test_partner, which
// keeps its barrier and its ledger in MariaDB or PostgreSQL.
//
// Contract: the port and the ledger survive Kill and Start; the database may be down during either.
// The destructor kills the process.
// Threads: one at a time; any thread may call url().
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
  Result<void> Create();  // creates the database, with HttpPartner::kOpening in each account
  Result<void> Start();   // and waits until it answers
  void Kill();

  // Reads the database, because the partner's own answer may be wrong.
  Result<HttpPartner::Ledger> ReadLedger() const;
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/ledger"; }
  // The log of all its runs.
  std::string LogOutput() const { return ReadFile(directory_.File("partner.log")); }

 private:
  Server& server_;
  TempDirectory directory_;
  const int port_;
  std::unique_ptr<Process> process_;
};

}  // namespace assent::test
