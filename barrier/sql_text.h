// SPDX-License-Identifier: Apache-2.0
// The SQL of the barrier table for each vendor: its definition, one text for each operation on it,
// and the purge. Text and parameters only; the caller executes them.
//
// Contract: parameters are question marks, bound in the order in which they are listed. Every
// statement but the definition runs at READ COMMITTED in the local transaction of the business
// code. No statement raises an error because a row exists already: an error would doom the
// transaction on PostgreSQL, and on SQL Server under XACT_ABORT. MariaDB's INSERT IGNORE hides
// other errors, too, such as a name that is too long, so names are validated first (barrier.h). A
// deadlock or a lock wait timeout is still possible (a local transaction that is lost while two
// others wait for its row): roll back and answer 503, so that the coordinator retries.
// The texts for SQL Server follow its manual and have never been run.
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

// What one statement does to one row: (transaction, branch, operation).
enum class Kind : uint8_t {
  kInsert,       // affects 1 row, or 0 if it exists
  kRead,         // returns the cause, if there is a row; never waits
  kReadAndHold,  // also: no other transaction changes or locks the row until ours ends
  kReadAndLock,  // also: no other transaction holds it either
  kChange        // from one cause to another; affects 1 row or 0
};

struct Statement {
  Kind kind{};
  std::string sql;
  std::vector<std::string> parameters = {};
  // The same for users that do not run SQL (models, tests).
  std::string operation = {};
  std::string cause = {};   // to insert, or to change to
  std::string before = {};  // to change from
};

struct Row {
  std::string_view transaction;  // 40 hexadecimal digits
  std::string_view branch;       // with the name of the barrier, if it has one
};

Statement Insert(Vendor vendor, const Row& row, std::string_view operation, std::string_view cause);
// `kind` is one of the three reading kinds.
Statement Read(Vendor vendor, Kind kind, const Row& row, std::string_view operation);
Statement Change(Vendor vendor, const Row& row, std::string_view operation, std::string_view from,
                 std::string_view to);

// Creates the table unless it exists. Run it once, outside any transaction.
std::string_view Definition(Vendor vendor);

// The maximum number of transactions in one purge: repeat it until it affects no row.
inline constexpr int kPurgedAtOnce = 1000;

// Deletes the rows of transactions that have ended for good, all rows of a transaction together: of
// each transaction of the coordinator that made `transaction`, once each of its branches has its
// confirm, cancel or compensate row and the newest of its rows is at least a day older than
// `horizon`. `transaction` and `horizon` must come from one call (Assent-Transaction,
// Assent-Horizon): another coordinator's horizon says nothing about this one's rows. Run it in a
// separate transaction, not in that of the business code.
Statement Purge(Vendor vendor, std::string_view transaction, WallTime horizon);

}  // namespace assent::barrier
