// SPDX-License-Identifier: Apache-2.0
// The dialect of one kind of server: the SQL texts that its sessions send, and the meaning of its
// errors.
//
// A session over a driver (participants/odbc) sends what the dialect returns and judges nothing
// itself. A new kind of server is a new implementation of this class; CONTRIBUTING.md lists the
// other places that it needs. Neither this class nor an implementation depends on a driver.
//
// Contract: pure. A text is one round trip. If a text has several statements, the server skips the
// rest after the first error (PostgreSQL: one simple query; a server that does not skip needs one
// text for each).
// Errors: Judge never fails: an error that it does not know is kRbOther in a branch and kErRmErr in
// phase two.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "participants/sql/scanner.h"
#include "participants/sql/server_error.h"
#include "participants/sql/session.h"

namespace assent::sql {

// What the session was doing when an error occurred.
enum class Verb : uint8_t {
  kBegin,
  kRun,       // the client's statement
  kPrepare,   // and one-phase commit: the branch is still this session's
  kPhaseTwo,  // commit or roll-back of a prepared branch
};

// What the server reports of a session right after the connect: the user who owns its branches, and
// the settings that decide what its statements mean, as one text.
struct Baseline {
  std::string user;
  std::string settings;
};

// SQLSTATEs that a session checks for itself.
struct SqlStates {
  const char* no_transaction;  // a warning: no transaction was open
  const char* already_in_transaction;
  const char* unique_violation;
  // A warning that a commit or prepare was done here, but its wait for a synchronous standby was
  // cut short. The same SQLSTATE may mean something else; Fence decides.
  const char* wait_cancelled;
};

class Dialect {
 public:
  virtual ~Dialect() = default;
  virtual const char* name() const = 0;
  virtual Grammar grammar() const = 0;
  virtual const SqlStates& states() const = 0;
  virtual VerbResult Judge(Verb verb, const ServerError& error) const = 0;

  // ---- A branch --------------------------------------------------------------------------------
  // Raises an error if the session's settings differ from the baseline's.
  virtual std::string Begin(const xa::Xid& xid, const xa::BranchOptions& options, bool witness,
                            const Baseline& baseline) const = 0;
  // The check raises an error if the transaction is no longer the one that began, if it belongs to
  // another user, or if the client's SQL has changed how its text is read.
  virtual std::string CheckAndPrepare(const xa::Xid& xid, const Baseline& baseline) const = 0;
  // Last result, one row: true if nothing was written.
  virtual std::string CheckForWrites(const xa::Xid& xid, const Baseline& baseline) const = 0;
  virtual std::string CheckAndCommit(const xa::Xid& xid, const Baseline& baseline) const = 0;
  // Checks as CheckAndCommit does, ensures that the commit will be flushed, and inserts the witness
  // row with mark C.
  virtual std::string CheckAndDecide(const xa::Xid& xid, const Baseline& baseline) const = 0;
  virtual std::string Prepare(const xa::Xid& xid) const = 0;
  virtual std::string Commit() const = 0;
  virtual std::string RollBack() const = 0;
  virtual std::string ReadGidAndRollBack() const = 0;  // first result, one row: the gid that began
  virtual std::string CommitPrepared(const xa::Xid& xid) const = 0;
  virtual std::string RollBackPrepared(const xa::Xid& xid) const = 0;
  virtual std::string Gid(const xa::Xid& xid) const = 0;
  // Whether a statement may have an effect that is visible on commit and is not a write (NOTIFY).
  virtual bool MayNotify(std::string_view sql) const = 0;

  // ---- The session and the server --------------------------------------------------------------
  virtual std::string WhoAmI() const = 0;  // id, started, the connection's local port and peer port
  virtual std::string ReadSettings() const = 0;  // the row of BaselineOf
  // Errors: kUnavailable if the server did not accept a setting that the connect requested.
  virtual Result<Baseline> BaselineOf(const std::vector<xa::Value>& row,
                                      const ResourceOptions& options) const = 0;
  virtual std::string Stamp() const = 0;            // identity, started_at, standby, position
  virtual std::string StampRestricted() const = 0;  // for a user who may not read what Stamp reads
  virtual std::string List() const = 0;  // gid, owner; at the end NULL and the number of rows
  virtual std::string Reset() const = 0;
  // A commit that waits for the synchronous standbys, if there are any: once it is answered they
  // have everything that was committed before.
  virtual std::string Fence() const = 0;
  virtual std::string ReadProbe() const = 0;  // the row of ProbeOf
  virtual Result<Probe> ProbeOf(const std::vector<xa::Value>& row,
                                const std::string& user) const = 0;
  // Rows: the sessions that were ours and were not just ending a branch.
  virtual std::string CancelStatement(const SessionId& session) const = 0;
  virtual std::string EndSession(const SessionId& session) const = 0;
  virtual std::string SessionExists(const SessionId& session) const = 0;  // one row: the count
  // One row: how many sessions of ours began before `first` and are not among `known`.
  virtual std::string SessionsBefore(const SessionId& first,
                                     const std::vector<SessionId>& known) const = 0;

  // ---- The witness table -----------------------------------------------------------------------
  virtual std::string InstallWitness() const = 0;
  virtual std::string SettleWitness(const xa::Xid& xid) const = 0;  // inserts R; commits it
  virtual std::string NoteStart(const xa::Xid& start) const = 0;    // does nothing if it is there
  // Rewrites the row unchanged and returns its mark; no row if there is none.
  virtual std::string RewriteWitness(const xa::Xid& xid) const = 0;
  // Rows: key, mark, between two keys; at the end NULL and the number of rows.
  virtual std::string Witnesses(const std::string& after, const std::string& below,
                                uint32_t limit) const = 0;
  virtual std::optional<xa::Xid> WitnessOf(const std::string& key) const = 0;
  virtual std::string PurgeWitness(const std::vector<xa::Xid>& xids) const = 0;
};

}  // namespace assent::sql
