// SPDX-License-Identifier: Apache-2.0
#include "participants/generic/sqlite.h"

#include <sys/stat.h>

#include <algorithm>

#include "base/number.h"

namespace assent::generic {
namespace {

using core::Reason;
using xa::Code;

// Primary result codes (sqlite.org/rescode.html); the driver returns them as the native code.
enum Native : int32_t {
  kError = 1,
  kBusy = 5,
  kLocked = 6,
  kNoMemory = 7,
  kReadOnly = 8,
  kInterrupt = 9,
  kIoError = 10,
  kCorrupt = 11,
  kFull = 13,
  kCannotOpen = 14,
  kConstraint = 19,
  kMisuse = 21,
  kNotADatabase = 26
};

constexpr const char* kGuard = "assent_branch";

Error Unavailable(std::string message) { return {ErrorCode::kUnavailable, std::move(message)}; }

std::string TextOf(const xa::Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* number = std::get_if<int64_t>(&value)) return std::to_string(*number);
  return {};
}

}  // namespace

odbc::OdbcResult Sqlite::Send(const std::string& sql) {
  return connection_.Execute(sql, {options_.call_timeout_ms, 0, 0});
}

Result<std::string> Sqlite::Ask(const std::string& sql) {
  const odbc::OdbcResult answer = Send(sql);
  if (!answer.ok()) return Unavailable(answer.error.message);
  if (answer.results.empty() || answer.results[0].rows.size() != 1) {
    return Unavailable("the answer to " + sql + " is malformed");
  }
  return TextOf(answer.results[0].rows[0][0]);
}

Result<void> Sqlite::SetUp() {
  const Result<void> place = CheckPlace();
  if (!place) return place.error();
  WaitForLocks(options_.lock_timeout_ms);
  if (const auto set = Send("PRAGMA synchronous = FULL"); !set.ok()) {
    return Unavailable(set.error.message);
  }
  // Reads the file for the first time: fails if it is not a database.
  const Result<std::string> read = Ask("PRAGMA schema_version");
  if (!read) return Unavailable("cannot open the database " + file_ + ": " + read.error().message);
  return CheckPlace();
}

Result<void> Sqlite::CheckPlace() {
  struct stat found {};
  if (stat(file_.c_str(), &found) != 0) {
    return Unavailable("the database file " + file_ + " is not there any more");
  }
  if (FileId{found.st_dev, found.st_ino} == opened_) return {};
  return Unavailable("the database file " + file_ + " was replaced by another one");
}

odbc::OdbcResult Sqlite::Begin(xa::Isolation /*isolation*/) {  // it is always serializable
  odbc::OdbcResult begun = Send("BEGIN IMMEDIATE");
  if (!begun.ok()) return begun;
  odbc::OdbcResult guard = Send(std::string("SAVEPOINT ") + kGuard);
  if (!guard.ok()) (void)Send("ROLLBACK");
  return guard;
}

odbc::OdbcResult Sqlite::End(bool commit) { return Send(commit ? "COMMIT" : "ROLLBACK"); }

// The savepoint ends with the transaction; a new transaction has none.
Open Sqlite::CheckOpen() {
  const odbc::OdbcResult released = Send(std::string("RELEASE ") + kGuard);
  if (!released.ok()) return released.error.number == kError ? Open::kNo : Open::kUnknown;
  return Send(std::string("SAVEPOINT ") + kGuard).ok() ? Open::kYes : Open::kUnknown;
}

Result<std::string> Sqlite::WhyNotDurable() {
  const Result<std::string> synchronous = Ask("PRAGMA synchronous");
  if (!synchronous) return synchronous.error();
  if (*synchronous != "2" && *synchronous != "3") {
    return "synchronous is " + *synchronous +
           ": a crash may lose a commit; PRAGMA synchronous = FULL has no effect on this "
           "connection";
  }
  const Result<std::string> journal = Ask("PRAGMA journal_mode");
  if (!journal) return journal.error();
  if (*journal == "off" || *journal == "memory") {
    return "journal_mode is " + *journal +
           ": a crash may leave half a transaction; PRAGMA journal_mode = DELETE";
  }
  return std::string();
}

std::optional<uint64_t> Sqlite::Changed() {
  const Result<std::string> count = Ask("SELECT changes()");
  if (!count) return std::nullopt;
  const auto number = ParseNumber<uint64_t>(*count);
  return number ? std::optional<uint64_t>(*number) : std::nullopt;
}

// The driver retries once, so that it waits twice as long.
void Sqlite::WaitForLocks(uint32_t timeout_ms) {
  (void)Send("PRAGMA busy_timeout = " + std::to_string(std::max(1u, timeout_ms / 2)));
}

Meaning Sqlite::MeaningOf(const sql::ServerError& error) const {
  switch (error.number) {
    case kBusy:
    case kLocked: return {Code::kRbTimeout, Reason::kLockTimeout, true, false};
    case kNoMemory:
    case kReadOnly:
    case kFull: return {Code::kRbTransient, Reason::kUnavailable, true, false};
    case kIoError:
    case kCorrupt:
    case kCannotOpen:
    case kMisuse:
    case kNotADatabase: return {Code::kRbTransient, Reason::kUnavailable, true, true};
    case kConstraint: return {Code::kRbIntegrity, Reason::kSqlError, false, false};
    default: return {};
  }
}

bool Sqlite::IsDuplicate(const sql::ServerError& error) const {
  return error.number == kConstraint && error.message.find("UNIQUE") != std::string::npos;
}

// After BUSY the transaction is still open, and so it is after a deferred foreign key has failed.
// After any other error the state of the file is not known.
bool Sqlite::IsNotCommitted(const sql::ServerError& error) const {
  return error.number == kBusy || error.number == kConstraint;
}

// Writes a value that is already there, and rolls back: the file, its directory (for the journal)
// and the file system must be writable.
Result<std::string> Sqlite::WhyReadOnly() {
  const Result<std::string> version = Ask("PRAGMA user_version");
  if (!version) return version.error();
  odbc::OdbcResult written = Send("BEGIN IMMEDIATE");
  if (written.ok()) {
    written = Send("PRAGMA user_version = " + *version);
    (void)Send("ROLLBACK");
  }
  if (written.ok() || written.error.number == kBusy) return std::string();
  return "nothing can be written into the database " + file_ + " (" + written.error.message +
         "): give the daemon's user the right to write the file and its directory";
}

Result<void> Sqlite::Examine(sql::Probe& probe) {
  const Result<std::string> version = Ask("SELECT sqlite_version()");
  if (!version) return version.error();
  probe.server_version = *version;
  Result<std::string> lossy = WhyNotDurable();
  if (!lossy) return lossy.error();
  probe.not_durable = std::move(*lossy);
  if (!probe.not_durable.empty()) probe.warnings.push_back(probe.not_durable);
  const Result<std::string> read_only = WhyReadOnly();
  if (!read_only) return read_only.error();
  probe.standby = !read_only->empty();
  if (probe.standby) {
    probe.warnings.push_back(*read_only);
    probe.not_durable = *read_only;
  }
  return {};
}

}  // namespace assent::generic
