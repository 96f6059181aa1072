// SPDX-License-Identifier: Apache-2.0
// One blocking connection to one database server: the interface that a driver's adapter implements.
//
// sql::Resource (resource.h) turns sessions into the resource-manager port: it owns the pool, the
// threads, the reserved connections, cancellation and reconnects. A driver implements only this.
//
// Contract: a session is used by one thread at a time. `VerbResult::code` is the XA code that the
// server's answer amounts to. A lost connection or a timeout is kErRmFail and makes alive() false.
// No exception leaves a session.
// Units and ranges: timeouts in milliseconds, greater than zero.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "participants/sql/resource_options.h"
#include "xa/port.h"

namespace assent::sql {

struct VerbResult {
  xa::Code code = xa::Code::kOk;
  xa::Failure failure;  // if code is not kOk
  bool lost = false;    // the verb was sent and not answered: it may have taken effect
};

struct RunResult {
  VerbResult verb;  // kOk, or a roll-back code: the branch is doomed
  xa::StatementResult result = {};
  std::vector<xa::StatementResult> more = {};  // a CALL's further results
};

// Enough to find this session again on the server and to know that it is still ours: servers reuse
// ids.
struct SessionId {
  std::string id;       // connection id, backend pid
  std::string started;  // when it began, as the server reports it
};

struct Probe {
  xa::ServerStamp stamp;
  std::string server_version;
  std::string dialect;               // mariadb, mysql, postgresql, or the product's name
  bool detaches_on_prepare = false;  // another session may commit while the preparing one lives
  bool keeps_prepared = false;       // by its settings, a crash loses no prepared branch
  bool standby = false;
  bool witness = false;
  // Why a commit may be lost in a crash of the server although it was answered, with the statement
  // that fixes it; empty: it is not lost.
  std::string not_durable;
  // Why the resource cannot be a last resource, and how to change that; empty: it can.
  std::string why_no_last_resource = "the server has not been probed yet";
  std::vector<std::string> warnings;  // each with the statement that fixes it
};

struct WitnessRow {
  std::string key;
  std::optional<xa::Xid> xid;  // if the key belongs to a branch
  bool mark_r = false;         // it forbids a commit; else it records a commit or a start
};

class Session {
 public:
  virtual ~Session() = default;
  virtual bool alive() const = 0;
  virtual SessionId id() const = 0;
  // The server that this session was connected to when it last asked. Empty if it never asks; the
  // resource then uses what its last probe found.
  virtual xa::ServerStamp stamp() const { return {}; }

  // The verbs of an active branch. `Begin` also writes the witness row if `witness` is set.
  virtual VerbResult Begin(const xa::Xid& xid, const xa::BranchOptions& options, bool witness) = 0;
  virtual RunResult Run(const xa::Statement& statement) = 0;
  // Ends and prepares: kOk, kReadOnly (the branch has ended), a roll-back code, kErRmFail (unknown)
  // or, if the client's SQL left the branch, kHeuristicHazard. Checks just before that the
  // transaction is still the one that Begin began.
  virtual VerbResult Prepare(const xa::Xid& xid) = 0;
  virtual VerbResult CommitOnePhase(const xa::Xid& xid) = 0;  // instead of Prepare
  // Of a last resource: checks as Prepare does, writes the witness row with mark C in the
  // transaction, and ensures that the server flushes the commit to disk. After kOk CommitOnePhase
  // or RollBackActive ends the branch; other answers as of Prepare.
  virtual VerbResult WriteDecision(const xa::Xid& xid) = 0;
  // Only if Prepare was not sent: ends and rolls back what this session runs. If a
  // non-transactional table kept its change, kHeuristicMixed.
  virtual VerbResult RollBackActive(const xa::Xid& xid) = 0;

