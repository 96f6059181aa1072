// SPDX-License-Identifier: Apache-2.0
#include "participants/mysql/settings.h"

#include "participants/mysql/warnings.h"

namespace assent::mysql {
namespace {

std::string LockSeconds(const sql::ResourceOptions& options) {
  return std::to_string((options.lock_timeout_ms + 999) / 1000);
}

std::string RowLimit(const sql::ResourceOptions& options) {
  return std::to_string(uint64_t{options.max_rows} + 1);
}

}  // namespace

// MariaDB and MySQL have different names for the isolation variable: each reads only its own kind
// of executable comment.
std::vector<Setting> SettingsOf(const sql::ResourceOptions& options) {
  return {
      {"character_set_client", "@@character_set_client", "utf8mb4"},
      {"character_set_connection", "@@character_set_connection", "utf8mb4"},
      {"character_set_results", "@@character_set_results", "utf8mb4"},
      {"autocommit", "@@autocommit", "1"},
      {"transaction isolation", "/*M! @@tx_isolation */ /*!80000 @@transaction_isolation */",
       "READ-COMMITTED"},
      {"transaction read only", "/*M! @@tx_read_only */ /*!80000 @@transaction_read_only */", "0"},
      {"innodb_lock_wait_timeout", "@@innodb_lock_wait_timeout", LockSeconds(options)},
      {"lock_wait_timeout", "@@lock_wait_timeout", LockSeconds(options)},
      {"sql_select_limit", "@@sql_select_limit", RowLimit(options)}};
}

std::vector<std::string> SetStatements(const sql::ResourceOptions& options) {
  return {"SET NAMES utf8mb4", "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE",
          "SET SESSION autocommit = 1, innodb_lock_wait_timeout = " + LockSeconds(options) +
              ", lock_wait_timeout = " + LockSeconds(options) +
              ", sql_select_limit = " + RowLimit(options)};
}

std::string SetKeptWarnings() {
  return "SET SESSION max_error_count = " + std::to_string(kMostKeptWarnings);
}

std::string SetAfterStoredCode(bool may_set_kept_warnings) {
  if (!may_set_kept_warnings) return "SET NAMES utf8mb4";
  return "SET NAMES utf8mb4, SESSION max_error_count = " + std::to_string(kMostKeptWarnings);
}

std::string ReadStatement(const std::vector<Setting>& settings) {
  std::string sql = "SELECT ";
  for (const Setting& setting : settings) {
    if (&setting != &settings.front()) sql += ", ";
    sql += setting.read;
  }
  return sql;
}

Result<void> CheckSettings(const std::vector<Setting>& settings, const Row& row) {
  if (row.size() != settings.size()) {
    return Error{ErrorCode::kUnavailable, "the server did not report the session's settings"};
  }
  for (size_t i = 0; i < settings.size(); ++i) {
    const std::string is = row[i].value_or("NULL");
    if (is == settings[i].wanted) continue;
    return Error{ErrorCode::kUnavailable,
                 std::string("the session's ") + settings[i].name + " is " + is +
                     " although it was set to " + settings[i].wanted +
                     "; a proxy that answers SET itself must pass it on to the server, or the "
                     "resource's url must name the server itself"};
  }
  return {};
}

}  // namespace assent::mysql
