// SPDX-License-Identifier: Apache-2.0
#include "participants/odbc/postgresql.h"

#include <algorithm>
#include <iterator>

#include "participants/odbc/postgresql_judge.h"
#include "participants/odbc/postgresql_settings.h"

namespace assent::odbc {
namespace {

std::string Quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out.push_back(c);
    out.push_back(c);
  }
  return out + "'";
}

std::string Gid(const xa::Xid& xid) { return xid.ToPostgreSql(); }
std::string WitnessKey(const xa::Xid& xid) { return xid.gtrid_text() + "-" + xid.bqual_text(); }

const char* Level(xa::Isolation isolation) {
  switch (isolation) {
    case xa::Isolation::kReadCommitted: return "READ COMMITTED";
    case xa::Isolation::kRepeatableRead: return "REPEATABLE READ";
    case xa::Isolation::kSerializable: return "SERIALIZABLE";
  }
  return "SERIALIZABLE";
}

// An expression that is 1 where `condition` holds, and else fails; the error quotes `marker`. Built
// so that it cannot be folded while planning.
std::string Require(const std::string& condition, const std::string& marker) {
  return "CASE WHEN " + condition + " THEN 1 ELSE CAST(" + marker +
         " || left(coalesce(current_setting('assent.branch',true),''),0) AS integer) END";
}

std::string Begin(const xa::Xid& xid, const xa::BranchOptions& options, bool witness,
                  const Baseline& baseline) {
  std::string text = std::string("BEGIN ISOLATION LEVEL ") + Level(options.isolation) +
                     (options.read_only ? " READ ONLY" : " READ WRITE") +
                     "; SELECT set_config('assent.branch'," + Quoted(Gid(xid)) + ",true), " +
                     Require(kPostgreSqlSettings + (" = " + Quoted(baseline.settings)),
                             Quoted(kOtherSettingsMarker));
  if (witness && !options.read_only) {
    text += "; INSERT INTO assent_witness (xid, mark, created_at) VALUES (" +
            Quoted(WitnessKey(xid)) + ",'C',now())";
  }
  return text;
}

// The transaction is the one that began; it belongs to the connection's user, who may finish it
// once it is prepared; the server reads text as it is sent, and the driver can read its dates.
std::string Check(const xa::Xid& xid, const Baseline& baseline) {
  const std::string ours = "current_setting('assent.branch',true) = " + Quoted(Gid(xid));
  const std::string user = Quoted(baseline.user);
  const std::string owned = "session_user = " + user + " AND current_user = " + user;
  return Require(ours + " AND " + owned +
                     " AND current_setting('client_encoding') = 'UTF8' AND "
                     "current_setting('standard_conforming_strings') = 'on' AND "
                     "current_setting('DateStyle') LIKE 'ISO%'",
                 "CASE WHEN (" + ours + ") IS NOT TRUE THEN " + Quoted(kLeftBranchMarker) +
                     " WHEN NOT (" + owned + ") THEN " + Quoted(kOtherUserMarker) + " ELSE " +
                     Quoted(kOtherSettingsMarker) + " END");
}

std::string Prepare(const xa::Xid& xid) { return "PREPARE TRANSACTION " + Quoted(Gid(xid)); }
// What is deferred to the end (constraints, and triggers, which may do anything) is done in front
// of the check, not behind it.
constexpr const char* kDeferredNow = "/* assent: ends */ SET CONSTRAINTS ALL IMMEDIATE; ";
std::string CheckAndPrepare(const xa::Xid& xid, const Baseline& baseline) {
  return std::string(kDeferredNow) + "SELECT " + Check(xid, baseline) + "; " + Prepare(xid);
}
std::string CheckAndLook(const xa::Xid& xid, const Baseline& baseline) {
  return std::string(kDeferredNow) + "SELECT pg_current_xact_id_if_assigned() IS NULL, " +
         Check(xid, baseline);
}
std::string CheckAndCommit(const xa::Xid& xid, const Baseline& baseline) {
  return std::string(kDeferredNow) + "SELECT " + Check(xid, baseline) + "; COMMIT";
}
std::string LookAndRollBack() { return "SELECT current_setting('assent.branch',true); ROLLBACK"; }
std::string CommitPrepared(const xa::Xid& xid) { return "COMMIT PREPARED " + Quoted(Gid(xid)); }
std::string RollBackPrepared(const xa::Xid& xid) { return "ROLLBACK PREPARED " + Quoted(Gid(xid)); }

