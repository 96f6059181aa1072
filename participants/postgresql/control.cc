// SPDX-License-Identifier: Apache-2.0
// The SQL texts for the server, its other sessions, the list of prepared branches and the witness
// table.
#include "participants/postgresql/dialect.h"
#include "participants/postgresql/literals.h"

namespace assent::postgresql {
namespace {

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
// Without the right to read the control file: the address instead of the system identifier. When
// another server takes the address over, only its timeline and database oid differ.
#define ASSENT_STAMP_RESTRICTED                                                                   \
  "'postgresql/' || coalesce(host(inet_server_addr()) || ':' || inet_server_port(), 'local') || " \
  "'/' || CASE WHEN pg_is_in_recovery() THEN 'standby' "                                          \
  "ELSE left(pg_walfile_name(pg_current_wal_lsn()), 8) END || '/' || " ASSENT_STAMP_REST

// Two columns of text, and at the end the number of rows: a list that breaks off is never mistaken
// for a short one, whatever the driver returns.
#define ASSENT_COUNTED_BEGIN "WITH found(a, b) AS MATERIALIZED ("
#define ASSENT_COUNTED_END                                                                      \
  ") SELECT a, b FROM found UNION ALL SELECT NULL, count(*)::text FROM found ORDER BY 1 NULLS " \
  "LAST"

// Backend ids are reused: the start time, the user and the application name must match, too.
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
// committing then shows here although no standby has it.
constexpr const char* kNotEnding =
    " AND wait_event IS DISTINCT FROM 'SyncRep' AND NOT (state = 'active' AND (query LIKE "
    "'/* assent: ends */%' OR query LIKE 'COMMIT%' OR query LIKE 'PREPARE TRANSACTION %' OR "
    "query LIKE 'ROLLBACK PREPARED %'))";
}  // namespace

std::string PostgreSqlDialect::WhoAmI() const {
  return "SELECT pid::text, (extract(epoch from backend_start) * 1000000)::bigint::text, "
         "coalesce(client_port, 0), coalesce(inet_server_port(), 0) "
         "FROM pg_stat_activity WHERE pid = pg_backend_pid()";
}

std::string PostgreSqlDialect::Stamp() const { return "SELECT " ASSENT_STAMP_FULL; }
std::string PostgreSqlDialect::StampRestricted() const { return "SELECT " ASSENT_STAMP_RESTRICTED; }

std::string PostgreSqlDialect::List() const {
  return ASSENT_COUNTED_BEGIN
      "SELECT gid, owner::text FROM pg_prepared_xacts WHERE database = "
      "current_database()" ASSENT_COUNTED_END;
}

// Returns to the settings of the start-up packet. As a separate command it costs the server no more
// than SELECT 1; spelled out without DISCARD PLANS it costs half as much again.
std::string PostgreSqlDialect::Reset() const { return "DISCARD ALL"; }

// Commits wait for a standby in the order of their positions in the log.
std::string PostgreSqlDialect::Fence() const {
  return "SELECT pg_logical_emit_message(true, 'assent', '') "
         "WHERE current_setting('synchronous_standby_names') <> ''";
}

std::string PostgreSqlDialect::CancelStatement(const sql::SessionId& id) const {
  return "SELECT pg_cancel_backend(pid)" + Where(id, true) + kNotEnding;
}

std::string PostgreSqlDialect::EndSession(const sql::SessionId& id) const {
  return "SELECT pg_terminate_backend(pid)" + Where(id, true) + kNotEnding;
}

std::string PostgreSqlDialect::SessionExists(const sql::SessionId& id) const {
  return "SELECT count(*)::text" + Where(id, false);
}

// Counts them whatever the resource was called when they began.
std::string PostgreSqlDialect::SessionsBefore(const sql::SessionId& first,
                                              const std::vector<sql::SessionId>& known) const {
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

std::string PostgreSqlDialect::InstallWitness() const {
  return "CREATE TABLE IF NOT EXISTS assent_witness (xid text COLLATE \"C\" PRIMARY KEY, "
         "mark char(1) NOT NULL, created_at timestamptz NOT NULL)";
}

// One simple query is one transaction, which commits at its end; an error rolls all of it back. The
// lock timeout is local to it.
std::string PostgreSqlDialect::SettleWitness(const xa::Xid& xid) const {
  return "SELECT set_config('lock_timeout','1000',true); "
         "INSERT INTO assent_witness (xid, mark, created_at) VALUES (" +
         QuotedWitnessKey(xid) + ",'R',now())";
}

std::string PostgreSqlDialect::NoteStart(const xa::Xid& start) const {
  return "INSERT INTO assent_witness (xid, mark, created_at) VALUES (" + QuotedWitnessKey(start) +
         ",'S',now()) ON CONFLICT DO NOTHING";
}

// A row that was only read may be missing on every standby. Needs no right to UPDATE.
std::string PostgreSqlDialect::RewriteWitness(const xa::Xid& xid) const {
  return "WITH gone AS (DELETE FROM assent_witness WHERE xid = " + QuotedWitnessKey(xid) +
         " RETURNING xid, mark, created_at) INSERT INTO assent_witness (xid, mark, created_at) "
         "SELECT xid, mark, created_at FROM gone RETURNING mark::text";
}

std::string PostgreSqlDialect::Witnesses(const std::string& after, const std::string& below,
                                         uint32_t limit) const {
  return ASSENT_COUNTED_BEGIN "SELECT xid, mark::text FROM assent_witness WHERE xid > " +
         Quoted(after) + " AND xid < " + Quoted(below) + " ORDER BY xid LIMIT " +
         std::to_string(limit) + ASSENT_COUNTED_END;
}

std::optional<xa::Xid> PostgreSqlDialect::WitnessOf(const std::string& key) const {
  return xa::Xid::FromPostgreSql("assent-" + key);
}

std::string PostgreSqlDialect::PurgeWitness(const std::vector<xa::Xid>& xids) const {
  std::string text = "DELETE FROM assent_witness WHERE xid IN (";
  for (size_t i = 0; i < xids.size(); ++i) {
    text += (i == 0 ? "" : ",") + QuotedWitnessKey(xids[i]);
  }
  return text + ")";
}

}  // namespace assent::postgresql
