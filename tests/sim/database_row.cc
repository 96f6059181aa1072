// SPDX-License-Identifier: Apache-2.0
// The decision rows of last resources in a modelled database.
#include "tests/sim/database.h"

namespace assent::sim {

using xa::Code;
using xa::Found;

Code Database::WriteRow(Session session, const xa::Xid& xid) {
  const auto found = branches_.find(xid);
  if (found == branches_.end() || found->second.owner != session) return Code::kErNota;
  if (found->second.witness) return Code::kOk;
  if (!has_table() || witness_.contains(xid)) {  // the mark is there: a lookup was faster
    Drop(found, Transition::kDropped);
    return Code::kRbIntegrity;
  }
  found->second.witness = true;
  ++rows_written_;
  Report(xid, found->second.work, Transition::kRowWritten);
  return Code::kOk;
}

Code Database::RefuseCommit(Session session, const xa::Xid& xid) {
  const auto found = branches_.find(xid);
  if (found == branches_.end() || found->second.owner != session) return Code::kErNota;
  Drop(found, Transition::kRefused);
  return Code::kRbRollback;
}

// Only committed rows are in witness_.
Found Database::ReadRow(const xa::Xid& xid) {
  const auto row = witness_.find(xid);
  if (row != witness_.end()) {
    const bool committed = row->second == 'C';
    Report(xid, {}, committed ? Transition::kRowSeen : Transition::kForbidden);
    sim_.Reach(committed ? Marker::kRowFound : Marker::kRowForbidden);
    const auto began = last_.find(xid);
    if (committed && began != last_.end() && began->second != identities_) {
      sim_.Reach(Marker::kRowElsewhere);
    }
    return committed ? Found::kWitnessCommitted : Found::kWitnessRolledBack;
  }
  const auto open = branches_.find(xid);
  if (open == branches_.end() || !open->second.witness) return Found::kNotListed;
  sim_.Reach(Marker::kRowLocked);
  return Found::kUnknown;
}

Found Database::SettleRow(const xa::Xid& xid) {
  const Found found = ReadRow(xid);
  if (sim_.Has(SeededBug::kRowRead) && !witness_.contains(xid)) return Found::kWitnessRolledBack;
  if (found != Found::kNotListed) return found;
  witness_[xid] = 'R';
  const auto began = last_.find(xid);
  if (began != last_.end() && began->second != identities_) {
    Report(xid, {}, Transition::kMisplaced);
  }
  Report(xid, {}, Transition::kForbidden);
  sim_.Reach(Marker::kRowForbidden);
  return Found::kWitnessRolledBack;
}

void Database::EndSessionOf(const xa::Xid& xid) {
  const auto found = branches_.find(xid);
  if (found != branches_.end() && found->second.owner != 0) Disconnect(found->second.owner);
}

// A mark stays while a session that could still write the row is left.
void Database::PurgeRowsBefore(const std::string& coordinator_id, uint32_t incarnation,
                               const std::set<xa::Xid>& keep) {
  std::vector<xa::Xid> committed;
  std::erase_if(witness_, [&](const auto& row) {
    const auto& [xid, mark] = row;
    const bool old = xid.gtrid.coordinator_id() == coordinator_id &&
                     xid.gtrid.incarnation() < incarnation && !keep.contains(xid);
    if (old && mark == 'C') committed.push_back(xid);
    return old && mark == 'R' && !branches_.contains(xid);
  });
  PurgeWitness(committed);
}

bool Database::DecideByHand(const xa::Xid& xid, char mark) {
  if (!up_ || standby || !has_table() || witness_.contains(xid)) return false;
  witness_[xid] = mark;
  Report(xid, {}, mark == 'C' ? Transition::kHandCommit : Transition::kHandRollBack);
  return true;
}

void Database::LoseTable() {
  has_table_ = false;
  witness_.clear();
}

}  // namespace assent::sim
