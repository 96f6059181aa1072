// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/database.h"

#include <algorithm>

namespace assent::sim {

using xa::Code;

Database::Database(Simulator& sim, Settings settings) : sim_(sim), settings_(std::move(settings)) {
  stamp_ = {IdentityNow(), "start-1"};
  if (settings_.name.size() > 50) stamp_.identity += std::string(200, 'i');
}

// The identity of a MariaDB server is its place and, if the witness table is installed, a row,
// which is missing from a restored backup.
std::string Database::IdentityNow() const {
  const std::string number = std::to_string(identities_);
  if (settings_.kind != DatabaseKind::kMaria) return settings_.name + "-" + number;
  if (identities_ > 2) return settings_.name + ":3306:" + number;
  return settings_.name + ":3306:1" + (identities_ == 1 ? ":00112233445566778899aabbccdd" : "");
}

void Database::NoteUnanswered(const xa::Xid& xid) { Report(xid, {}, Transition::kUnanswered); }

Database::Session Database::Connect() {
  if (!up_) return 0;
  sessions_.insert(next_session_);
  return next_session_++;
}

Database::Branches::iterator Database::Drop(Branches::iterator at, Transition transition) {
  const xa::Xid xid = at->first;
  const Work work = at->second.work;
  at = branches_.erase(at);
  Report(xid, work, transition);
  return at;
}

void Database::Disconnect(Session session) {
  if (sessions_.erase(session) == 0) return;
  for (auto at = branches_.begin(); at != branches_.end();) {
    if (at->second.owner != session) {
      ++at;
    } else if (at->second.state == State::kActive) {
      at = Drop(at, Transition::kDropped);
    } else {
      at->second.owner = 0;
      ++at;
    }
  }
}

Code Database::Begin(Session session, const xa::Xid& xid, bool read_only, bool last) {
  if (branches_.contains(xid)) return Code::kErDupid;
  Branch& branch = branches_[xid];
  branch.owner = session;
  branch.read_only = read_only;
  branch.last = last;
  if (last) last_[xid] = identities_;
  return Code::kOk;
}

Code Database::Run(Session session, const xa::Xid& xid, uint32_t tag, int64_t delta, bool writes) {
  const auto found = branches_.find(xid);
  if (found == branches_.end() || found->second.owner != session) return Code::kErNota;
  Branch& branch = found->second;
  branch.work.tag = tag;
  if (settings_.witness && !branch.read_only && !branch.witness && !branch.last) {
    if (witness_.contains(xid)) return Code::kRbIntegrity;  // the row of the mark conflicts
    branch.witness = true;
  }
  if (!writes) return Code::kOk;
  if (branch.read_only) return Code::kRbRollback;  // error 1792
  branch.work.delta += delta;
  ++branch.work.writes;
  return Code::kOk;
}

Code Database::Prepare(Session session, const xa::Xid& xid) {
  const auto found = branches_.find(xid);
  if (found == branches_.end() || found->second.owner != session) return Code::kErNota;
  Branch& branch = found->second;
  if (branch.state != State::kActive) return Code::kErProto;
  if ((branch.work.writes == 0 && !branch.witness) || sim_.Has(SeededBug::kReadOnlyInferred)) {
    Drop(found, Transition::kVotedReadOnly);
    return Code::kReadOnly;
  }
  branch.state = State::kPrepared;
  if (settings_.kind != DatabaseKind::kMaria) branch.owner = 0;
  Report(xid, branch.work, Transition::kPrepared);
  return Code::kOk;
}

void Database::Apply(const xa::Xid& xid, Branch& branch) {
  if (branch.work.writes > 0) ledger_.push_back({xid, branch.work.tag, branch.work.delta});
  if (branch.witness) witness_[xid] = 'C';
}

Code Database::CommitOnePhase(Session session, const xa::Xid& xid) {
  const auto found = branches_.find(xid);
  if (found == branches_.end() || found->second.owner != session) return Code::kErNota;
  if (found->second.state != State::kActive) return Code::kErProto;
  Apply(xid, found->second);
  Drop(found, Transition::kCommitted);
  return Code::kOk;
}

bool Database::Visible(const Branch& branch, Session session) const {
  return settings_.kind != DatabaseKind::kMaria || branch.owner == 0 || branch.owner == session;
}

Code Database::Commit(Session session, const xa::Xid& xid) {
  if (foreign_.contains(xid)) ++foreign_harmed_;
  const auto found = branches_.find(xid);
  if (found == branches_.end() || !Visible(found->second, session)) return Code::kErNota;
  switch (found->second.state) {
    case State::kActive: return Code::kErNota;
    case State::kCommitting:
      return settings_.kind == DatabaseKind::kMaria ? Code::kErNota : Code::kErRmFail;  // busy
    case State::kHeuristicCommit: return Code::kHeuristicCommit;
    case State::kHeuristicRollBack: return Code::kHeuristicRollBack;
    case State::kPrepared: break;
  }
  Apply(xid, found->second);
  Drop(found, Transition::kCommitted);
  return Code::kOk;
}

bool Database::BeginCommit(Session session, const xa::Xid& xid) {
  const auto found = branches_.find(xid);
  if (found == branches_.end() || !Visible(found->second, session)) return false;
  if (found->second.state != State::kPrepared) return false;
  found->second.state = State::kCommitting;
  Report(xid, found->second.work, Transition::kCommitting);
  return true;
}

void Database::FinishCommit(const xa::Xid& xid) {
  const auto found = branches_.find(xid);
  if (found == branches_.end() || found->second.state != State::kCommitting) return;
  Apply(xid, found->second);
  Drop(found, Transition::kCommitted);
}

Code Database::RollBack(Session session, const xa::Xid& xid) {
  if (foreign_.contains(xid)) ++foreign_harmed_;
  const auto found = branches_.find(xid);
  if (found == branches_.end() || !Visible(found->second, session)) return Code::kErNota;
  switch (found->second.state) {
    case State::kActive:
      if (found->second.owner != session) return Code::kErNota;
      Drop(found, Transition::kDropped);
      return Code::kOk;
    case State::kCommitting:
      return settings_.kind == DatabaseKind::kMaria ? Code::kErNota : Code::kErRmFail;
    case State::kHeuristicCommit: return Code::kHeuristicCommit;
    case State::kHeuristicRollBack: return Code::kHeuristicRollBack;
    case State::kPrepared: break;
  }
  Drop(found, Transition::kRolledBack);
  return Code::kOk;
}

Code Database::Forget(const xa::Xid& xid) {
  const auto found = branches_.find(xid);
  if (found == branches_.end()) return Code::kErNota;
  if (found->second.state != State::kHeuristicCommit &&
      found->second.state != State::kHeuristicRollBack) {
    return Code::kErProto;
  }
  branches_.erase(found);
  return Code::kOk;
}

xa::Found Database::Find(const xa::Xid& xid, bool settle) {
  const auto found = branches_.find(xid);
  if (found != branches_.end()) {
    const State state = found->second.state;
    const bool hidden = state == State::kCommitting && settings_.kind == DatabaseKind::kMaria;
    // The list does not show it, but the server's sessions do.
    if (hidden && !sim_.Has(SeededBug::kHiddenIsDone)) return xa::Found::kUnknown;
    if (state != State::kActive && !hidden) {
      sim_.Reach(Marker::kNotaListed);
      return xa::Found::kListed;
    }
  }
  if (settings_.witness) {
    const auto row = witness_.find(xid);
    if (row != witness_.end()) {
      sim_.Reach(row->second == 'C' ? Marker::kWitnessCommitted : Marker::kWitnessMark);
      return row->second == 'C' ? xa::Found::kWitnessCommitted : xa::Found::kWitnessRolledBack;
    }
    if (settle && sim_.Has(SeededBug::kWitnessRead)) return xa::Found::kWitnessRolledBack;
    // The insert waits for the row of a transaction that is still open, and times out.
    if (settle && found != branches_.end() && found->second.witness) return xa::Found::kUnknown;
    if (settle) {
      sim_.Reach(Marker::kWitnessMark);
      witness_[xid] = 'R';
      return xa::Found::kWitnessRolledBack;
    }
  }
  sim_.Reach(Marker::kNotaGone);
  return xa::Found::kNotListed;
}

void Database::PurgeWitness(const std::vector<xa::Xid>& xids) {
  for (const xa::Xid& xid : xids) {
    const auto row = witness_.find(xid);
    if (row == witness_.end() || row->second != 'C') continue;
    witness_.erase(row);
    if (last_.contains(xid)) Report(xid, {}, Transition::kPurged);
  }
}

bool IsNewer(const core::Gtrid& gtrid, const core::Gtrid& own) {
  if (gtrid.coordinator_id() != own.coordinator_id()) return false;
  return gtrid.incarnation() > own.incarnation() ||
         (gtrid.incarnation() == own.incarnation() && gtrid.start_nonce() != own.start_nonce());
}

std::optional<xa::Xid> Database::NewerWitness(const core::Gtrid& own) const {
  for (const auto& [xid, mark] : witness_) {
    if (IsNewer(xid.gtrid, own)) return xid;
  }
  return std::nullopt;
}

std::vector<xa::Xid> Database::List() const {
  std::vector<xa::Xid> listed(foreign_.begin(), foreign_.end());
  for (const auto& [xid, branch] : branches_) {
    if (branch.state == State::kActive) continue;
    if (branch.state == State::kCommitting && settings_.kind == DatabaseKind::kMaria) continue;
    listed.push_back(xid);
  }
  return listed;
}

std::vector<xa::Xid> Database::InDoubt() const {
  std::vector<xa::Xid> xids;
  for (const auto& [xid, branch] : branches_) {
    if (branch.state == State::kPrepared || branch.state == State::kCommitting) xids.push_back(xid);
  }
  return xids;
}

bool Database::IsCommitting() const {
  return std::any_of(branches_.begin(), branches_.end(),
                     [](const auto& entry) { return entry.second.state == State::kCommitting; });
}

void Database::Stop() {
  up_ = false;
  sessions_.clear();
  for (auto at = branches_.begin(); at != branches_.end();) {
    Branch& branch = at->second;
    branch.owner = 0;
    if (branch.state == State::kActive) {
      at = Drop(at, Transition::kDropped);
      continue;
    }
    if (branch.state == State::kCommitting) {
      branch.state = State::kPrepared;
      if (sim_.rng.Chance(500)) {
        Apply(at->first, branch);
        at = Drop(at, Transition::kCommitted);
        continue;
      }
    }
    ++at;
  }
}

void Database::Start() {
  up_ = true;
  stamp_.started_at = "start-" + std::to_string(++starts_);
}

bool Database::DecideHeuristically() {
  std::vector<xa::Xid> candidates;
  for (const auto& [xid, branch] : branches_) {
    if (branch.state == State::kPrepared) candidates.push_back(xid);
  }
  if (candidates.empty()) return false;
  const auto at = branches_.find(candidates[sim_.rng.Below(candidates.size())]);
  const bool commit = sim_.rng.Chance(500);
  const Transition transition =
      commit ? Transition::kHeuristicCommit : Transition::kHeuristicRollBack;
  if (commit) Apply(at->first, at->second);
  if (settings_.kind != DatabaseKind::kXa) {
    Drop(at, transition);
    return true;
  }
  at->second.state = commit ? State::kHeuristicCommit : State::kHeuristicRollBack;
  Report(at->first, at->second.work, transition);
  return true;
}

void Database::AddForeign() {
  const std::string id = "another" + std::string(1, static_cast<char>('0' + foreign_.size() % 10));
  foreign_.insert({core::Gtrid::Make(id, 1 + static_cast<uint32_t>(sim_.rng.Below(9)), "xyz",
                                     1 + sim_.rng.Below(100)),
                   1});
}

void Database::TakeBackup() {
  backup_ = std::make_unique<Backup>(Backup{branches_, ledger_, witness_});
  rows_at_backup_ = rows_written_;
  std::erase_if(backup_->branches,
                [](const auto& entry) { return entry.second.state == State::kActive; });
  for (auto& [xid, branch] : backup_->branches) {
    branch.owner = 0;
    if (branch.state == State::kCommitting) branch.state = State::kPrepared;
  }
}

bool Database::Restore() {
  if (!backup_) return false;
  Stop();
  for (const auto& [xid, branch] : branches_) {
    if (backup_->branches.contains(xid)) continue;
    if (branch.state == State::kPrepared) Report(xid, branch.work, Transition::kVanished);
    Report(xid, branch.work, Transition::kUndone);
  }
  const size_t kept = backup_->ledger.size();
  for (size_t i = kept; i < ledger_.size(); ++i) {
    const LedgerRow& row = ledger_[i];
    Report(row.xid, {row.tag, row.delta, 1}, Transition::kUndone);
  }
  for (const auto& [xid, branch] : backup_->branches) {
    Report(xid, branch.work, Transition::kUndone);  // back in the state that the backup has
  }
  for (const auto& [xid, mark] : witness_) {
    const bool lost = mark == 'R' && last_.contains(xid) && !backup_->witness.contains(xid);
    if (lost) Report(xid, {}, Transition::kUndone);
  }
  branches_ = backup_->branches;
  ledger_ = backup_->ledger;
  witness_ = backup_->witness;
  ++identities_;
  stamp_.identity = IdentityNow();
  return true;
}

}  // namespace assent::sim
