// SPDX-License-Identifier: Apache-2.0
// PostgreSQL as a dialect: PREPARE TRANSACTION, and the meaning of its SQLSTATEs.
//
// Round trips of a branch (measured on the wire, psqlODBC 13.02; each text one simple query):
//   Begin    1   BEGIN …; SELECT set_config('assent.branch', gid, true), settings[; INSERT witness]
//   Run      1   a statement; with parameters parse, bind, execute and sync in one message
//   Prepare  1   SET CONSTRAINTS ALL IMMEDIATE; SELECT check; PREPARE TRANSACTION
//            2   if, as far as the client can tell, no statement has written (all gave columns)
//                and isolation is not SERIALIZABLE: SELECT check and
//                pg_current_xact_id_if_assigned(), then COMMIT (read-only) or PREPARE TRANSACTION
//   last resource      1   SELECT check, synchronous_commit; INSERT decision row;  then 1: COMMIT
//   declared read-only 1   SELECT check; COMMIT       one-phase 1   SELECT check; COMMIT
//   Commit   1   COMMIT PREPARED
//   RollBack 1   ROLLBACK, preceded by a check that the transaction is still ours
//   Reset    1   DISCARD ALL, off the critical path; 0 if no client's statement has run. It is also
//                sent after harmless statements: a trigger may have called set_config.
// Why check and PREPARE may be in one message: within one simple query the server skips everything
// after an error, and inside a transaction block the error also dooms the transaction. The check
// raises one (a cast that fails) unless `assent.branch` still holds the gid. That setting is local
// to the transaction, so any COMMIT or ROLLBACK by the client's SQL has removed it. In an aborted
// transaction the check fails with 25P02, so a PREPARE TRANSACTION that reports success but rolls
// back cannot happen. The check also requires that the branch belongs to the connection's user, and
// that client_encoding and standard_conforming_strings are unchanged. No savepoint and no further
// command is sent (Protocol=7.4-0).
//
// The witness row (assent_witness; key: gtrid-bqual, collation C): the branch writes mark C,
// settling writes mark R.
#pragma once

#include "participants/sql/dialect.h"

namespace assent::postgresql {

class PostgreSqlDialect final : public sql::Dialect {
 public:
  const char* name() const override { return "postgresql"; }
  sql::Grammar grammar() const override { return sql::Grammar::kPostgreSql; }
  const sql::SqlStates& states() const override;
  sql::VerbResult Judge(sql::Verb verb, const sql::ServerError& error) const override;

  std::string Begin(const xa::Xid& xid, const xa::BranchOptions& options, bool witness,
                    const sql::Baseline& baseline) const override;
  std::string CheckAndPrepare(const xa::Xid& xid, const sql::Baseline& baseline) const override;
  std::string CheckForWrites(const xa::Xid& xid, const sql::Baseline& baseline) const override;
  std::string CheckAndCommit(const xa::Xid& xid, const sql::Baseline& baseline) const override;
  std::string CheckAndDecide(const xa::Xid& xid, const sql::Baseline& baseline) const override;
  std::string Prepare(const xa::Xid& xid) const override;
  std::string Commit() const override { return "COMMIT"; }
  std::string RollBack() const override { return "ROLLBACK"; }
  std::string ReadGidAndRollBack() const override;
  std::string CommitPrepared(const xa::Xid& xid) const override;
  std::string RollBackPrepared(const xa::Xid& xid) const override;
  std::string Gid(const xa::Xid& xid) const override;
  bool MayNotify(std::string_view sql) const override;

  std::string WhoAmI() const override;
  std::string ReadSettings() const override;
  Result<sql::Baseline> BaselineOf(const std::vector<xa::Value>& row,
                                   const sql::ResourceOptions& options) const override;
  std::string Stamp() const override;
  std::string StampRestricted() const override;
  std::string List() const override;
  std::string Reset() const override;
  std::string Fence() const override;
  std::string ReadProbe() const override;
  Result<sql::Probe> ProbeOf(const std::vector<xa::Value>& row,
                             const std::string& user) const override;
  std::string CancelStatement(const sql::SessionId& session) const override;
  std::string EndSession(const sql::SessionId& session) const override;
  std::string SessionExists(const sql::SessionId& session) const override;
  std::string SessionsBefore(const sql::SessionId& first,
                             const std::vector<sql::SessionId>& known) const override;

  std::string InstallWitness() const override;
  std::string SettleWitness(const xa::Xid& xid) const override;
  std::string NoteStart(const xa::Xid& start) const override;
  std::string RewriteWitness(const xa::Xid& xid) const override;
  std::string Witnesses(const std::string& after, const std::string& below,
                        uint32_t limit) const override;
  std::optional<xa::Xid> WitnessOf(const std::string& key) const override;
  std::string PurgeWitness(const std::vector<xa::Xid>& xids) const override;
};

const sql::Dialect& PostgreSql();

}  // namespace assent::postgresql
