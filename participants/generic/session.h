// SPDX-License-Identifier: Apache-2.0
// A session with a database that has no XA: its branches are last resources.
//
// Contract: as participants/sql/session.h, except that Begin refuses every branch that is not a
// last resource, List finds nothing, and no statement can be cancelled. The decision row and the
// commit are two round trips. What can be checked of the transaction depends on the product.
// Identity: "generic/", the product, and the random row of assent_witness whose mark is I; without
// that row the product alone, which identifies nothing.
// Sessions of other processes cannot be listed: NoneBefore is always false. A session of this
// process is gone when its connection is closed.
// Threads: one at a time.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "participants/generic/product.h"
#include "participants/odbc/handle.h"
#include "participants/sql/session.h"

namespace assent::generic {

// The ids of a driver's sessions whose connections are open. Thread-safe.
class OpenSessions {
 public:
  std::string Add();
  void Remove(const std::string& id);
  bool Contains(const std::string& id) const;

 private:
  mutable std::mutex mutex_;
  uint64_t last_ = 0;
  std::set<std::string> ids_;
};

const char* WhyNoXa();

class GenericSession final : public sql::Session {
 public:
  // Each probe reports `warnings`.
  GenericSession(const sql::ResourceOptions& options, std::shared_ptr<OpenSessions> open,
                 std::unique_ptr<odbc::OdbcHandle> connection, std::unique_ptr<Product> product,
                 std::vector<std::string> warnings);
  ~GenericSession() override;

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

 private:
  odbc::OdbcResult Send(const std::string& sql, uint32_t first_rows = 0);
  Result<void> CheckPlace();  // an error: alive() is false
  sql::VerbResult Judge(const odbc::OdbcResult& outcome);
  // Reads the identity into stamp_. False: there is no row, or no table.
  Result<bool> ReadIdentity();
  sql::RunResult Doom(sql::VerbResult answer);
  void CheckAfter(const odbc::OdbcResult& outcome, sql::RunResult& answer);
  std::optional<sql::VerbResult> Refuse(const xa::Xid& xid);
  // Rolls back; returns `answer`, or a hazard if the client's SQL had left the branch.
  sql::VerbResult RollBackAnd(sql::VerbResult answer);
  sql::VerbResult RollBackNow();
  Error Failed(const odbc::OdbcResult& outcome);
  // In an open transaction: the mark of the row; kNotListed if there is none.
  xa::Found MarkOf(const xa::Xid& xid);
  Result<void> Execute(const std::string& sql);

  const sql::ResourceOptions options_;
  const std::shared_ptr<OpenSessions> open_;
  std::unique_ptr<odbc::OdbcHandle> connection_;
  std::unique_ptr<Product> product_;
  const sql::SessionId id_;
  const std::vector<std::string> warnings_;

  bool alive_ = true;
  bool read_only_ = false;  // as far as the last probe of this session has seen
  xa::ServerStamp stamp_;
  bool active_ = false;
  xa::Xid xid_;
  bool decided_ = false;                 // the decision row is written
  bool left_ = false;                    // the client's SQL has ended the transaction
  bool ended_ = false;                   // the database has rolled it back after an error
  bool used_ = false;                    // a client's statement has run since the last reset
  std::optional<sql::VerbResult> doom_;  // the branch's first error
};

}  // namespace assent::generic
