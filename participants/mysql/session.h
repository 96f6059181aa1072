// SPDX-License-Identifier: Apache-2.0
// A session on MariaDB or MySQL: one XA branch at a time, in SQL.
//
// Contract: see sql/session.h. The session's default is READ COMMITTED, read-write; a branch that
// wants otherwise pays one more round trip. What client SQL may leave in a session stands at Reset.
// The identity of a server: MySQL's server_uuid; MariaDB has none, so host name, port and server
// id, when its system tables were created (where the account may see that), and, once the witness
// table is installed, a random row in it. A copy of a data directory that is started in the same
// place is known only by its log, which is behind the original's. A server's
// start is UNIX_TIMESTAMP() - Uptime of one statement: the server computes both from the same
// reading, so it is constant; two starts within one second look the same.
// That the branch is still ours: the server itself refuses COMMIT and DDL inside it (1399), and XA
// END fails where a procedure has ended it. A procedure that ends it and starts one under the same
// XID, which it would have to be told, is not noticed.
// A silent server: Sever() works over TCP, where the port that the server sees is the one that we
// have; elsewhere the read time-out ends the wait, which is longer than the longest wait for a
// lock. Threads: one at a time; Sever() by any while a statement runs.
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

// Sorts behind every key of a branch, which is hexadecimal.
inline constexpr char kIdentityMark = '~';

class MySqlSession final : public sql::Session {
 public:
  // Which library carries it: only libmariadb's connections run clients' statements.
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
  sql::VerbResult RollBackActive(const xa::Xid& xid) override;

  sql::VerbResult Commit(const xa::Xid& xid) override;
  sql::VerbResult RollBackPrepared(const xa::Xid& xid) override;
  Result<xa::ScanResult> List() override;
  xa::Found SettleWitness(const xa::Xid& xid) override;
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

  // Cheap where the branch's text and the database allow it to be known that nothing was left: only
  // plain statements without variables, and no trigger or stored function that could run behind
  // them. Otherwise the session is replaced by a new one.
  Result<void> Reset() override;
  Result<sql::Probe> ProbeServer() override;

 private:
  MySqlSession(const sql::ResourceOptions& options, std::shared_ptr<SharedFacts> facts,
               Library library)
      : options_(options), facts_(std::move(facts)), library_(library) {}

  Result<void> Open();
  Result<void> SetUp();  // settings.h
  Result<void> FindSocket();
  Result<void> Introduce();               // who this is and who the server is
  Result<std::string> ReadIdentityRow();  // empty: there is none
  // Ends and rolls back; the first answer that is not kOk.
  sql::VerbResult EndAndRollBack(const xa::Xid& xid);
  sql::VerbResult Undone(sql::VerbResult answer);
  sql::VerbResult EndWork(const xa::Xid& xid);
  std::optional<sql::VerbResult> ChangedValueOf(const sql::ScannedStatement& statement,
                                                const xa::StatementResult& result);
  sql::VerbResult Verb(const std::string& sql);
  Result<bool> IsOurs(const sql::SessionId& other);
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

  bool read_only_ = false;         // of the branch
  bool touched_ = false;           // a statement may have left something in the session
  bool unsettled_ = false;         // stored code ran that may have changed what settings.h sets
  uint64_t servers_settings_ = 0;  // SharedFacts': those that this session began with
};

}  // namespace assent::mysql
