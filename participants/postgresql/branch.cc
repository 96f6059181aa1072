// SPDX-License-Identifier: Apache-2.0
// The SQL texts of a branch: begin, check, prepare, commit, roll back.
#include <algorithm>

#include "participants/postgresql/dialect.h"
#include "participants/postgresql/guard.h"
#include "participants/postgresql/literals.h"
#include "participants/postgresql/settings.h"

namespace assent::postgresql {
namespace {

const char* Level(xa::Isolation isolation) {
  switch (isolation) {
    case xa::Isolation::kReadCommitted: return "READ COMMITTED";
    case xa::Isolation::kRepeatableRead: return "REPEATABLE READ";
    case xa::Isolation::kSerializable: return "SERIALIZABLE";
  }
  return "SERIALIZABLE";
}

// Deferred constraints, and deferred triggers, which may do anything, run before the check.
constexpr const char* kDeferredNow = "/* assent: ends */ SET CONSTRAINTS ALL IMMEDIATE; ";

}  // namespace

std::string PostgreSqlDialect::Gid(const xa::Xid& xid) const { return xid.ToPostgreSql(); }

std::string PostgreSqlDialect::Begin(const xa::Xid& xid, const xa::BranchOptions& options,
                                     bool witness, const sql::Baseline& baseline) const {
  std::string text =
      std::string("BEGIN ISOLATION LEVEL ") + Level(options.isolation) +
      (options.read_only ? " READ ONLY" : " READ WRITE") + "; SELECT set_config('assent.branch'," +
      Quoted(Gid(xid)) + ",true), " +
      Require(kSettings + (" = " + Quoted(baseline.settings)), Quoted(kOtherSettingsMarker));
  if (witness && !options.read_only) {
    text += "; INSERT INTO assent_witness (xid, mark, created_at) VALUES (" +
            QuotedWitnessKey(xid) + ",'C',now())";
  }
  return text;
}

std::string PostgreSqlDialect::Prepare(const xa::Xid& xid) const {
  return "PREPARE TRANSACTION " + Quoted(Gid(xid));
}

std::string PostgreSqlDialect::CheckAndPrepare(const xa::Xid& xid,
                                               const sql::Baseline& baseline) const {
  return std::string(kDeferredNow) + "SELECT " + RequireOwnBranch(xid, baseline) + "; " +
         Prepare(xid);
}

// The client's SQL may have switched synchronous_commit off. A stricter setting is kept.
std::string PostgreSqlDialect::CheckAndDecide(const xa::Xid& xid,
                                              const sql::Baseline& baseline) const {
  return std::string(kDeferredNow) + "SELECT " + RequireOwnBranch(xid, baseline) +
         ", set_config('synchronous_commit', CASE WHEN current_setting('synchronous_commit') "
         "IN ('off', 'local', 'remote_write') THEN 'on' "
         "ELSE current_setting('synchronous_commit') END, true); "
         "INSERT INTO assent_witness (xid, mark, created_at) VALUES (" +
         QuotedWitnessKey(xid) + ",'C',now())";
}

std::string PostgreSqlDialect::CheckForWrites(const xa::Xid& xid,
                                              const sql::Baseline& baseline) const {
  return std::string(kDeferredNow) + "SELECT pg_current_xact_id_if_assigned() IS NULL, " +
         RequireOwnBranch(xid, baseline);
}

std::string PostgreSqlDialect::CheckAndCommit(const xa::Xid& xid,
                                              const sql::Baseline& baseline) const {
  return std::string(kDeferredNow) + "SELECT " + RequireOwnBranch(xid, baseline) + "; COMMIT";
}

std::string PostgreSqlDialect::ReadGidAndRollBack() const {
  return "SELECT current_setting('assent.branch',true); ROLLBACK";
}

std::string PostgreSqlDialect::CommitPrepared(const xa::Xid& xid) const {
  return "COMMIT PREPARED " + Quoted(Gid(xid));
}

std::string PostgreSqlDialect::RollBackPrepared(const xa::Xid& xid) const {
  return "ROLLBACK PREPARED " + Quoted(Gid(xid));
}

// A notification is sent with the commit of a transaction and does not count as a write. The
// function's name in the text is the only sign of it.
bool PostgreSqlDialect::MayNotify(std::string_view sql) const {
  constexpr std::string_view kNotify = "pg_notify";
  return std::search(sql.begin(), sql.end(), kNotify.begin(), kNotify.end(), [](char a, char b) {
           return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
         }) != sql.end();
}

}  // namespace assent::postgresql
