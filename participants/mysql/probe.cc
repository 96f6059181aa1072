// SPDX-License-Identifier: Apache-2.0
// Probes a server before it is used, and warns with the statement that fixes a missing requirement.
#include <utility>

#include "participants/mysql/errors.h"
#include "participants/mysql/session.h"

namespace assent::mysql {
namespace {

// How many tables one warning names.
constexpr size_t kTablesNamed = 10;

constexpr const char* kSystemSchemas =
    "('mysql', 'sys', 'information_schema', 'performance_schema')";

}  // namespace

Result<sql::Probe> MySqlSession::ProbeServer() {
  sql::Probe probe;
  Facts facts;
  facts.scan = scan_;
  probe.server_version = version_;
  probe.dialect = mariadb_ ? "mariadb" : "mysql";
  const Result<std::string> read_only = OneValue("SELECT @@read_only");
  if (!read_only) return read_only.error();
  probe.standby = *read_only != "0";
  Result<void> done = ProbeDurability(probe);
  if (done) done = ProbeTables(probe, facts);
  if (done) done = ProbeStoredCode(probe, facts);
  if (done && !mariadb_) done = ProbeMySql(probe);
  if (!done) return done.error();
  facts_->Set(std::move(facts));
  const Result<void> introduced = ReadIdentity();
  if (!introduced) return introduced.error();
  probe.stamp = stamp_;
  if (mariadb_) ProbeIdentity(probe);
  return probe;
}

void MySqlSession::ProbeIdentity(sql::Probe& probe) const {
  if (has_row_) return;
  if (probe.witness) {
    probe.warnings.push_back(
        "the row that identifies this server is missing from table assent_witness: it was deleted, "
        "or this is another server; if it is the right server, insert a new row with "
        "`assent resource install " +
        options_.name + "`");
  } else if (!has_created_) {
    probe.warnings.push_back(
        "nothing but its address identifies this server: after a restart it may be another one, "
        "and branches in doubt then become HAZARD; install the witness table with `assent resource "
        "install " +
        options_.name + "`, or GRANT SELECT (Host) ON mysql.global_priv TO the account");
  }
}

Result<void> MySqlSession::ProbeDurability(sql::Probe& probe) {
  const Result<std::vector<Row>> rows = Rows(
      "SELECT @@global.innodb_flush_log_at_trx_commit, @@global.log_bin, @@global.sync_binlog, "
      "@@global.binlog_format");
  if (!rows) return rows.error();
  if (rows->size() != 1) return Error{ErrorCode::kUnavailable, "the server's settings are unknown"};
  const auto value = [&rows](size_t i) { return rows->front()[i].value_or(""); };
  const bool flushed = value(0) == "1" || value(0) == "3";
  const bool binary_log = value(1) == "1";
  const bool binary_log_synced = !binary_log || value(2) == "1";
  if (!flushed) {
    probe.not_durable = "innodb_flush_log_at_trx_commit is " + value(0) +
                        ": a crash may lose prepared and committed branches; "
                        "SET GLOBAL innodb_flush_log_at_trx_commit = 1";
    probe.warnings.push_back(probe.not_durable);
  }
  if (!binary_log_synced) {
    probe.warnings.push_back("sync_binlog is " + value(2) +
                             ": a crash may lose prepared branches from the binary log; "
                             "SET GLOBAL sync_binlog = 1");
    if (flushed) probe.not_durable = probe.warnings.back();
  }
  if (binary_log && value(3) == "STATEMENT") {
    probe.warnings.push_back(
        "binlog_format is STATEMENT: writes under READ COMMITTED are refused (1665); "
        "SET GLOBAL binlog_format = 'MIXED'");
  }
  probe.keeps_prepared = mariadb_ && flushed && binary_log_synced;
  return {};
}

Result<void> MySqlSession::ProbeTables(sql::Probe& probe, Facts& facts) {
  const Result<std::vector<Row>> rows = Rows(
      "SELECT t.TABLE_NAME, t.ENGINE, COALESCE(e.TRANSACTIONS, 'NO') = 'YES' "
      "FROM information_schema.TABLES t "
      "LEFT JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE "
      "WHERE t.TABLE_SCHEMA = DATABASE() AND t.TABLE_TYPE = 'BASE TABLE' "
      "AND (COALESCE(e.TRANSACTIONS, 'NO') <> 'YES' OR t.TABLE_NAME = 'assent_witness')");
  if (!rows) return rows.error();
  std::string names;
  size_t count = 0;
  for (const Row& row : *rows) {
    const std::string name = row[0].value_or("");
    if (name == "assent_witness" && row[2] == "1") {
      facts.witness = true;
      continue;
    }
    std::string lower = name;
    for (char& c : lower) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    }
    facts.without_transactions.insert(std::move(lower));
    if (++count <= kTablesNamed) {
      names += (names.empty() ? "" : ", ") + name + " (" + row[1].value_or("?") + ")";
    }
  }
  probe.witness = facts.witness;
  if (count > 0) {
    probe.warnings.push_back(std::to_string(count) +
                             " non-transactional tables keep changes after a roll-back: " + names +
                             (count > kTablesNamed ? ", …" : "") +
                             "; ALTER TABLE … ENGINE = InnoDB");
  }
  return {};
}

