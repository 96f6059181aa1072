// SPDX-License-Identifier: Apache-2.0
// The databases of the benches of transfers: accounts on both sides, and the auditor that counts
// the money.
//
// Each of the given databases exists on both servers, with the same accounts.
//
// Contract: the constructor starts private MariaDB and PostgreSQL servers with their default,
// durable settings; the destructor stops them.
// Errors: any error ends the process.
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bench/bare_xa.h"
#include "tests/support/servers.h"

namespace assent::bench {

class Bank {
 public:
  static constexpr int kAccounts = 10'000;

  explicit Bank(const std::vector<std::string>& databases = {"bench"});
  Places places() const { return {mariadb_->port(), postgresql_->port()}; }
  // The servers' settings that determine whether a commit is durable.
  std::string Durability() const;
  // `moved`: how many transfers of 1 were reported as committed. Checks that both sums agree with
  // it and that no branch is left prepared. Returns the findings for people.
  std::string Audit(int64_t moved, const std::string& database = "bench") const;

 private:
  void Create(const std::string& database);
  std::unique_ptr<test::Server> mariadb_;
  std::unique_ptr<test::Server> postgresql_;
};

}  // namespace assent::bench
