// SPDX-License-Identifier: Apache-2.0
// Connecting, other sessions, the list of prepared branches, the witness table.
#include "participants/mysql/session.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <utility>

#include "base/bytes.h"
#include "base/random.h"
#include "participants/mysql/connector_wire.h"
#include "participants/mysql/errors.h"
#include "participants/mysql/mariadb_wire.h"
#include "participants/mysql/settings.h"
#include "participants/sql/socket.h"

namespace assent::mysql {
namespace {

// Sorts behind every key of a branch, which is hexadecimal.
constexpr char kIdentityMark = '~';

// When the server's files were created. Of the system tables this one is not rewritten by
// mysql_upgrade, and its time is in the table, where a copy of the files keeps it. NULL where the
// account has no privilege on it.
constexpr const char* kCreated =
    "(SELECT UNIX_TIMESTAMP(CREATE_TIME) FROM information_schema.TABLES "
    "WHERE TABLE_SCHEMA = 'mysql' AND TABLE_NAME = 'global_priv')";

Error ErrorOf(const ServerError& error) {
  return {IsLost(error.number) ? ErrorCode::kUnavailable : ErrorCode::kInvalid,
          error.message + " (" + std::to_string(error.number) + ")"};
}

Result<std::string> Password(const sql::ResourceOptions& options) {
  if (options.password_file.empty()) return options.password;
  std::ifstream file(options.password_file, std::ios::binary);
  if (!file) {
    return Error{ErrorCode::kUnavailable,
                 "the password file " + options.password_file + " cannot be read"};
  }
  std::string text{std::istreambuf_iterator<char>(file), {}};
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

bool IsNumber(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

uint64_t NumberOf(const std::string& text) {
  uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::string SecondsText(uint32_t ms) { return std::to_string((ms + 999) / 1000); }

std::string KeyOf(const xa::Xid& xid) { return xid.gtrid_text() + xid.bqual_text(); }

bool Holds(const std::string& list, const std::string& word) {
  return ("," + list + ",").find("," + word + ",") != std::string::npos;
}

std::optional<xa::Xid> XidOf(const Row& row) {
  if (row.size() < 4 || !row[0] || !row[1] || !row[2] || !row[3]) return std::nullopt;
  return xa::Xid::FromRecoverRow(*row[0], *row[1], *row[2], *row[3]);
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
  wire_.reset();
  const Result<std::string> password = Password(options_);
  if (!password) return password.error();
  Result<std::unique_ptr<Wire>> wire = library_ == Library::kMariaDb
                                           ? ConnectByMariaDb(options_, *password)
                                           : ConnectByConnector(options_, *password);
  if (!wire) return wire.error();
  wire_ = std::move(*wire);
  const Result<void> settled = SetUp();
  if (!settled) return settled.error();
  if (!wire_->severable()) {
    const Result<void> found = FindSocket();
    if (!found) return found.error();
  }
  return Introduce();
}

Result<void> MySqlSession::SetUp() {
  for (const std::string& sql : SetStatements(options_)) {
    const std::optional<ServerError> error = wire_->Do(sql);
    if (!error) continue;
    const Error refused = ErrorOf(*error);
    return Error{refused.code, "the server refuses a setting that a session needs (" + sql +
                                   "): " + refused.message};
  }
  const std::vector<Setting> settings = SettingsOf(options_);
  Result<std::vector<Row>> rows =
      Rows(ReadStatement(settings) + ", " + std::string(kServersSettings));
  if (!rows) return rows.error();
  if (rows->size() != 1 || rows->front().size() != settings.size() + 1) {
    return CheckSettings(settings, {});
  }
  Row row = std::move(rows->front());
  servers_settings_ = facts_->NoteServersSettings(row.back().value_or(""));
  row.pop_back();
  return CheckSettings(settings, row);
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
  wire_->OwnSocket(sql::FindSocket(port(0), port(1)));
  return {};
}

Result<void> MySqlSession::Introduce() {
  Result<std::string> version = OneValue("SELECT VERSION()");
  if (!version) return version.error();
  version_ = std::move(*version);
  mariadb_ = version_.find("MariaDB") != std::string::npos;
  const std::string status = mariadb_ ? "information_schema" : "performance_schema";
  const Result<std::vector<Row>> rows =
      Rows(std::string("SELECT CONNECTION_ID(), @@hostname, @@port, @@server_id, @@sql_mode, ") +
           (mariadb_ ? kCreated : "@@server_uuid") +
           ", UNIX_TIMESTAMP() - MAX(CASE VARIABLE_NAME WHEN 'Uptime' THEN VARIABLE_VALUE END), "
           "MAX(CASE VARIABLE_NAME WHEN 'Innodb_lsn_flushed' THEN VARIABLE_VALUE END) FROM " +
           status + ".global_status WHERE VARIABLE_NAME IN ('Uptime', 'Innodb_lsn_flushed')");
  if (!rows) return rows.error();
  if (rows->size() != 1 || (*rows)[0].size() != 8) {
    return Error{ErrorCode::kUnavailable, "the server does not say who it is"};
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

// Only where there can be no row it is not there: whatever else went wrong says nothing.
Result<std::string> MySqlSession::ReadIdentityRow() {
  std::vector<Row> rows;
  const std::optional<ServerError> error = wire_->Query(
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
  const std::optional<ServerError> error = wire_->Query(sql, rows);
  if (error) return ErrorOf(*error);
  return rows;
}

Result<std::string> MySqlSession::OneValue(const std::string& sql) {
  Result<std::vector<Row>> rows = Rows(sql);
  if (!rows) return rows.error();
  if (rows->empty() || rows->front().empty()) return std::string();
  return std::move(rows->front().front()).value_or("");
}

// Who the server is may have changed since this session began: its row was installed, or lost.
Result<xa::ScanResult> MySqlSession::List() {
  const Result<void> introduced = Introduce();
  if (!introduced) return introduced.error();
  const Result<std::string> read_only = OneValue("SELECT @@read_only");
  if (!read_only) return read_only.error();
  const Result<std::string> servers = OneValue("SELECT " + std::string(kServersSettings));
  if (!servers) return servers.error();
  facts_->NoteServersSettings(*servers);
  const Result<std::vector<Row>> rows = Rows("XA RECOVER");
  if (!rows) return rows.error();
  xa::ScanResult result;
  result.complete = true;
  result.standby = *read_only != "0";
  result.stamp = stamp_;
  for (const Row& row : *rows) {
    if (const auto xid = XidOf(row)) {
      result.listed.push_back({*xid, ""});
    } else {
      ++result.foreign;
    }
  }
  return result;
}

Result<bool> MySqlSession::IsOurs(const sql::SessionId& other) {
  if (!IsNumber(other.id)) return false;
  // An answer shows that this session lives, so that the server has not been restarted since it
  // began: the id is still the same session's where both began in one start, and the other is gone
  // where not. Without an answer neither is known. The user is compared for good measure.
  const Result<std::string> count =
      OneValue("SELECT COUNT(*) FROM information_schema.processlist WHERE id = " + other.id +
               " AND user = SUBSTRING_INDEX(USER(), '@', 1)");
  if (!count) return count.error();
  return other.started == id_.started && *count != "0";
}

Result<void> MySqlSession::CancelStatement(const sql::SessionId& other) {
  const Result<bool> ours = IsOurs(other);
  if (!ours) return ours.error();
  if (!*ours) return Error{ErrorCode::kNotFound, "that session is gone"};
  const std::optional<ServerError> error = wire_->Do("KILL QUERY " + other.id);
  if (error && error->number == kNoSuchThread) return Error{ErrorCode::kNotFound, error->message};
  if (error) return ErrorOf(*error);
  return {};
}

Result<void> MySqlSession::EndSession(const sql::SessionId& other) {
  const Result<bool> ours = IsOurs(other);
  if (!ours) return ours.error();
  if (!*ours) return Error{ErrorCode::kNotFound, "that session is gone"};
  const std::optional<ServerError> error = wire_->Do("KILL " + other.id);
  if (error && error->number == kNoSuchThread) return Error{ErrorCode::kNotFound, error->message};
  if (error) return ErrorOf(*error);
  return {};
}

Result<bool> MySqlSession::IsGone(const sql::SessionId& other) {
  const Result<bool> ours = IsOurs(other);
  if (!ours) return ours.error();
  return !*ours;
}

// Connection ids only rise while the server runs.
Result<bool> MySqlSession::NoneBefore(const sql::SessionId& first,
                                      const std::vector<sql::SessionId>& known) {
  if (!IsNumber(first.id)) return false;
  std::string sql = "SELECT COUNT(*) FROM information_schema.processlist WHERE id < " + first.id +
                    " AND user = SUBSTRING_INDEX(USER(), '@', 1)";
  for (const sql::SessionId& other : known) {
    if (IsNumber(other.id)) sql += " AND id <> " + other.id;
  }
  const Result<std::string> count = OneValue(sql);
  if (!count) return count.error();
  // This session lives; where it began in another start, the server has been restarted since.
  return first.started != id_.started || *count == "0";
}

// A KILL QUERY that came too late hits this instead of the next verb.
void MySqlSession::AfterCancel() { (void)wire_->Do("DO 0"); }

xa::Found MySqlSession::SettleWitness(const xa::Xid& xid) {
  // A branch that still stands blocks the insert: that is no answer, and not worth a long wait.
  if (wire_->Do("SET SESSION innodb_lock_wait_timeout = 1")) return xa::Found::kUnknown;
  const std::optional<ServerError> error =
      wire_->Do("INSERT INTO assent_witness (xid, mark) VALUES ('" + KeyOf(xid) + "', 'R')");
  (void)wire_->Do("SET SESSION innodb_lock_wait_timeout = " +
                  SecondsText(options_.lock_timeout_ms));
  if (!error) return xa::Found::kWitnessRolledBack;
  if (error->number != kDuplicateKey) return xa::Found::kUnknown;
  const Result<std::string> mark =
      OneValue("SELECT mark FROM assent_witness WHERE xid = '" + KeyOf(xid) + "'");
  if (!mark) return xa::Found::kUnknown;
  if (*mark == "C") return xa::Found::kWitnessCommitted;
  return *mark == "R" ? xa::Found::kWitnessRolledBack : xa::Found::kUnknown;
}

Result<void> MySqlSession::PurgeWitness(const std::vector<xa::Xid>& xids) {
  if (xids.empty()) return {};
  std::string keys;
  for (const xa::Xid& xid : xids) keys += (keys.empty() ? "'" : ",'") + KeyOf(xid) + "'";
  const std::optional<ServerError> error =
      wire_->Do("DELETE FROM assent_witness WHERE xid IN (" + keys + ")");
  if (error) return ErrorOf(*error);
  return {};
}

Result<std::vector<sql::WitnessRow>> MySqlSession::Witnesses(const std::string& after,
                                                             const std::string& below,
                                                             uint32_t limit) {
  const Result<std::vector<Row>> rows =
      Rows("SELECT xid, mark FROM assent_witness WHERE xid > '" + after + "' AND xid < '" + below +
           "' ORDER BY xid LIMIT " + std::to_string(limit));
  if (!rows) return rows.error();
  std::vector<sql::WitnessRow> witnesses;
  for (const Row& row : *rows) {
    const std::string key = row[0].value_or("");
    const size_t gtrid = std::min(key.size(), 2 * core::Gtrid::kBytes);
    witnesses.push_back({key,
                         xa::Xid::FromParts(xa::kFormatId, key.substr(0, gtrid), key.substr(gtrid)),
                         row[1] == "C"});
  }
  return witnesses;
}

Result<std::string> MySqlSession::InstallWitness() {
  const Result<std::string> database = OneValue("SELECT DATABASE()");
  if (!database) return database.error();
  if (database->empty()) {
    return Error{ErrorCode::kInvalid, "the resource's url names no database to install into"};
  }
  const std::string random = ToHex(SystemRandom().Bytes(14));
  for (const std::string& sql :
       {std::string("CREATE TABLE IF NOT EXISTS assent_witness ("
                    "xid VARCHAR(48) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY, "
                    "mark CHAR(1) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, "
                    "created_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)) "
                    "ENGINE=InnoDB"),
        std::string("INSERT INTO assent_witness (xid, mark) SELECT '") + kIdentityMark + random +
            "', 'I' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM assent_witness WHERE xid >= '" +
            kIdentityMark + "')"}) {
    const std::optional<ServerError> error = wire_->Do(sql);
    if (error) return ErrorOf(*error);
  }
  return "table assent_witness is in database " + *database;
}

}  // namespace assent::mysql
