// SPDX-License-Identifier: Apache-2.0
// A partner's connection to its own database, and the partner's use of a barrier on it.
//
// Contract: a Session is one connection at READ COMMITTED; the partner's transactions are local
// ones. `ledger(transaction, branch, operation)` represents the effects of the business code.
// Threads: a Session belongs to one thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "barrier/barrier.h"
#include "tests/support/servers.h"

namespace assent::test {

class Session {
 public:
  virtual ~Session() = default;
  static std::unique_ptr<Session> Open(barrier::Vendor vendor);

  // nullopt: the database returned an error, which error() contains.
  std::optional<barrier::Given> Execute(const barrier::Statement& statement);
  bool Run(const std::string& sql) { return Send({barrier::Kind::kInsert, sql}).has_value(); }
  bool Begin();
  bool Commit() { return Run("COMMIT"); }
  bool RollBack() { return Run("ROLLBACK"); }

  // Runs the statements until the barrier has its verdict; false: an error.
  bool Settle(barrier::Barrier& barrier);
  barrier::Vendor vendor() const { return vendor_; }
  const std::string& error() const { return error_; }

 protected:
  explicit Session(barrier::Vendor vendor) : vendor_(vendor) {}
  virtual std::optional<barrier::Given> Send(const barrier::Statement& statement) = 0;

  const barrier::Vendor vendor_;
  std::string error_;
};

// Serves one whole call as a partner does: begin, enter, business code, commit or roll back.
// Returns the verdict, or nullopt if the database returned an error (a partner's 503).
std::optional<barrier::Verdict> Serve(Session& session, const barrier::Call& call);

// A separate database for the program, with empty tables for each test.
class BarrierStand : public testing::TestWithParam<barrier::Vendor> {
 protected:
  void SetUp() override;

  barrier::Vendor vendor() const { return GetParam(); }
  Server& server() const {
    return vendor() == barrier::Vendor::kMySql ? SharedMySql() : SharedPostgreSql();
  }
  std::unique_ptr<Session> Open() { return Session::Open(vendor()); }
  Rows Query(const std::string& sql);
  std::string One(const std::string& sql);
  // How many times the business code of `operation` has committed, over all branches.
  std::string Ran(const std::string& operation);
  // Waits until `count` of the barrier's connections wait for a lock.
  void AwaitWaiting(int count);
};

// A call for transaction `number` of one coordinator.
barrier::Call CallOf(barrier::Operation operation, int number = 1, const std::string& name = "");

}  // namespace assent::test
