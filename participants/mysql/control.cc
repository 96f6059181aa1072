// SPDX-License-Identifier: Apache-2.0
// Lists prepared branches, acts on other sessions, and manages the witness table.
#include <algorithm>
#include <chrono>
#include <thread>

#include "base/bytes.h"
#include "base/random.h"
#include "participants/mysql/errors.h"
#include "participants/mysql/session.h"
#include "participants/mysql/settings.h"

namespace assent::mysql {
namespace {

bool IsNumber(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

constexpr int kLooks = 5;
constexpr auto kPause = std::chrono::milliseconds(2);
constexpr uint32_t kBlockedMs = 1'000;  // how long a lookup waits for a witness row

std::string SecondsText(uint32_t ms) { return std::to_string((ms + 999) / 1000); }

std::string KeyOf(const xa::Xid& xid) { return xid.gtrid_text() + xid.bqual_text(); }

std::optional<xa::Xid> XidOf(const Row& row) {
  if (row.size() < 4 || !row[0] || !row[1] || !row[2] || !row[3]) return std::nullopt;
  return xa::Xid::FromRecoverRow(*row[0], *row[1], *row[2], *row[3]);
}

}  // namespace

// The identity of the server may have changed since this session began: its row was installed or
// lost.
Result<xa::ScanResult> MySqlSession::List() {
  const Result<void> introduced = ReadIdentity();
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
  // An answer shows that this session is alive, so the server has not restarted since the session
  // began. If both sessions began in the same start, the id still means the same session; otherwise
  // the other one is gone. Without an answer, neither is known. The user is compared as an extra
  // check.
  const Result<std::string> count =
      OneValue("SELECT COUNT(*) FROM information_schema.processlist WHERE id = " + other.id +
               " AND user = SUBSTRING_INDEX(USER(), '@', 1)");
  if (!count) return count.error();
  return other.started == id_.started && *count != "0";
}

Result<void> MySqlSession::CancelStatement(const sql::SessionId& other) {
  const Result<bool> ours = IsOurs(other);
  if (!ours) return ours.error();
  if (!*ours) return Error{ErrorCode::kNotFound, "the session has ended"};
  const std::optional<ServerError> error = handle_->Do("KILL QUERY " + other.id);
  if (error && error->number == kNoSuchThread) return Error{ErrorCode::kNotFound, error->message};
  if (error) return ErrorOf(*error);
  return {};
}

Result<void> MySqlSession::EndSession(const sql::SessionId& other) {
  const Result<bool> ours = IsOurs(other);
  if (!ours) return ours.error();
  if (!*ours) return Error{ErrorCode::kNotFound, "the session has ended"};
  const std::optional<ServerError> error = handle_->Do("KILL " + other.id);
  if (error && error->number == kNoSuchThread) return Error{ErrorCode::kNotFound, error->message};
  if (error) return ErrorOf(*error);
  return {};
}

Result<bool> MySqlSession::IsGone(const sql::SessionId& other) {
  const Result<bool> ours = IsOurs(other);
  if (!ours) return ours.error();
  return !*ours;
}

// Connection ids only increase while the server runs.
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
  // This session is alive; if `first` began in another start, the server has restarted since.
  return first.started != id_.started || *count == "0";
}

// The statement is found by its text, with either spelling of the XID. Without the privilege
// PROCESS, only the sessions of the same user are shown, which an earlier process's are too.
Result<bool> MySqlSession::IsHidden(const xa::Xid& xid) {
  std::string sql =
      "SELECT COUNT(*) FROM information_schema.processlist WHERE id <> CONNECTION_ID() "
      "AND info LIKE '%XA%COMMIT%' AND info NOT LIKE 'SELECT%'";
  for (const std::string& part : {xid.gtrid_text(), xid.bqual_text()}) {
    sql +=
        " AND (LOCATE('" + part + "', info) > 0 OR LOCATE(HEX('" + part + "'), UPPER(info)) > 0)";
  }
  // A session shows its statement for a moment after it has answered.
  for (int look = 1;; ++look) {
    const Result<std::string> count = OneValue(sql);
    if (!count) return count.error();
    if (*count == "0") break;
    if (look == kLooks) return true;
    std::this_thread::sleep_for(kPause);
  }
  // A commit that failed since the list was made has left the branch prepared.
  const Result<std::vector<Row>> rows = Rows("XA RECOVER");
  if (!rows) return rows.error();
  return std::any_of(rows->begin(), rows->end(),
                     [&xid](const Row& row) { return XidOf(row) == xid; });
}

// A KILL QUERY that comes too late hits this statement instead of the next verb.
void MySqlSession::AfterCancel() { (void)handle_->Do("DO 0"); }

// A branch that still exists blocks the row: that is inconclusive, and not worth a long wait.
bool MySqlSession::WaitForRows(uint32_t ms) {
  return !handle_->Do("SET SESSION innodb_lock_wait_timeout = " + SecondsText(ms));
}

xa::Found MySqlSession::SettleWitness(const xa::Xid& xid) {
  if (!WaitForRows(kBlockedMs)) return xa::Found::kUnknown;
  const std::optional<ServerError> error =
      handle_->Do("INSERT INTO assent_witness (xid, mark) VALUES ('" + KeyOf(xid) + "', 'R')");
  xa::Found found = xa::Found::kUnknown;
  if (!error) {
    found = xa::Found::kWitnessRolledBack;
  } else if (error->number == kDuplicateKey) {
    found = FindRow(xid);
    if (found == xa::Found::kNotListed) found = xa::Found::kUnknown;  // it was there a moment ago
  }
  (void)WaitForRows(options_.lock_timeout_ms);
  return found;
}

xa::Found MySqlSession::ReadWitness(const xa::Xid& xid) {
  if (!WaitForRows(kBlockedMs)) return xa::Found::kUnknown;
  const xa::Found found = FindRow(xid);
  (void)WaitForRows(options_.lock_timeout_ms);
  return found;
}

// Locks the row: a transaction that is changing it is waited for.
xa::Found MySqlSession::FindRow(const xa::Xid& xid) {
  const Result<std::vector<Row>> rows =
      Rows("SELECT mark FROM assent_witness WHERE xid = '" + KeyOf(xid) + "' LOCK IN SHARE MODE");
  if (!rows) return xa::Found::kUnknown;
  if (rows->empty()) return xa::Found::kNotListed;
  const std::string mark = rows->front()[0].value_or("");
  if (mark == "C") return xa::Found::kWitnessCommitted;
  return mark == "R" ? xa::Found::kWitnessRolledBack : xa::Found::kUnknown;
}

Result<void> MySqlSession::NoteStart(const xa::Xid& start) {
  const std::optional<ServerError> error =
      handle_->Do("INSERT INTO assent_witness (xid, mark) VALUES ('" + KeyOf(start) + "', 'S')");
  if (error && error->number != kDuplicateKey) return ErrorOf(*error);
  return {};
}

Result<void> MySqlSession::PurgeWitness(const std::vector<xa::Xid>& xids) {
  if (xids.empty()) return {};
  std::string keys;
  for (const xa::Xid& xid : xids) keys += (keys.empty() ? "'" : ",'") + KeyOf(xid) + "'";
  const std::optional<ServerError> error =
      handle_->Do("DELETE FROM assent_witness WHERE xid IN (" + keys + ")");
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
                         row[1] == "R"});
  }
  return witnesses;
}

std::vector<std::string> InstallStatements() {
  const std::string random = ToHex(SystemRandom().Bytes(14));
  return {
      "CREATE TABLE IF NOT EXISTS assent_witness ("
      "xid VARCHAR(48) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY, "
      "mark CHAR(1) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, "
      "created_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)) ENGINE=InnoDB",
      std::string("INSERT INTO assent_witness (xid, mark) SELECT '") + kIdentityMark + random +
          "', 'I' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM assent_witness WHERE xid >= '" +
          kIdentityMark + "')"};
}

Result<std::string> MySqlSession::InstallWitness() {
  const Result<std::string> database = OneValue("SELECT DATABASE()");
  if (!database) return database.error();
  if (database->empty()) {
    return Error{ErrorCode::kInvalid,
                 "the resource's url names no database to install the witness table in"};
  }
  for (const std::string& sql : InstallStatements()) {
    const std::optional<ServerError> error = handle_->Do(sql);
    if (error) return ErrorOf(*error);
  }
  return "table assent_witness is in database " + *database;
}

}  // namespace assent::mysql