  // On any session, for any prepared branch.
  virtual VerbResult Commit(const xa::Xid& xid) = 0;
  virtual VerbResult RollBackPrepared(const xa::Xid& xid) = 0;
  virtual Result<xa::ScanResult> List() = 0;  // all pages; with a fresh stamp
  // Inserts the mark R with the witness key of `xid`, in a separate transaction, and returns what
  // it found: kWitnessCommitted, kWitnessRolledBack, or kUnknown if it blocked or failed.
  virtual xa::Found SettleWitness(const xa::Xid& xid) = 0;
  // The witness row of `xid`: kWitnessCommitted, kWitnessRolledBack, kNotListed if there is none,
  // or kUnknown. Of a row it returns only what the synchronous standbys, if any, have too.
  virtual xa::Found ReadWitness(const xa::Xid& xid) = 0;
  // Writes a row with mark S, if it is missing: the coordinator began to use this server with the
  // gtrid of `start`, which no transaction has.
  virtual Result<void> NoteStart(const xa::Xid& start) = 0;
  // Returns once the server's synchronous standbys, if any, have everything that it shows now. An
  // error: perhaps they have not, and a fail-over may change what this session has seen.
  virtual Result<void> Fence() { return {}; }
  // Whether the branch may exist although a list has just left it out: some session, also one of an
  // earlier process, is executing its commit, or that commit has failed since. Always false for a
  // server that lists a branch until its commit has ended.
  virtual Result<bool> IsHidden(const xa::Xid& /*xid*/) { return false; }
  virtual Result<void> PurgeWitness(const std::vector<xa::Xid>& xids) = 0;
  // The committed rows with keys between `after` and `below` (both exclusive, compared by bytes),
  // ascending, at most `limit`. A key begins with the gtrid's text.
  virtual Result<std::vector<WitnessRow>> Witnesses(const std::string& after,
                                                    const std::string& below, uint32_t limit) = 0;
  virtual Result<std::string> InstallWitness() = 0;

  // Act from this session on another session of the same server and user. kNotFound: it is gone, or
  // is no longer ours.
  virtual Result<void> CancelStatement(const SessionId& other) = 0;
  virtual Result<void> EndSession(const SessionId& other) = 0;
  virtual Result<bool> IsGone(const SessionId& other) = 0;
  // Whether every session of ours on this server that began before `first`, except `known`, is
  // gone. False if that is unknown.
  virtual Result<bool> NoneBefore(const SessionId& first, const std::vector<SessionId>& known) = 0;
  // A cancel may arrive after the statement that it was meant for has ended, and would then hit the
  // next one. Called after another session's CancelStatement was answered; runs something harmless
  // that a late cancel may hit.
  virtual void AfterCancel() {}
  // From any thread: breaks the connection, so that a call that an unresponsive server does not
  // answer ends (as lost). For when a cancel has no effect. May do nothing.
  virtual void Sever() {}
  // Whether the server has closed the connection, so that nothing sent now arrives. False if that
  // is unknown.
  virtual bool ClosedByPeer() const { return false; }

  // Prepares the session for another transaction, which must see nothing of the last one. On an
  // error, drop the session.
  virtual Result<void> Reset() = 0;
  virtual Result<Probe> ProbeServer() = 0;
};

// Makes sessions for one resource. Thread-safe.
class Driver {
 public:
  virtual ~Driver() = default;
  // Connects. The pool treats kDenied like an unreachable server, never as a vote no. A password
  // file is read each time.
  virtual Result<std::unique_ptr<Session>> Connect() = 0;
  // The same, for a session that runs clients' statements.
  virtual Result<std::unique_ptr<Session>> ConnectForBranches() { return Connect(); }
  virtual const char* driver_name() const = 0;  // "mysql", "odbc"
  // What InstallWitness runs, for people who run it themselves: each statement on a line, ended by
  // a semicolon. Pure but for a random number.
  virtual std::string InstallText() const { return {}; }
  // Why no session can prepare a branch, and what to do instead; empty: they can. If they cannot,
  // a session has only branches that are last resources, and List finds nothing.
  virtual std::string WhyNoXa() const { return {}; }
  // The grammar by which statements are checked (xa::ResourceManager::Check).
  virtual Result<std::shared_ptr<const xa::CheckedSql>> Check(const std::string& sql) const = 0;
};

}  // namespace assent::sql
