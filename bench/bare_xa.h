// SPDX-License-Identifier: Apache-2.0
// The two-row transfer in a tight loop: the performance of the databases and their drivers without
// a coordinator.
//
// Each client owns one connection to each database, through the same drivers as the coordinator's,
// and prepares its statements once. The two branches are prepared in parallel and committed in
// parallel, MariaDB's on the calling thread, PostgreSQL's on another. There is no log: a crash
// between the two commits leaves the databases inconsistent forever.
// Errors: any error ends the process.
// Threads: one at a time calls Transfer.
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
// one request. kAtOnce: both statements in parallel.
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
