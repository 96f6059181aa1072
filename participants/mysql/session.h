// SPDX-License-Identifier: Apache-2.0
// A session on MariaDB or MySQL: one XA branch at a time, in SQL.
//
// Contract: see sql/session.h. The session's default is READ COMMITTED, read-write; other options
// of a branch cost one more round trip. Reset describes what client SQL may leave in a session.
// Identity of a server: MySQL's server_uuid. MariaDB has none; there it is host name, port and
// server id, the creation time of its system tables (if the account may see it) and, once the
// witness table is installed, a random row in it. A copy of a data directory that is started in the
// same place is recognized only by its log, which is behind the original's. The start of a server
// is UNIX_TIMESTAMP() - Uptime of one statement. The server computes both from the same reading, so
// the start is constant; two starts within one second look the same.
// Ownership of the branch: the server itself refuses COMMIT and DDL inside it (1399), and XA END
// fails if a procedure has ended it. A procedure that ends it and starts one under the same XID,
// which it would have to know, is not noticed.
// Unresponsive server: Sever() works over TCP if the server sees the port that we use. Elsewhere
// the read timeout ends the wait; it is longer than the longest wait for a lock.
// Threads: one at a time; Sever() from any while a statement runs.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "participants/mysql/facts.h"
#include "participants/mysql/handle.h"
#include "participants/sql/resource_options.h"
#include "participants/sql/session.h"

namespace assent::mysql {

// Sorts after the key of every branch, which is hexadecimal.
inline constexpr char kIdentityMark = '~';

// What InstallWitness runs, in order.
std::vector<std::string> InstallStatements();

class MySqlSession final : public sql::Session {
 public:
  // The client library: only libmariadb's connections run clients' statements.
  enum class Library { kMariaDb, kConnector };
  static Result<std::unique_ptr<sql::Session>> Connect(const sql::ResourceOptions& options,
                                                       std::shared_ptr<SharedFacts> facts,
                                                       Library library);

  bool alive() const override { return handle_->alive(); }
  sql::SessionId id() const override { return id_; }
  xa::ServerStamp stamp() const override { return stamp_; }

  sql::VerbResult Begin(const xa::Xid& xid, const xa::BranchOptions& options,
                        bool witness) override;
  sql::RunResult Run(const xa::Statement& statement) override;
  sql::VerbResult Prepare(const xa::Xid& xid) override;
  sql::VerbResult CommitOnePhase(const xa::Xid& xid) override;
  sql::VerbResult WriteDecision(const xa::Xid& xid) override;
  sql::VerbResult RollBackActive(const xa::Xid& xid) override;

  sql::VerbResult Commit(const xa::Xid& xid) override;
  sql::VerbResult RollBackPrepared(const xa::Xid& xid) override;
  Result<xa::ScanResult> List() override;
  xa::Found SettleWitness(const xa::Xid& xid) override;
  xa::Found ReadWitness(const xa::Xid& xid) override;
  Result<void> NoteStart(const xa::Xid& start) override;
  Result<bool> IsHidden(const xa::Xid& xid) override;
  Result<void> PurgeWitness(const std::vector<xa::Xid>& xids) override;
  Result<std::vector<sql::WitnessRow>> Witnesses(const std::string& after, const std::string& below,
                                                 uint32_t limit) override;
  Result<std::string> InstallWitness() override;

  Result<void> CancelStatement(const sql::SessionId& other) override;
  Result<void> EndSession(const sql::SessionId& other) override;
  Result<bool> IsGone(const sql::SessionId& other) override;
  Result<bool> NoneBefore(const sql::SessionId& first,
                          const std::vector<sql::SessionId>& known) override;
  void AfterCancel() override;
  void Sever() override { handle_->Sever(); }
  bool ClosedByPeer() const override { return handle_->ClosedByPeer(); }

  // Cheap if the branch certainly left nothing in the session: it ran only plain statements without
  // variables, and the database has no trigger or stored function that they could have invoked.
  // Otherwise replaces the session by a new one.
  Result<void> Reset() override;
  Result<sql::Probe> ProbeServer() override;

 private:
  MySqlSession(const sql::ResourceOptions& options, std::shared_ptr<SharedFacts> facts,
               Library library)
      : options_(options), facts_(std::move(facts)), library_(library) {}

  Result<void> Open();
  Result<void> SetUp();  // settings.h
  // After stored code, which may run as a user who may change it. Asks only if we may not set it.
  Result<void> ReadKeptWarnings();
  Result<void> FindSocket();
  Result<void> ReadIdentity();            // of the session and of the server
  Result<std::string> ReadIdentityRow();  // empty: there is no row
  // Ends and rolls back; returns the first answer that is not kOk.
  sql::VerbResult EndAndRollBack(const xa::Xid& xid);
  sql::VerbResult CheckRollBackWarnings(sql::VerbResult answer);
  sql::VerbResult EndWork(const xa::Xid& xid);
  std::optional<sql::VerbResult> ChangedValueOf(const sql::ScannedStatement& statement,
                                                const xa::StatementResult& result);
  sql::VerbResult Verb(const std::string& sql);
  Result<bool> IsOurs(const sql::SessionId& other);
  bool WaitForRows(uint32_t ms);  // sets how long this session waits for a row lock
  xa::Found FindRow(const xa::Xid& xid);
  Result<std::vector<Row>> Rows(const std::string& sql);
  Result<std::string> OneValue(const std::string& sql);

  Result<void> ProbeDurability(sql::Probe& probe);
  Result<void> ProbeTables(sql::Probe& probe, Facts& facts);
  Result<void> ProbeStoredCode(sql::Probe& probe, Facts& facts);
  Result<void> ProbeMySql(sql::Probe& probe);
  void ProbeIdentity(sql::Probe& probe) const;

  const sql::ResourceOptions options_;
  const std::shared_ptr<SharedFacts> facts_;
  const Library library_;
  std::unique_ptr<MySqlHandle> handle_;
  sql::SessionId id_;
  xa::ServerStamp stamp_;
  bool has_created_ = false, has_row_ = false;  // of MariaDB's identity
  std::string version_;
  bool mariadb_ = true;
  sql::ScanOptions scan_;
  bool may_set_kept_ = true;  // max_error_count
  uint64_t kept_warnings_ = 0;

  bool read_only_ = false;  // of the branch
  bool ended_ = false;      // XA END was answered
  bool touched_ = false;    // a statement may have left something in the session
  bool unsettled_ = false;  // stored code ran that may have changed the settings of settings.h
  uint64_t servers_settings_ = 0;  // SharedFacts' count when this session began
};

}  // namespace assent::mysql
