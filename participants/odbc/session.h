// SPDX-License-Identifier: Apache-2.0
// A session over ODBC: the branch protocol in the server's dialect.
//
// Contract: as participants/sql/session.h. The session remembers the first error of its branch:
// Prepare and CommitOnePhase roll such a branch back, whatever the server would answer. The server
// checks whether the branch is still the one that Begin began, in the same round trip as PREPARE or
// COMMIT (sql/dialect.h).
// Units and ranges: phase verbs, probes and scans time out after call_timeout_ms. Client statements
// have no timeout of their own (cancel them, or Sever()).
// Threads: one at a time; Sever() from any.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "participants/odbc/handle.h"
#include "participants/sql/dialect.h"
#include "participants/sql/session.h"

namespace assent::odbc {

struct Stamped {
  xa::ServerStamp stamp;
  bool standby = false;
  OdbcResult rest;  // the results of `more`
};
// Reads the server's stamp and runs `more` (one statement or nothing) in the same round trip. Uses
// another query if the user may not read the server's identity.
Result<Stamped> AskStamp(OdbcHandle& connection, const sql::Dialect& dialect,
                         const std::string& more, uint32_t timeout_ms);
// What a text that was not executed says about the server.
Error UnavailableBy(const OdbcResult& result);
// Unknown: it was done here, but a standby that takes over may not have it.
sql::VerbResult NotReplicated();
// The value of a cell as text; empty if it is not a text.
std::string TextAt(const ResultSet& result, size_t row, size_t column);

class OdbcSession final : public sql::Session {
 public:
  // Each probe reports `warnings`.
  OdbcSession(const sql::Dialect& dialect, const sql::ResourceOptions& options,
              std::unique_ptr<OdbcHandle> connection, sql::SessionId id, sql::Baseline baseline,
              xa::ServerStamp stamp, std::vector<std::string> warnings);

  bool alive() const override { return alive_ && connection_->alive(); }
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
  Result<void> PurgeWitness(const std::vector<xa::Xid>& xids) override;
  Result<std::vector<sql::WitnessRow>> Witnesses(const std::string& after, const std::string& below,
                                                 uint32_t limit) override;
  Result<std::string> InstallWitness() override;

  Result<void> CancelStatement(const sql::SessionId& other) override;
  Result<void> EndSession(const sql::SessionId& other) override;
  Result<bool> IsGone(const sql::SessionId& other) override;
  Result<bool> NoneBefore(const sql::SessionId& first,
                          const std::vector<sql::SessionId>& known) override;

  Result<void> Reset() override;
  Result<sql::Probe> ProbeServer() override;

  // Does nothing if the connection's socket is unknown (watchdog.h).
  void Sever() override { connection_->Sever(); }
  bool ClosedByPeer() const override { return connection_->ClosedByPeer(); }
  Result<void> Fence() override;

 private:
  enum class State : uint8_t { kIdle, kActive };

  // Both within call_timeout_ms. Command returns no results.
  OdbcResult Send(const std::string& sql);
  OdbcResult Command(const std::string& sql);
  // Whether the answered work has reached the synchronous standbys; may write to find out.
  bool IsReplicated(const OdbcResult& outcome);
  // Phase-two verbs.
  sql::VerbResult Finish(const std::string& sql);
  // The common part of Prepare and CommitOnePhase: the answer, if it is already clear.
  std::optional<sql::VerbResult> Refuse(const xa::Xid& xid);
  sql::VerbResult OnEndError(const OdbcResult& outcome);
  sql::VerbResult CheckWritesAndPrepare(const xa::Xid& xid);
  sql::VerbResult RollBackNow();
  sql::RunResult Doom(sql::VerbResult answer);
  Result<OdbcResult> Ask(const std::string& sql);  // an error if it was not executed
  Result<void> Act(const std::string& sql);  // on another session: kNotFound if it is not ours

  const sql::Dialect& dialect_;
  const sql::ResourceOptions options_;
  const std::unique_ptr<OdbcHandle> connection_;
  const sql::SessionId id_;
  const sql::Baseline baseline_;
  const xa::ServerStamp stamp_;
  const std::vector<std::string> warnings_;

  bool alive_ = true;
  State state_ = State::kIdle;
  xa::Xid xid_;
  bool read_only_ = false;
  bool may_be_unwritten_ = false;        // as far as the client can tell
  bool may_notify_ = false;              // a statement names pg_notify
  bool decided_ = false;                 // a last resource: the decision row is written
  std::optional<sql::VerbResult> doom_;  // the branch's first error
  bool used_ = false;                    // a client's statement has run since the last reset
};

}  // namespace assent::odbc