constexpr const char* kWhoAmI =
    "SELECT pid::text, (extract(epoch from backend_start) * 1000000)::bigint::text, "
    "coalesce(client_port, 0), coalesce(inet_server_port(), 0) "
    "FROM pg_stat_activity WHERE pid = pg_backend_pid()";

// The timeline of a primary is read from the log position: the control file's is older until the
// first checkpoint after a promotion.
#define ASSENT_STAMP_REST                                                             \
  "(SELECT oid::text FROM pg_database WHERE datname = current_database()) || '/' || " \
  "current_database(), "                                                              \
  "(extract(epoch from pg_postmaster_start_time()) * 1000000)::bigint::text, "        \
  "pg_is_in_recovery(), CASE WHEN NOT pg_is_in_recovery() "                           \
  "THEN (pg_current_wal_flush_lsn() - '0/0'::pg_lsn)::text END"
#define ASSENT_STAMP_FULL                                                                  \
  "'postgresql/' || (SELECT system_identifier::text FROM pg_control_system()) || '/' || "  \
  "CASE WHEN pg_is_in_recovery() THEN (SELECT timeline_id FROM pg_control_checkpoint()) "  \
  "ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int END || '/' " \
  "|| " ASSENT_STAMP_REST
// Without the right to read the control file: the address instead of the system identifier. It does
// not change when another server takes the address over, but for its timeline and database oid.
#define ASSENT_STAMP_RESTRICTED                                                                   \
  "'postgresql/' || coalesce(host(inet_server_addr()) || ':' || inet_server_port(), 'local') || " \
  "'/' || CASE WHEN pg_is_in_recovery() THEN 'standby' "                                          \
  "ELSE left(pg_walfile_name(pg_current_wal_lsn()), 8) END || '/' || " ASSENT_STAMP_REST

// Two columns of text, and at the end their number: a list that breaks off is never taken for a
// short one, whatever the driver makes of it.
#define ASSENT_COUNTED_BEGIN "WITH found(a, b) AS MATERIALIZED ("
#define ASSENT_COUNTED_END                                                                      \
  ") SELECT a, b FROM found UNION ALL SELECT NULL, count(*)::text FROM found ORDER BY 1 NULLS " \
  "LAST"

constexpr const char* kList = ASSENT_COUNTED_BEGIN
    "SELECT gid, owner::text FROM pg_prepared_xacts WHERE database = "
    "current_database()" ASSENT_COUNTED_END;

// Goes back to the settings of the start-up packet. As a command of its own it costs the server no
// more than SELECT 1; spelt out without DISCARD PLANS it costs half as much again.
constexpr const char* kReset = "DISCARD ALL";

// Commits in order of their position in the log wait for a standby in that order.
constexpr const char* kFence =
    "SELECT pg_logical_emit_message(true, 'assent', '') "
    "WHERE current_setting('synchronous_standby_names') <> ''";

constexpr const char* kProbe =
    "SELECT current_setting('server_version'), current_setting('max_prepared_transactions')::int, "
    "current_setting('fsync'), current_setting('full_page_writes'), "
    "current_setting('synchronous_commit'), pg_is_in_recovery(), "
    "current_setting('default_transaction_read_only'), "
    "to_regclass('assent_witness') IS NOT NULL, "
    "coalesce((SELECT bool_and(has_table_privilege(to_regclass('assent_witness'), p)) "
    "FROM unnest(ARRAY['SELECT','INSERT','DELETE']) p), false)";

