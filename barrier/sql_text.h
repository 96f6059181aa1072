// SPDX-License-Identifier: Apache-2.0
// The SQL of the barrier table, for each vendor: its definition, one text for each thing that is
// asked of it, and the purge. Text and parameters only; who runs them is the caller.
//
// Contract: parameters are question marks, bound in the order in which they are listed. Every
// statement but the definition runs at READ COMMITTED in the local transaction of the business
// code. No statement provokes an error by a row that is there already: an error would doom the
// transaction on PostgreSQL, and on SQL Server under XACT_ABORT. MariaDB's INSERT IGNORE hides
// other errors as well, such as a name that is too long, so names are checked before (barrier.h).
// A deadlock or a lock wait that times out is possible all the same (a local transaction that is
// lost while two others wait for its row): roll back, answer 503, be asked again.
// The texts for SQL Server are written after its manual and have never been run.
// Source: docs/barrier.md has the same statements for people who write them by hand.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace assent::barrier {

enum class Vendor : uint8_t {
  kMySql,  // and MariaDB
  kPostgreSql,
  kSqlServer
};

// What one statement does. Of one row: (transaction, branch, operation).
enum class Kind : uint8_t {
  kInsert,       // affects 1 row, or 0 where it was there
  kRead,         // gives the cause, if there is a row; waits for nobody
  kReadAndHold,  // and nobody changes or locks the row until our transaction ends
  kReadAndLock,  // and nobody else holds it either
  kChange        // from one cause to another; affects 1 row or 0
};

struct Statement {
  Kind kind{};
  std::string sql;
  std::vector<std::string> parameters = {};
  // The same once more for those who do not run SQL (models, tests).
  std::string operation = {};
  std::string cause = {};   // to insert, or to change to
  std::string before = {};  // to change from
};

struct Row {
  std::string_view transaction;  // 40 hexadecimal digits
  std::string_view branch;       // with the name of the barrier, where it has one
};

Statement Insert(Vendor vendor, const Row& row, std::string_view operation, std::string_view cause);
// `kind` is one of the three that read.
Statement Read(Vendor vendor, Kind kind, const Row& row, std::string_view operation);
Statement Change(Vendor vendor, const Row& row, std::string_view operation, std::string_view from,
                 std::string_view to);

// Makes the table unless it is there. To be run once, outside of any transaction.
std::string_view Definition(Vendor vendor);

// How many transactions one purge takes at most: run it again until it affects no row.
inline constexpr int kPurgedAtOnce = 1000;

// Removes the rows of what has ended for good: of each transaction of the coordinator that made
// `transaction`, all rows together, once each of its branches has its confirm, cancel or compensate
// row and the youngest of its rows lies a day below `horizon`. `transaction` and `horizon` are
// those of one call (Assent-Transaction, Assent-Horizon): another coordinator's horizon says
// nothing about this one's rows. A transaction of its own, not that of the business code.
Statement Purge(Vendor vendor, std::string_view transaction, WallTime horizon);

}  // namespace assent::barrier
