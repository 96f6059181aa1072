// SPDX-License-Identifier: Apache-2.0
// Connects a session: its settings, its socket and the server's identity.
#include "participants/mysql/session.h"

#include <charconv>
#include <utility>

#include "participants/mysql/connector_handle.h"
#include "participants/mysql/errors.h"
#include "participants/mysql/mariadb_handle.h"
#include "participants/mysql/settings.h"
#include "participants/sql/password.h"
#include "participants/sql/socket.h"

namespace assent::mysql {
namespace {

// When the server's files were created. Of the system tables, this is the one that mysql_upgrade
// does not rewrite; its creation time is in the table, so a copy of the files keeps it. NULL if the
// account has no privilege on it.
constexpr const char* kCreated =
    "(SELECT UNIX_TIMESTAMP(CREATE_TIME) FROM information_schema.TABLES "
    "WHERE TABLE_SCHEMA = 'mysql' AND TABLE_NAME = 'global_priv')";

uint64_t NumberOf(const std::string& text) {
  uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

bool Holds(const std::string& list, const std::string& word) {
  return ("," + list + ",").find("," + word + ",") != std::string::npos;
}

}  // namespace

Result<std::unique_ptr<sql::Session>> MySqlSession::Connect(const sql::ResourceOptions& options,
                                                            std::shared_ptr<SharedFacts> facts,
                                                            Library library) {
  std::unique_ptr<MySqlSession> session(new MySqlSession(options, std::move(facts), library));
  const Result<void> opened = session->Open();
  if (!opened) return opened.error();
  return std::unique_ptr<sql::Session>(std::move(session));
}

Result<void> MySqlSession::Open() {
  touched_ = unsettled_ = false;
  handle_.reset();
  const Result<std::string> password = sql::ReadPassword(options_);
  if (!password) return password.error();
  Result<std::unique_ptr<MySqlHandle>> handle = library_ == Library::kMariaDb
                                                    ? ConnectByMariaDb(options_, *password)
                                                    : ConnectByConnector(options_, *password);
  if (!handle) return handle.error();
  handle_ = std::move(*handle);
  const Result<void> settled = SetUp();
  if (!settled) return settled.error();
  if (!handle_->severable()) {
    const Result<void> found = FindSocket();
    if (!found) return found.error();
  }
  return ReadIdentity();
}

Result<void> MySqlSession::SetUp() {
  std::vector<std::string> statements = SetStatements(options_);
  statements.push_back(SetKeptWarnings());
  for (const std::string& sql : statements) {
    const std::optional<ServerError> error = handle_->Do(sql);
    if (!error) continue;
    if (error->number == kNeedsPrivilege && &sql == &statements.back()) {
      may_set_kept_ = false;
      continue;
    }
    const Error refused = ErrorOf(*error);
    return Error{refused.code, "the server rejected a setting that a session needs (" + sql +
                                   "): " + refused.message};
  }
  const std::vector<Setting> settings = SettingsOf(options_);
  Result<std::vector<Row>> rows =
      Rows(ReadStatement(settings) + ", @@max_error_count, " + std::string(kServersSettings));
  if (!rows) return rows.error();
  if (rows->size() != 1 || rows->front().size() != settings.size() + 2) {
    return CheckSettings(settings, {});
  }
  Row row = std::move(rows->front());
  kept_warnings_ = NumberOf(row[settings.size()].value_or(""));
  servers_settings_ = facts_->NoteServersSettings(row.back().value_or(""));
  row.resize(settings.size());
  return CheckSettings(settings, row);
}

Result<void> MySqlSession::ReadKeptWarnings() {
  if (may_set_kept_) return {};
  const Result<std::string> kept = OneValue("SELECT @@max_error_count");
  if (!kept) return kept.error();
  kept_warnings_ = NumberOf(*kept);
  return {};
}

Result<void> MySqlSession::FindSocket() {
  const Result<std::vector<Row>> rows = Rows(
      "SELECT SUBSTRING_INDEX(host, ':', -1), @@port FROM information_schema.processlist "
      "WHERE id = CONNECTION_ID()");
  if (!rows) return rows.error();
  if (rows->empty()) return {};
  const auto port = [&rows](size_t i) {
    uint16_t number = 0;
    const std::string text = rows->front()[i].value_or("");
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
  };
  handle_->OwnSocket(sql::FindSocket(port(0), port(1)));
  return {};
}

Result<void> MySqlSession::ReadIdentity() {
  Result<std::string> version = OneValue("SELECT VERSION()");
  if (!version) return version.error();
  version_ = std::move(*version);
  mariadb_ = version_.find("MariaDB") != std::string::npos;
  const std::string status = mariadb_ ? "information_schema" : "performance_schema";
  // MySQL before 8.0.30 does not tell.
  const std::string position =
      mariadb_ ? "'Innodb_lsn_flushed'" : "'Innodb_redo_log_flushed_to_disk_lsn'";
  const Result<std::vector<Row>> rows =
      Rows(std::string("SELECT CONNECTION_ID(), @@hostname, @@port, @@server_id, @@sql_mode, ") +
           (mariadb_ ? kCreated : "@@server_uuid") +
           ", UNIX_TIMESTAMP() - MAX(CASE VARIABLE_NAME WHEN 'Uptime' THEN VARIABLE_VALUE END), "
           "MAX(CASE VARIABLE_NAME WHEN " +
           position + " THEN VARIABLE_VALUE END) FROM " + status +
           ".global_status WHERE VARIABLE_NAME IN ('Uptime', " + position + ")");
  if (!rows) return rows.error();
  if (rows->size() != 1 || (*rows)[0].size() != 8) {
    return Error{ErrorCode::kUnavailable, "the server did not report its identity"};
  }
  const Row& row = (*rows)[0];
  const auto text = [&row](size_t i) { return row[i].value_or(""); };
  const std::string place = text(1) + ":" + text(2) + ":" + text(3);
  scan_.backslash_escapes = !Holds(text(4), "NO_BACKSLASH_ESCAPES");
  scan_.ansi_quotes = Holds(text(4), "ANSI_QUOTES");
  const std::string start = text(6).substr(0, text(6).find('.'));
  stamp_.started_at = start;
  stamp_.position = NumberOf(text(7));
  stamp_.identity = text(5);
  if (mariadb_) {
    const Result<std::string> installed = ReadIdentityRow();
    if (!installed) return installed.error();
    has_created_ = !text(5).empty();
    has_row_ = !installed->empty();
    stamp_.identity =
        place + (has_created_ ? "/" + text(5) : "") + (has_row_ ? ":" + *installed : "");
  }
  id_ = {text(0), place + "/" + start};
  return {};
}

// The row is absent only if it cannot exist; any other error proves nothing.
Result<std::string> MySqlSession::ReadIdentityRow() {
  std::vector<Row> rows;
  const std::optional<ServerError> error = handle_->Query(
      std::string("SELECT MIN(xid) FROM assent_witness WHERE xid >= '") + kIdentityMark + "'",
      rows);
  if (error) {
    const bool none = error->number == kNoSuchTable || error->number == kNoDatabase ||
                      error->number == kTableDenied;
    if (none) return std::string();
    return ErrorOf(*error);
  }
  const std::string key = rows.empty() ? "" : rows[0][0].value_or("");
  return key.size() > 1 ? key.substr(1) : "";
}

Result<std::vector<Row>> MySqlSession::Rows(const std::string& sql) {
  std::vector<Row> rows;
  const std::optional<ServerError> error = handle_->Query(sql, rows);
  if (error) return ErrorOf(*error);
  return rows;
}

Result<std::string> MySqlSession::OneValue(const std::string& sql) {
  Result<std::vector<Row>> rows = Rows(sql);
  if (!rows) return rows.error();
  if (rows->empty() || rows->front().empty()) return std::string();
  return std::move(rows->front().front()).value_or("");
}

}  // namespace assent::mysql
