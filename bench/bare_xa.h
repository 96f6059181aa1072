// SPDX-License-Identifier: Apache-2.0
// The two-row transfer as a tight loop: what the databases and their drivers give without a
// coordinator.
//
// One client owns one connection to each database, made by the same drivers as the coordinator's,
// with its statements prepared once. Both are prepared at the same time and committed at the same
// time, MariaDB on the calling thread, PostgreSQL on a thread beside it. There is no log: killed
// between the two commits it leaves the databases apart for ever.
// Errors: any ends the process.
// Threads: Transfer by one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace assent::bench {

struct Places {
  int mariadb_port = 0;
  int postgresql_port = 0;
};

// kInTurn: first MariaDB's statement, then PostgreSQL's, as the coordinator runs the branches of
// one call. kAtOnce: both at the same time, too.
enum class Statements { kInTurn, kAtOnce };

class BareXa {
 public:
  BareXa(const Places& places, int client, Statements statements);
  ~BareXa();

  // Takes 1 from an account in MariaDB and gives it to one in PostgreSQL.
  void Transfer(int32_t from, int32_t to);

 private:
  class MariaDb;
  class PostgreSql;

  const Statements statements_;
  const std::string prefix_;
  uint64_t count_ = 0;
  std::unique_ptr<MariaDb> mariadb_;
  std::unique_ptr<PostgreSql> postgresql_;
};

extern const char kTakeSql[];
extern const char kGiveSql[];

}  // namespace assent::bench