Result<sql::Probe> ReadProbe(const std::vector<xa::Value>& row, const std::string& user) {
  if (row.size() != 9) return Error{ErrorCode::kUnavailable, "the probe has another shape"};
  const auto text = [&](size_t i) {
    const auto* value = std::get_if<std::string>(&row[i]);
    return value == nullptr ? std::string() : *value;
  };
  const auto yes = [&](size_t i) {
    const auto* value = std::get_if<bool>(&row[i]);
    return value != nullptr && *value;
  };
  if (const auto* slots = std::get_if<int64_t>(&row[1]); slots == nullptr || *slots <= 0) {
    return Error{ErrorCode::kUnavailable,
                 "PostgreSQL can prepare no transaction: max_prepared_transactions is 0; run "
                 "ALTER SYSTEM SET max_prepared_transactions = 200; and restart the server"};
  }
  sql::Probe probe;
  probe.server_version = text(0);
  probe.dialect = "postgresql";
  probe.detaches_on_prepare = true;
  probe.standby = yes(5);
  probe.witness = yes(7) && yes(8);
  probe.keeps_prepared = true;
  const auto must_be_on = [&](const char* name, const std::string& value, const char* mend) {
    if (value != "off") return;
    probe.keeps_prepared = false;
    probe.warnings.push_back(std::string(name) + " is off: a crash can lose what was committed; " +
                             mend);
  };
  must_be_on("fsync", text(2), "ALTER SYSTEM SET fsync = on; SELECT pg_reload_conf();");
  must_be_on("full_page_writes", text(3),
             "ALTER SYSTEM SET full_page_writes = on; SELECT pg_reload_conf();");
  const std::string mend = "ALTER ROLE \"" + user + "\" SET synchronous_commit = on;";
  must_be_on("synchronous_commit", text(4), mend.c_str());
  if (text(6) == "on" && !probe.standby) {
    probe.warnings.push_back(
        "default_transaction_read_only is on: somebody wants no writes here; ALTER SYSTEM SET "
        "default_transaction_read_only = off; SELECT pg_reload_conf();");
  }
  if (yes(7) && !yes(8)) {
    probe.warnings.push_back(
        "the witness table may not be used; GRANT SELECT, INSERT, DELETE ON "
        "assent_witness TO \"" +
        user + "\";");
  }
  return probe;
}

// Backend ids are used again: the start time, the user and the application's name must be ours too.
std::string Where(const sql::SessionId& id, bool mine) {
  std::string text = " FROM pg_stat_activity WHERE pid = " + Quoted(id.id) +
                     "::int AND (extract(epoch from backend_start) * 1000000)::bigint::text = " +
                     Quoted(id.started);
  if (mine) {
    text +=
        " AND usename = session_user AND application_name = current_setting("
        "'application_name')";
  }
  return text;
}
// A session that waits for a standby stops waiting when it is cancelled or ended: what it was
// committing then shows here, though no standby has it.
constexpr const char* kNotEnding =
    " AND wait_event IS DISTINCT FROM 'SyncRep' AND NOT (state = 'active' AND (query LIKE "
    "'/* assent: ends */%' OR query LIKE 'COMMIT%' OR query LIKE 'PREPARE TRANSACTION %' OR "
    "query LIKE 'ROLLBACK PREPARED %'))";
std::string CancelStatement(const sql::SessionId& id) {
  return "SELECT pg_cancel_backend(pid)" + Where(id, true) + kNotEnding;
}
std::string EndSession(const sql::SessionId& id) {
  return "SELECT pg_terminate_backend(pid)" + Where(id, true) + kNotEnding;
}
std::string SessionExists(const sql::SessionId& id) {
  return "SELECT count(*)::text" + Where(id, false);
}

// Whatever the resource was called when they began.
std::string SessionsBefore(const sql::SessionId& first, const std::vector<sql::SessionId>& known) {
  std::string text =
      "SELECT count(*)::text FROM pg_stat_activity WHERE datname = current_database() AND usename "
      "= "
      "session_user AND application_name LIKE 'assent/%' AND "
      "(extract(epoch from backend_start) * 1000000)::bigint < " +
      Quoted(first.started) + "::bigint";
  for (const sql::SessionId& other : known) {
    text += " AND NOT (pid = " + Quoted(other.id) +
            "::int AND (extract(epoch from backend_start) * 1000000)::bigint::text = " +
            Quoted(other.started) + ")";
  }
  return text;
}

