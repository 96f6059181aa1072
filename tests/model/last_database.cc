// SPDX-License-Identifier: Apache-2.0
#include "tests/model/last_database.h"

#include "base/check.h"

namespace assent::model {
namespace {

using core::Operation;
using xa::Code;
using xa::Found;

void Clear(Part& part) {
  part.state = PartState::kNone;
  part.wrote = part.witness = false;
}

void Commits(Part& part) {
  if (part.witness) part.row = WitnessRow::kCommitted;
  part.committed = true;
  Clear(part);
}

// For the auditor, a roll-back counts once it has voted.
void RollsBack(Part& part) {
  part.rolled_back |= part.voted;
  Clear(part);
}

// Inserts the decision row into the open transaction. A mark makes that fail.
bool WriteRow(Part& part) {
  if (part.row == WitnessRow::kMark) {
    RollsBack(part);
    return false;
  }
  part.witness = true;
  return true;
}

Answer Prepare(Part& part, const Request& request) {
  if (part.state != PartState::kActive || !request.through_own) return {Code::kErNota};
  if (!WriteRow(part)) return {Code::kRbIntegrity};
  part.voted = true;
  return {};
}

Answer Commit(Part& part, const Request& request) {
  if (part.state != PartState::kActive || !request.through_own) return {Code::kErNota};
  if (!part.voted && !WriteRow(part)) return {Code::kRbIntegrity};  // a sole branch
  Commits(part);
  return {};
}

Answer RollBack(Part& part, const Request& request) {
  if (part.state != PartState::kActive || !request.through_own) return {Code::kErNota};
  RollsBack(part);
  return {};
}

Answer Find(Part& part, const Request& request) {
  switch (part.row) {
    case WitnessRow::kCommitted: return {Code::kOk, Found::kWitnessCommitted};
    case WitnessRow::kMark: return {Code::kOk, Found::kWitnessRolledBack};
    case WitnessRow::kNone: break;
  }
  if (part.witness) return {Code::kOk, Found::kUnknown};  // waits for the row, and times out
  if (!request.settle) return {Code::kOk, Found::kNotListed};
  part.row = WitnessRow::kMark;
  return {Code::kOk, Found::kWitnessRolledBack};
}

}  // namespace

Answer LastDatabase::Carry(Part& part, const Request& request) const {
  switch (request.operation) {
    case Operation::kOpen: part.session = Session::kOurs; return {};
    case Operation::kRun:
      part.state = PartState::kActive;
      part.wrote = true;
      return {};
    case Operation::kPrepare: return Prepare(part, request);
    case Operation::kCommitOnePhase: return Commit(part, request);
    case Operation::kRollBack: return RollBack(part, request);
    case Operation::kFind: return Find(part, request);
    case Operation::kForget: return {};
    case Operation::kCommit: break;
  }
  CHECK(false) << "a last resource is never told to commit in phase two";
  return {};
}

// A commit may be refused with an error after which the transaction is still open; the adapter then
// drops the session.
int LastDatabase::RefuseWays(const Part& part, Operation operation) const {
  switch (operation) {
    case Operation::kOpen:
    case Operation::kRun: return 1;
    case Operation::kPrepare: return part.state == PartState::kActive ? 1 : 0;
    case Operation::kCommitOnePhase: return part.state == PartState::kActive ? 2 : 0;
    default: return 0;
  }
}

Answer LastDatabase::Refuse(Part& part, Operation operation, int way) const {
  if (operation == Operation::kOpen) return {Code::kRbCommFail};
  if (operation == Operation::kRun) return {Code::kRbIntegrity};
  if (way == 1) return {Code::kErRmErr};
  RollsBack(part);
  return {Code::kRbRollback};
}

Answer LastDatabase::Leave(Part& part, bool commits) const {
  part.ended_elsewhere = true;
  part.committed = commits;
  Clear(part);
  return {Code::kHeuristicHazard};
}

bool LastDatabase::BeginCommit(Part& part, bool through_own) const {
  if (part.state != PartState::kActive || !through_own) return false;
  if (!part.voted && !WriteRow(part)) return false;
  part.state = PartState::kCommitting;
  return true;
}

void LastDatabase::Finish(Part& part) const { Commits(part); }

void LastDatabase::Disconnect(Part& part) const {
  part.session = Session::kNone;
  part.late_own = 0;
  if (part.state == PartState::kActive) RollsBack(part);
}

int LastDatabase::RestartWays(const Part& part) const {
  return part.state == PartState::kCommitting ? 2 : 1;
}

// A commit in progress is either durable or not.
void LastDatabase::Restart(Part& part, int way) const {
  if (part.state == PartState::kCommitting && way == 1) Commits(part);
  Disconnect(part);
  if (part.state == PartState::kCommitting) RollsBack(part);
  part.late_free = 0;
  ++part.starts;
}

bool MayStillCommit(const Part& part, const Branch& branch) {
  if (part.committed || part.row == WitnessRow::kMark) return false;
  if (part.state == PartState::kCommitting) return true;
  if (part.state != PartState::kActive) return false;
  if ((part.late_own & Bit(Operation::kCommitOnePhase)) != 0) return true;
  return !branch.calls.empty() && !branch.calls.front().replied &&
         branch.calls.front().operation == Operation::kCommitOnePhase;
}

}  // namespace assent::model
