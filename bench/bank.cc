// SPDX-License-Identifier: Apache-2.0
#include "bench/bank.h"

#include "bench/report.h"
#include "tests/support/temp.h"

namespace assent::bench {
namespace {

constexpr int64_t kEach = 1'000'000;

test::Rows Ask(const test::Server& server, const std::string& sql, const std::string& database) {
  auto rows = test::Sql(server, sql, database);
  if (!rows) GiveUp(rows.error().message);
  return std::move(*rows);
}

std::string One(const test::Server& server, const std::string& sql, const std::string& database) {
  const test::Rows rows = Ask(server, sql, database);
  return rows.empty() || rows[0].empty() ? "" : rows[0][0];
}

std::unique_ptr<test::Server> Start(test::ServerKind kind) {
  auto server = test::Server::Start(kind);
  if (!server) GiveUp(server.error().message);
  return std::move(*server);
}

}  // namespace

Bank::Bank(const std::vector<std::string>& databases)
    : mariadb_(Start(test::MySqlKind())), postgresql_(Start(test::ServerKind::kPostgreSql)) {
  for (const std::string& database : databases) Create(database);
}

void Bank::Create(const std::string& database) {
  const std::string rows = std::to_string(kAccounts);
  const std::string each = std::to_string(kEach);
  Ask(*mariadb_, "CREATE DATABASE " + database, "");
  // 10,000 rows: MySQL has no table of numbers.
  Ask(*mariadb_,
      "CREATE TABLE digit (d INT); INSERT INTO digit VALUES "
      "(0),(1),(2),(3),(4),(5),(6),(7),(8),(9);"
      "CREATE TABLE account (id INT PRIMARY KEY, balance BIGINT NOT NULL) ENGINE=InnoDB; "
      "INSERT INTO account SELECT 1 + a.d + 10 * b.d + 100 * c.d + 1000 * e.d AS id, " +
          each + " FROM digit a, digit b, digit c, digit e HAVING id <= " + rows,
      database);
  Ask(*postgresql_, "CREATE DATABASE " + database, "");
  Ask(*postgresql_, "CREATE TABLE account (id INT PRIMARY KEY, balance BIGINT NOT NULL)", database);
  Ask(*postgresql_,
      "INSERT INTO account SELECT id, " + each + " FROM generate_series(1, " + rows + ") id",
      database);
  Ask(*postgresql_, "VACUUM ANALYZE account", database);
}

std::string Bank::Durability() const {
  std::string text = "MariaDB";
  for (const char* name : {"innodb_flush_log_at_trx_commit", "log_bin", "sync_binlog"}) {
    text += std::string(" ") + name + "=" + One(*mariadb_, std::string("SELECT @@") + name, "");
  }
  text += "; PostgreSQL";
  for (const char* name : {"fsync", "synchronous_commit", "wal_sync_method"}) {
    text += std::string(" ") + name + "=" + One(*postgresql_, std::string("SHOW ") + name, "bench");
  }
  return text;
}

std::string Bank::Audit(int64_t moved, const std::string& database) const {
  const std::string total = "SELECT CAST(SUM(balance) AS CHAR(20)) FROM account";
  const bool settled = test::Eventually(std::chrono::seconds(20), [&] {
    return Ask(*mariadb_, "XA RECOVER", "").empty() &&
           One(*postgresql_, "SELECT count(*) FROM pg_prepared_xacts", "bench") == "0";
  });
  if (!settled) GiveUp("the audit failed: branches are left prepared");
  const int64_t taken = kAccounts * kEach - std::stoll(One(*mariadb_, total, database));
  const int64_t given = std::stoll(One(*postgresql_, total, database)) - kAccounts * kEach;
  const std::string found = Text(
      "%lld taken, %lld given, %lld reported committed, nothing left prepared",
      static_cast<long long>(taken), static_cast<long long>(given), static_cast<long long>(moved));
  if (taken != given || taken != moved) GiveUp("the audit failed: " + found);
  return found;
}

}  // namespace assent::bench
