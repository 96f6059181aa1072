// SPDX-License-Identifier: Apache-2.0
#include "barrier/sql_text.h"

#include "base/check.h"

namespace assent::barrier {
namespace {

constexpr size_t kCoordinatorDigits = 16;  // the coordinator id begins every gtrid
constexpr auto kDay = std::chrono::hours(24);

// TRANSACTION is a reserved word only in SQL Server.
constexpr std::string_view kWhere = " WHERE transaction = ? AND branch = ? AND operation = ?";
constexpr std::string_view kWhereSqlServer =
    " WHERE [transaction] = ? AND branch = ? AND operation = ?";

constexpr std::string_view kDefinitionMySql =
    "CREATE TABLE IF NOT EXISTS assent_barrier (\n"
    "  transaction CHAR(40) NOT NULL,\n"
    "  branch VARCHAR(129) NOT NULL,\n"
    "  operation VARCHAR(10) NOT NULL,\n"
    "  cause VARCHAR(10) NOT NULL,\n"
    "  created_at DATETIME(3) NOT NULL,\n"
    "  PRIMARY KEY (transaction, branch, operation)\n"
    ") ENGINE=InnoDB CHARACTER SET ascii COLLATE ascii_bin";

constexpr std::string_view kDefinitionPostgreSql =
    "CREATE TABLE IF NOT EXISTS assent_barrier (\n"
    "  transaction text COLLATE \"C\" NOT NULL,\n"
    "  branch text COLLATE \"C\" NOT NULL,\n"
    "  operation text COLLATE \"C\" NOT NULL,\n"
    "  cause text COLLATE \"C\" NOT NULL,\n"
    "  created_at timestamptz(3) NOT NULL,\n"
    "  PRIMARY KEY (transaction, branch, operation)\n"
    ")";

constexpr std::string_view kDefinitionSqlServer =
    "IF OBJECT_ID(N'assent_barrier', N'U') IS NULL\n"
    "CREATE TABLE assent_barrier (\n"
    "  [transaction] char(40) COLLATE Latin1_General_BIN2 NOT NULL,\n"
    "  branch varchar(129) COLLATE Latin1_General_BIN2 NOT NULL,\n"
    "  operation varchar(10) COLLATE Latin1_General_BIN2 NOT NULL,\n"
    "  cause varchar(10) COLLATE Latin1_General_BIN2 NOT NULL,\n"
    "  created_at datetime2(3) NOT NULL,\n"
    "  PRIMARY KEY ([transaction], branch, operation)\n"
    ")";

constexpr std::string_view kInsertMySql =
    "INSERT IGNORE INTO assent_barrier (transaction, branch, operation, cause, created_at) "
    "VALUES (?, ?, ?, ?, UTC_TIMESTAMP(3))";

constexpr std::string_view kInsertPostgreSql =
    "INSERT INTO assent_barrier (transaction, branch, operation, cause, created_at) "
    "VALUES (?, ?, ?, ?, clock_timestamp()) ON CONFLICT DO NOTHING";

constexpr std::string_view kInsertSqlServer =
    "INSERT INTO assent_barrier ([transaction], branch, operation, cause, created_at) "
    "SELECT CAST(? AS char(40)), CAST(? AS varchar(129)), CAST(? AS varchar(10)), "
    "CAST(? AS varchar(10)), SYSUTCDATETIME() WHERE NOT EXISTS (SELECT 1 FROM assent_barrier "
    "WITH (UPDLOCK, HOLDLOCK) WHERE [transaction] = ? AND branch = ? AND operation = ?)";

// Every branch has an end, and no row of the transaction is newer than the bound.
constexpr std::string_view kEnded =
    " HAVING MAX(created_at) < ? AND COUNT(DISTINCT branch) = COUNT(DISTINCT CASE WHEN operation "
    "IN ('confirm', 'cancel', 'compensate') THEN branch END)";

std::string_view WhereOf(Vendor vendor) {
  return vendor == Vendor::kSqlServer ? kWhereSqlServer : kWhere;
}

std::string_view LockOf(Vendor vendor, Kind kind) {
  if (kind == Kind::kRead) return "";
  const bool hold = kind == Kind::kReadAndHold;
  switch (vendor) {
    // Not FOR SHARE, which MariaDB does not support.
    case Vendor::kMySql: return hold ? " LOCK IN SHARE MODE" : " FOR UPDATE";
    case Vendor::kPostgreSql: return hold ? " FOR SHARE" : " FOR UPDATE";
    case Vendor::kSqlServer: break;  // a hint after the table's name
  }
  return "";
}

std::string_view HintOf(Vendor vendor, Kind kind) {
  if (vendor != Vendor::kSqlServer || kind == Kind::kRead) return "";
  return kind == Kind::kReadAndHold ? " WITH (REPEATABLEREAD)" : " WITH (UPDLOCK)";
}

std::vector<std::string> KeyOf(const Row& row, std::string_view operation) {
  return {std::string(row.transaction), std::string(row.branch), std::string(operation)};
}

// "2026-01-31T12:00:00.123Z"; without the Z if the column has no time zone.
std::string BoundOf(Vendor vendor, WallTime time) {
  std::string text = FormatTime(time);
  if (vendor != Vendor::kPostgreSql && text.back() == 'Z') text.pop_back();
  return text;
}

std::string PurgeText(Vendor vendor) {
  const std::string column = vendor == Vendor::kSqlServer ? "[transaction]" : "transaction";
  const std::string bound = std::to_string(kPurgedAtOnce);
  std::string ended(kEnded);
  if (vendor == Vendor::kPostgreSql) ended.replace(ended.find('?'), 1, "CAST(? AS timestamptz)");
  if (vendor == Vendor::kSqlServer) ended.replace(ended.find('?'), 1, "CAST(? AS datetime2(3))");
  const std::string from = column + " FROM assent_barrier WHERE " + column + " >= ? AND " + column +
                           " < ? GROUP BY " + column + ended;
  switch (vendor) {
    // MySQL cannot delete from a table that a plain subquery of the same statement reads.
    case Vendor::kMySql:
      return "DELETE assent_barrier FROM assent_barrier JOIN (SELECT " + from + " LIMIT " + bound +
             ") AS ended ON ended.transaction = assent_barrier.transaction";
    case Vendor::kPostgreSql:
      return "DELETE FROM assent_barrier WHERE transaction IN (SELECT " + from + " LIMIT " + bound +
             ")";
    case Vendor::kSqlServer:
      return "DELETE FROM assent_barrier WHERE [transaction] IN (SELECT TOP (" + bound + ") " +
             from + ")";
  }
  return "";
}

}  // namespace

Statement Insert(Vendor vendor, const Row& row, std::string_view operation,
                 std::string_view cause) {
  Statement made;
  made.kind = Kind::kInsert;
  made.operation = operation;
  made.cause = cause;
  made.parameters = KeyOf(row, operation);
  made.parameters.emplace_back(cause);
  switch (vendor) {
    case Vendor::kMySql: made.sql = kInsertMySql; break;
    case Vendor::kPostgreSql: made.sql = kInsertPostgreSql; break;
    case Vendor::kSqlServer:
      made.sql = kInsertSqlServer;
      for (std::string& part : KeyOf(row, operation)) made.parameters.push_back(std::move(part));
      break;
  }
  return made;
}

Statement Read(Vendor vendor, Kind kind, const Row& row, std::string_view operation) {
  CHECK(kind == Kind::kRead || kind == Kind::kReadAndHold || kind == Kind::kReadAndLock)
      << "a statement that does not read";
  Statement made;
  made.kind = kind;
  made.operation = operation;
  made.parameters = KeyOf(row, operation);
  made.sql = "SELECT cause FROM assent_barrier";
  made.sql += HintOf(vendor, kind);
  made.sql += WhereOf(vendor);
  made.sql += LockOf(vendor, kind);
  return made;
}

Statement Change(Vendor vendor, const Row& row, std::string_view operation, std::string_view from,
                 std::string_view to) {
  Statement made;
  made.kind = Kind::kChange;
  made.operation = operation;
  made.cause = to;
  made.before = from;
  made.parameters = {std::string(to)};
  for (std::string& part : KeyOf(row, operation)) made.parameters.push_back(std::move(part));
  made.parameters.emplace_back(from);
  made.sql = "UPDATE assent_barrier SET cause = ?";
  made.sql += WhereOf(vendor);
  made.sql += " AND cause = ?";
  return made;
}

std::string_view Definition(Vendor vendor) {
  switch (vendor) {
    case Vendor::kMySql: return kDefinitionMySql;
    case Vendor::kPostgreSql: return kDefinitionPostgreSql;
    case Vendor::kSqlServer: return kDefinitionSqlServer;
  }
  return "";
}

Statement Purge(Vendor vendor, std::string_view transaction, WallTime horizon) {
  CHECK(transaction.size() > kCoordinatorDigits) << "not a gtrid: " << transaction;
  const std::string coordinator(transaction.substr(0, kCoordinatorDigits));
  Statement made;
  made.kind = Kind::kChange;
  made.sql = PurgeText(vendor);
  // 'g' sorts after every hexadecimal digit.
  made.parameters = {coordinator, coordinator + "g",
                     BoundOf(vendor, {horizon.ns - std::chrono::nanoseconds(kDay).count()})};
  return made;
}

}  // namespace assent::barrier