constexpr const char* kInstallWitness =
    "CREATE TABLE IF NOT EXISTS assent_witness (xid text COLLATE \"C\" PRIMARY KEY, "
    "mark char(1) NOT NULL, created_at timestamptz NOT NULL)";

// One simple query is one transaction, which it commits by itself; an error rolls all of it back.
// The time-out is local to it.
std::string SettleWitness(const xa::Xid& xid) {
  return "SELECT set_config('lock_timeout','1000',true); "
         "INSERT INTO assent_witness (xid, mark, created_at) VALUES (" +
         Quoted(WitnessKey(xid)) + ",'R',now())";
}
// A row that was only read may be one that no standby has. Needs no right to UPDATE.
std::string RewriteWitness(const xa::Xid& xid) {
  return "WITH gone AS (DELETE FROM assent_witness WHERE xid = " + Quoted(WitnessKey(xid)) +
         " RETURNING xid, mark, created_at) INSERT INTO assent_witness (xid, mark, created_at) "
         "SELECT xid, mark, created_at FROM gone RETURNING mark::text";
}
std::string Witnesses(const std::string& after, const std::string& below, uint32_t limit) {
  return ASSENT_COUNTED_BEGIN "SELECT xid, mark::text FROM assent_witness WHERE xid > " +
         Quoted(after) + " AND xid < " + Quoted(below) + " ORDER BY xid LIMIT " +
         std::to_string(limit) + ASSENT_COUNTED_END;
}
std::optional<xa::Xid> WitnessOf(const std::string& key) {
  return xa::Xid::FromPostgreSql("assent-" + key);
}
std::string PurgeWitness(const std::vector<xa::Xid>& xids) {
  std::string text = "DELETE FROM assent_witness WHERE xid IN (";
  for (size_t i = 0; i < xids.size(); ++i) {
    text += (i == 0 ? "" : ",") + Quoted(WitnessKey(xids[i]));
  }
  return text + ")";
}

}  // namespace

const Dialect& PostgreSql() {
  static const Dialect dialect = {
      .name = "postgresql",
      .grammar = sql::Dialect::kPostgreSql,
      .connection = PostgreSqlConnection,
      .begin = Begin,
      .check_and_prepare = CheckAndPrepare,
      .check_and_look = CheckAndLook,
      .prepare = Prepare,
      .check_and_commit = CheckAndCommit,
      .look_and_roll_back = LookAndRollBack,
      .commit = "COMMIT",
      .roll_back = "ROLLBACK",
      .commit_prepared = CommitPrepared,
      .roll_back_prepared = RollBackPrepared,
      .gid = Gid,
      .no_transaction = "25P01",
      .already_in_transaction = "25001",
      .unique_violation = "23505",
      .wait_cancelled = "01000",
      .who_am_i = kWhoAmI,
      .baseline = kPostgreSqlBaseline,
      .read_baseline = ReadPostgreSqlBaseline,
      .stamp = "SELECT " ASSENT_STAMP_FULL,
      .stamp_restricted = "SELECT " ASSENT_STAMP_RESTRICTED,
      .list = kList,
      .reset = kReset,
      .fence = kFence,
      .probe = kProbe,
      .read_probe = ReadProbe,
      .cancel_statement = CancelStatement,
      .end_session = EndSession,
      .session_exists = SessionExists,
      .sessions_before = SessionsBefore,
      .install_witness = kInstallWitness,
      .settle_witness = SettleWitness,
      .rewrite_witness = RewriteWitness,
      .witnesses = Witnesses,
      .witness_of = WitnessOf,
      .purge_witness = PurgeWitness,
      .judge = JudgePostgreSql,
  };
  return dialect;
}

}  // namespace assent::odbc
