// SPDX-License-Identifier: Apache-2.0
// One connection to one database server: what a driver's adapter must be able to do, blocking.
//
// sql::Resource (resource.h) turns sessions into the resource-manager port: it owns the pool, the
// threads, cancelling, the reserved connections and the reconnects. A driver writes only this.
//
// Contract: a session is used by one thread at a time. `VerbResult::code` is the XA code that the
// server's answer amounts to; a lost connection or a time-out is kErRmFail and makes alive() false.
// No exception leaves a session. Units and ranges: time-outs in milliseconds, greater than zero.
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
  xa::Failure failure;  // where code is not kOk
  bool lost = false;    // the verb was sent and not answered: it may have been carried out
};

struct RunResult {
  VerbResult verb;  // kOk, or a roll-back code: the branch is doomed
  xa::StatementResult result = {};
  std::vector<xa::StatementResult> more = {};  // a CALL's further results
};

// Enough to find this session again on the server, and to know that it is still ours: ids are used
// again.
struct SessionId {
  std::string id;       // connection id, backend pid
  std::string started;  // when it began, as the server tells it
};

struct Probe {
  xa::ServerStamp stamp;
  std::string server_version;
  std::string dialect;               // mariadb, mysql, postgresql
  bool detaches_on_prepare = false;  // another session may commit while the preparing one lives
  bool keeps_prepared =
      false;  // durability settings are such that a crash loses no prepared branch
  bool standby = false;
  bool witness = false;
  std::vector<std::string> warnings;  // each with the statement that mends it
};

struct WitnessRow {
  std::string key;
  std::optional<xa::Xid> xid;  // where the key is a branch's
  bool committed = false;      // mark C; else R
};

class Session {
 public:
  virtual ~Session() = default;
  virtual bool alive() const = 0;
  virtual SessionId id() const = 0;
  // The server that this session is connected to, as it was asked last. Empty: the resource takes
  // what its last probe said.
  virtual xa::ServerStamp stamp() const { return {}; }

  // The branch's life. `Begin` also writes the witness row where the table is installed
  // (options.witness).
  virtual VerbResult Begin(const xa::Xid& xid, const xa::BranchOptions& options, bool witness) = 0;
  virtual RunResult Run(const xa::Statement& statement) = 0;
  // Ends and prepares: kOk, kReadOnly (it has ended), a roll-back code, kErRmFail (unknown) or,
  // where the client's SQL left the branch, kHeuristicHazard. Checks just before that the
  // transaction is still the one that Begin began.
  virtual VerbResult Prepare(const xa::Xid& xid) = 0;
  virtual VerbResult CommitOnePhase(const xa::Xid& xid) = 0;  // instead of Prepare
  // Before Prepare was sent: ends and rolls back what this session runs. A table without
  // transactions that kept its change is kHeuristicMixed.
  virtual VerbResult RollBackActive(const xa::Xid& xid) = 0;

  // On any session, of any prepared branch.
  virtual VerbResult Commit(const xa::Xid& xid) = 0;
  virtual VerbResult RollBackPrepared(const xa::Xid& xid) = 0;
  virtual Result<xa::ScanResult> List() = 0;  // pages by itself; stamp asked anew
  // Inserts the mark R with the witness key of `xid`, in a transaction of its own, and says what it
  // found (kWitnessCommitted, kWitnessRolledBack, kUnknown when it blocked or failed).
  virtual xa::Found SettleWitness(const xa::Xid& xid) = 0;
  // Returns once the server's synchronous standbys, where it has any, hold all that it shows now.
  // An error: perhaps not, and what was seen here may be another after a fail-over.
  virtual Result<void> Fence() { return {}; }
  virtual Result<void> PurgeWitness(const std::vector<xa::Xid>& xids) = 0;
  // Committed rows with keys between the two (neither included, by bytes), ascending, at most
  // `limit`. A key begins with the gtrid's text.
  virtual Result<std::vector<WitnessRow>> Witnesses(const std::string& after,
                                                    const std::string& below, uint32_t limit) = 0;
  virtual Result<std::string> InstallWitness() = 0;

  // Another session of the same server and user, from this one. kNotFound: it is gone, or is no
  // longer ours.
  virtual Result<void> CancelStatement(const SessionId& other) = 0;
  virtual Result<void> EndSession(const SessionId& other) = 0;
  virtual Result<bool> IsGone(const SessionId& other) = 0;
  // Whether every session of ours on this server that began before `first`, but for `known`, is
  // gone. Unsure is no.
  virtual Result<bool> NoneBefore(const SessionId& first, const std::vector<SessionId>& known) = 0;
  // Called on this session after another one's CancelStatement on it was answered: swallows a
  // cancel that came after its statement had ended and would hit the next one.
  virtual void AfterCancel() {}
  // From any thread: breaks the connection, so that a call that a silent server does not answer
  // ends (as lost). For when a cancel brings nothing. May do nothing.
  virtual void Sever() {}
  // The server has closed the connection: what is sent now reaches nobody. False where it cannot be
  // known.
  virtual bool ClosedByPeer() const { return false; }

  // Before it serves another transaction: nothing of the last one may show. An error: drop the
  // session.
  virtual Result<void> Reset() = 0;
  virtual Result<Probe> ProbeServer() = 0;
};

// Makes sessions for one resource. Thread-safe.
class Driver {
 public:
  virtual ~Driver() = default;
  // Connects. kDenied is unreachable, never a refusal; passwords from a file are read again each
  // time.
  virtual Result<std::unique_ptr<Session>> Connect() = 0;
  // The same, for a session that runs clients' statements.
  virtual Result<std::unique_ptr<Session>> ConnectForBranches() { return Connect(); }
  virtual const char* driver_name() const = 0;  // "mysql", "odbc"
  // The grammar by which statements are checked (xa::ResourceManager::Check).
  virtual Result<std::shared_ptr<const xa::CheckedSql>> Check(const std::string& sql) const = 0;
};

}  // namespace assent::sql
