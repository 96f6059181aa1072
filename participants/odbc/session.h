// SPDX-License-Identifier: Apache-2.0
// A session over ODBC: the branch protocol, spoken in whatever dialect the server has.
//
// Contract: as participants/sql/session.h. The session remembers the first error of its branch:
// such a branch is rolled back by Prepare and CommitOnePhase, whatever the server would say to
// them. Whether the branch is still the one that Begin began is checked by the server, in the same
// round trip as PREPARE or COMMIT (sql/dialect.h). Units and ranges: phase verbs, probes and scans
// are cut off after call_timeout_ms; statements of the client have no time-out of their own (cancel
// them, or Sever()). Threads: one at a time; Sever() by any.
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
  OdbcResult rest;  // the results of what stood behind
};
// Asks for the server's stamp, and for `more` (one statement or nothing) in the same round trip; in
// another way where the user may not read the server's identity.
Result<Stamped> AskStamp(OdbcHandle& connection, const sql::Dialect& dialect,
                         const std::string& more, uint32_t timeout_ms);
// What a text that was not carried out says of the server.
Error UnavailableBy(const OdbcResult& result);
// Unknown: it was done here, but perhaps not where a standby would take over.
sql::VerbResult OnlyHere();
// The value of a cell as text; empty where it is none.
std::string TextAt(const ResultSet& result, size_t row, size_t column);

class OdbcSession final : public sql::Session {
 public:
  // `warnings` are said by each probe.
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

  Result<void> Reset() override;
  Result<sql::Probe> ProbeServer() override;

  // Nothing happens where the connection's socket is not known (watchdog.h).
  void Sever() override { connection_->Sever(); }
  bool ClosedByPeer() const override { return connection_->ClosedByPeer(); }
  Result<void> Fence() override;

 private:
  enum class State : uint8_t { kIdle, kActive };

  // Both within call_timeout_ms. Command brings no results.
  OdbcResult Send(const std::string& sql);
  OdbcResult Command(const std::string& sql);
  // Whether what was answered has reached the synchronous standbys; may write, to find out.
  bool IsReplicated(const OdbcResult& outcome);
  // Phase-two verbs.
  sql::VerbResult Finish(const std::string& sql);
  // What Prepare and CommitOnePhase have in common: the answer where it is already clear.
  std::optional<sql::VerbResult> Refuse(const xa::Xid& xid);
  sql::VerbResult EndedBadly(const OdbcResult& outcome);
  sql::VerbResult LookAndPrepare(const xa::Xid& xid);
  sql::VerbResult RollBackNow();
  sql::RunResult Doom(sql::VerbResult answer);
  Result<OdbcResult> Ask(const std::string& sql);  // an error where it was not carried out
  Result<void> Act(const std::string& sql);  // on another session: kNotFound where it is not ours

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
  std::optional<sql::VerbResult> doom_;  // the branch's first error
  bool used_ = false;                    // a client's statement has run since the last reset
};

}  // namespace assent::odbc