// Determines whether plain statements can leave something in a session: see Reset.
Result<void> MySqlSession::ProbeStoredCode(sql::Probe& probe, Facts& facts) {
  const Result<std::string> seen = OneValue(
      std::string("SELECT (SELECT COUNT(*) FROM information_schema.TRIGGERS "
                  "WHERE TRIGGER_SCHEMA NOT IN ") +
      kSystemSchemas +
      ") + (SELECT COUNT(*) FROM information_schema.ROUTINES WHERE ROUTINE_TYPE = 'FUNCTION' "
      "AND ROUTINE_SCHEMA NOT IN " +
      kSystemSchemas + ")");
  if (!seen) return seen.error();
  const Result<std::string> privileges = OneValue(
      "SELECT COUNT(DISTINCT PRIVILEGE_TYPE) FROM ("
      "SELECT PRIVILEGE_TYPE FROM information_schema.USER_PRIVILEGES "
      "UNION SELECT PRIVILEGE_TYPE FROM information_schema.SCHEMA_PRIVILEGES "
      "WHERE TABLE_SCHEMA = DATABASE()) p WHERE PRIVILEGE_TYPE IN ('TRIGGER', 'EXECUTE')");
  if (!privileges) return privileges.error();
  const bool blind = *privileges != "2";
  facts.stored_code = blind || *seen != "0";
  if (blind) {
    probe.warnings.push_back(
        "the account cannot see triggers and stored functions, so each connection is replaced "
        "after each branch; GRANT TRIGGER, EXECUTE ON the database TO the account");
  }
  return {};
}

Result<void> MySqlSession::ProbeMySql(sql::Probe& probe) {
  const Result<std::string> detaches = OneValue(
      "SELECT VARIABLE_VALUE FROM performance_schema.global_variables "
      "WHERE VARIABLE_NAME = 'xa_detach_on_prepare'");
  if (!detaches) return detaches.error();
  probe.detaches_on_prepare = *detaches == "ON";
  if (!probe.witness) {
    probe.warnings.push_back(
        "MySQL may lose prepared branches in a crash, so after one a commit whose answer was lost "
        "becomes HAZARD; install the witness table with `assent resource install " +
        options_.name + "`");
  }
  std::vector<Row> listed;
  const std::optional<ServerError> error = handle_->Query("XA RECOVER", listed);
  if (error && error->number == kXaRmErr) {
    probe.warnings.push_back(
        "the account may not list prepared branches, so nothing can be recovered; "
        "GRANT XA_RECOVER_ADMIN ON *.* TO the account");
    return {};
  }
  if (error) return Error{ErrorCode::kUnavailable, error->message};
  const Result<std::string> binary_log = OneValue("SELECT @@global.log_bin");
  if (!binary_log) return binary_log.error();
  for (const Row& row : listed) {
    if (*binary_log == "1" && !row.empty() && row[0] != std::to_string(xa::kFormatId)) {
      probe.warnings.push_back(
          "the binary log contains prepared branches with other format ids: this server may lose "
          "prepared branches in a crash; finish them with XA COMMIT or XA ROLLBACK");
      break;
    }
  }
  return {};
}

}  // namespace assent::mysql
