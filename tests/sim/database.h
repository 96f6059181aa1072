// SPDX-License-Identifier: Apache-2.0
// A modelled database server: sessions, branches, prepared branches, witness rows and a ledger.
//
// A restart keeps what real servers keep: prepared branches, the ledger and committed witness rows.
// It drops sessions and unprepared work. The kinds differ as the vendors do:
// - kMaria: a prepared branch belongs to its session. Until that session ends, the XID is unknown
//   to other sessions, though it is listed. A commit in progress is not listed.
// - kPostgres: a prepared branch belongs to no session. A commit in progress is listed, and the
//   branch is busy.
// - kXa: a resource manager that implements XA in full and remembers heuristic decisions.
// - kPlain: a database without XA, which can only be a last resource.
//
// A last resource writes its decision row in its transaction, which is never prepared
// (database_row.cc). Other sessions that touch the row wait for that transaction.
//
// Contract: each call takes effect at one instant. Delays and losses belong to the network
// (resource.h).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/facts.h"
#include "tests/sim/simulator.h"
#include "xa/port.h"

namespace assent::sim {

enum class DatabaseKind : uint8_t { kMaria, kPostgres, kXa, kPlain };

// The work of a branch: the client transaction it belongs to, and its effect on the ledger.
struct Work {
  uint32_t tag = 0;
  int64_t delta = 0;
  uint32_t writes = 0;  // statements that wrote
};

struct LedgerRow {
  xa::Xid xid;
  uint32_t tag = 0;
  int64_t delta = 0;
};

// Reports whether `gtrid` comes from a later start of the coordinator that made `own`, or from
// another start under the same incarnation.
bool IsNewer(const core::Gtrid& gtrid, const core::Gtrid& own);

class Database {
 public:
  using Session = uint64_t;
  struct Settings {
    std::string name;
    DatabaseKind kind{};
    bool witness = false;
    uint32_t pool = 8;
  };
  Database(Simulator& sim, Settings settings);

  const Settings& settings() const { return settings_; }
  const std::string& name() const { return settings_.name; }
  bool up() const { return up_; }
  bool standby = false;  // answers scans as a replica would
  const xa::ServerStamp& stamp() const { return stamp_; }
  std::function<void(Database&, const xa::Xid&, const Work&, Transition)> on_transition;

  // ---- Calls over a session ----
  Session Connect();
  // Rolls back the session's unprepared work. Its prepared branches then belong to no session.
  void Disconnect(Session session);
  bool Alive(Session session) const { return sessions_.contains(session); }
  xa::Code Begin(Session session, const xa::Xid& xid, bool read_only, bool last = false);
  xa::Code Run(Session session, const xa::Xid& xid, uint32_t tag, int64_t delta, bool writes);
  xa::Code Prepare(Session session, const xa::Xid& xid);
  xa::Code CommitOnePhase(Session session, const xa::Xid& xid);
  xa::Code Commit(Session session, const xa::Xid& xid);
  xa::Code RollBack(Session session, const xa::Xid& xid);
  xa::Code Forget(const xa::Xid& xid);
  // A slow commit: returns true if it has begun; FinishCommit completes it.
  bool BeginCommit(Session session, const xa::Xid& xid);
  void FinishCommit(const xa::Xid& xid);
  xa::Found Find(const xa::Xid& xid, bool settle);
  void PurgeWitness(const std::vector<xa::Xid>& xids);
  std::vector<xa::Xid> List() const;
  std::optional<xa::Xid> NewerWitness(const core::Gtrid& own) const;
  uint64_t foreign_listed() const { return foreign_.size(); }

  // ---- The last resource ----
  // Without the table no decision row can be written or found.
  bool has_table() const { return settings_.witness && has_table_; }
  void InstallTable() { has_table_ = true; }
  // Writes the decision row in the open transaction, unless it is written already.
  xa::Code WriteRow(Session session, const xa::Xid& xid);
  xa::Code RefuseCommit(Session session, const xa::Xid& xid);
  // Inserts the mark that forbids the commit, or reads what is there.
  xa::Found SettleRow(const xa::Xid& xid);
  xa::Found ReadRow(const xa::Xid& xid);
  void EndSessionOf(const xa::Xid& xid);  // if it has not committed yet
  void PurgeRowsBefore(const std::string& coordinator_id, uint32_t incarnation,
                       const std::set<xa::Xid>& keep);
  // An operator inserts the row. Returns false if there is one, or if it cannot be inserted.
  bool DecideByHand(const xa::Xid& xid, char mark);
  // The number of decision rows written since the last backup.
  uint64_t RowsSinceBackup() const { return rows_written_ - rows_at_backup_; }

  // ---- Faults ----
  void Stop();
  void Start();
  // A person ends a prepared branch. Returns false if no branch is prepared.
  bool DecideHeuristically();
  void NoteUnanswered(const xa::Xid& xid);  // a commit of it was not answered
  void AddForeign();  // prepared transactions of another format and of another coordinator
  void TakeBackup();
  // To the backup, under another identity; false if there is no backup.
  bool Restore();
  void LoseTable();  // the restored state is older than the table

  // ---- For the auditor ----
  const std::vector<LedgerRow>& ledger() const { return ledger_; }
  bool IsCommitting() const;             // a commit is in progress
  std::vector<xa::Xid> InDoubt() const;  // ours: prepared, or with a commit in progress
  bool ForeignIntact() const { return foreign_harmed_ == 0; }
  bool restored() const { return identities_ > 1; }
  size_t witness_rows() const { return witness_.size(); }

 private:
  enum class State : uint8_t {
    kActive,
    kPrepared,
    kCommitting,
    kHeuristicCommit,
    kHeuristicRollBack
  };
  struct Branch {
    State state = State::kActive;
    Session owner = 0;
    Work work;
    bool read_only = false, witness = false, last = false;
  };
  using Branches = std::map<xa::Xid, Branch>;

  void Apply(const xa::Xid& xid, Branch& branch);
  void Report(const xa::Xid& xid, const Work& work, Transition transition) {
    on_transition(*this, xid, work, transition);
  }
  bool Visible(const Branch& branch, Session session) const;
  std::string IdentityNow() const;
  Branches::iterator Drop(Branches::iterator at, Transition transition);

  Simulator& sim_;
  const Settings settings_;
  bool up_ = true;
  xa::ServerStamp stamp_;
  uint32_t starts_ = 1, identities_ = 1;
  Session next_session_ = 1;
  std::set<Session> sessions_;
  Branches branches_;
  std::vector<LedgerRow> ledger_;
  std::map<xa::Xid, char> witness_;  // C or R; also the decision rows
  bool has_table_ = true;
  std::map<xa::Xid, uint32_t> last_;  // last resources, and the identity at which each began
  uint64_t rows_written_ = 0, rows_at_backup_ = 0;
  std::set<xa::Xid> foreign_;  // in Assent's format, from another coordinator
  uint64_t foreign_harmed_ = 0;
  struct Backup {
    Branches branches;
    std::vector<LedgerRow> ledger;
    std::map<xa::Xid, char> witness;
  };
  std::unique_ptr<Backup> backup_;
};

}  // namespace assent::sim
