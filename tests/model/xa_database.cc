// SPDX-License-Identifier: Apache-2.0
#include "tests/model/xa_database.h"

#include "base/check.h"

namespace assent::model {
namespace {

using core::Operation;
using xa::Code;
using xa::Found;

// Clears an open or prepared branch. The caller has recorded whether its effects are kept.
void Clear(Part& part) {
  part.state = PartState::kNone;
  part.held = part.witness = part.wrote = false;
}

void Commits(Part& part) {
  if (part.witness) part.row = WitnessRow::kCommitted;
  part.committed = true;
  Clear(part);
}

void RollsBack(Part& part) {
  if (part.state != PartState::kActive) part.rolled_back = true;
  Clear(part);
}

bool IsHeuristic(PartState state) { return state >= PartState::kHeuristicCommit; }

Code CodeOf(PartState state) {
  switch (state) {
    case PartState::kHeuristicCommit: return Code::kHeuristicCommit;
    case PartState::kHeuristicRollBack: return Code::kHeuristicRollBack;
    case PartState::kHeuristicMixed: return Code::kHeuristicMixed;
    default: return Code::kHeuristicHazard;
  }
}

}  // namespace

Answer XaDatabase::Carry(Part& part, const Request& request) const {
  switch (request.operation) {
    case Operation::kOpen: part.session = Session::kOurs; return {};
    case Operation::kRun: return Run(part, request);
    case Operation::kPrepare: return Prepare(part, request);
    case Operation::kCommitOnePhase: return CommitOnePhase(part, request);
    case Operation::kCommit: return Commit(part, request);
    case Operation::kRollBack: return RollBack(part, request);
    case Operation::kFind: return Find(part, request);
    case Operation::kForget: return Forget(part);
  }
  CHECK(false) << "not an operation";
  return {};
}

Answer XaDatabase::Run(Part& part, const Request& request) const {
  if (part.state != PartState::kNone && part.state != PartState::kActive) {
    return {Code::kErDupid};
  }
  if (request.has_witness && !request.read_only) {
    if (part.row != WitnessRow::kNone)
      return {Code::kRbIntegrity};  // the row of the mark conflicts
    part.witness = true;
  }
  part.state = PartState::kActive;
  part.wrote = !request.read_only;
  return {Code::kOk, Found::kUnknown, part.witness};
}

Answer XaDatabase::Prepare(Part& part, const Request& request) const {
  if (part.state == PartState::kNone || !request.through_own) return {Code::kErNota};
  if (part.state != PartState::kActive) return {Code::kErProto};
  part.voted = true;
  if (!part.wrote) {
    Clear(part);
    return {Code::kReadOnly};
  }
  part.state = PartState::kPrepared;
  part.held = kind_ == PartKind::kMaria;
  return {};
}

Answer XaDatabase::CommitOnePhase(Part& part, const Request& request) const {
  if (part.state == PartState::kNone || !request.through_own) return {Code::kErNota};
  if (part.state != PartState::kActive) return {Code::kErProto};
  Commits(part);
  return {};
}

bool XaDatabase::Visible(const Part& part, bool through_own) const {
  return !part.held || through_own;
}

Answer XaDatabase::Commit(Part& part, const Request& request) const {
  if (IsHeuristic(part.state)) return {CodeOf(part.state)};
  switch (part.state) {
    case PartState::kCommitting:
      return {kind_ == PartKind::kMaria ? Code::kErNota : Code::kErRmFail};  // busy
    case PartState::kPrepared:
      if (!Visible(part, request.through_own)) return {Code::kErNota};
      Commits(part);
      return {};
    default: return {Code::kErNota};
  }
}

Answer XaDatabase::RollBack(Part& part, const Request& request) const {
  if (IsHeuristic(part.state)) return {CodeOf(part.state)};
  switch (part.state) {
    case PartState::kCommitting:
      return {kind_ == PartKind::kMaria ? Code::kErNota : Code::kErRmFail};
    case PartState::kActive:
      if (!request.through_own) return {Code::kErNota};
      RollsBack(part);
      return {};
    case PartState::kPrepared:
      if (!Visible(part, request.through_own)) return {Code::kErNota};
      RollsBack(part);
      return {};
    default: return {Code::kErNota};
  }
}

Answer XaDatabase::Find(Part& part, const Request& request) const {
  if (Listed(part)) return {Code::kOk, Found::kListed};
  if (part.state == PartState::kCommitting && !request.sessions_hidden) {
    return {Code::kOk, Found::kUnknown};
  }
  if (!request.has_witness) return {Code::kOk, Found::kNotListed};
  if (part.row == WitnessRow::kCommitted) return {Code::kOk, Found::kWitnessCommitted};
  if (part.row == WitnessRow::kMark) return {Code::kOk, Found::kWitnessRolledBack};
  // The insert waits for the row of a transaction that is still open, and times out.
  if (request.settle && part.witness) return {Code::kOk, Found::kUnknown};
  if (!request.settle) return {Code::kOk, Found::kNotListed};
  part.row = WitnessRow::kMark;
  return {Code::kOk, Found::kWitnessRolledBack};
}

Answer XaDatabase::Forget(Part& part) const {
  if (!IsHeuristic(part.state)) return {Code::kErNota};
  Clear(part);
  return {};
}

int XaDatabase::RefuseWays(const Part& part, Operation operation) const {
  const bool by_the_book = kind_ == PartKind::kXa;
  switch (operation) {
    case Operation::kOpen:
    case Operation::kRun: return 1;
    case Operation::kPrepare: return part.state == PartState::kActive ? 1 : 0;
    case Operation::kCommitOnePhase:
      if (part.state != PartState::kActive) return 0;
      return by_the_book ? 5 : 1;
    case Operation::kCommit: return by_the_book && part.state == PartState::kPrepared ? 2 : 1;
    default: return 0;
  }
}

// A one-phase commit may also end in a heuristic outcome, which is final. A commit may end in a
// roll-back although the branch was prepared.
Answer XaDatabase::Refuse(Part& part, Operation operation, int way) const {
  switch (operation) {
    case Operation::kOpen: return {Code::kRbCommFail};
    case Operation::kRun: return {Code::kRbIntegrity};  // the branch stays, to be rolled back
    case Operation::kPrepare: Clear(part); return {Code::kRbRollback};
    case Operation::kCommitOnePhase: {
      if (way == 0) {
        Clear(part);
        return {Code::kRbRollback};
      }
      const auto as =
          static_cast<PartState>(static_cast<int>(PartState::kHeuristicCommit) + way - 1);
      part.ended_elsewhere = true;
      if (as == PartState::kHeuristicCommit) part.committed = true;
      Clear(part);
      return {CodeOf(as)};
    }
    default:
      if (way == 0) return {Code::kErRmErr};
      part.ended_elsewhere = true;
      RollsBack(part);
      return {Code::kRbRollback};
  }
}

Answer XaDatabase::Leave(Part& part, bool commits) const {
  part.ended_elsewhere = true;
  if (commits) {
    Commits(part);
  } else {
    Clear(part);
  }
  return {Code::kHeuristicHazard};
}

bool XaDatabase::BeginCommit(Part& part, bool through_own) const {
  if (part.state != PartState::kPrepared || !Visible(part, through_own)) return false;
  part.state = PartState::kCommitting;
  return true;
}

void XaDatabase::Finish(Part& part) const { Commits(part); }

bool XaDatabase::Listed(const Part& part) const {
  if (part.state == PartState::kCommitting) return kind_ != PartKind::kMaria;
  return part.state != PartState::kNone && part.state != PartState::kActive;
}

void XaDatabase::Disconnect(Part& part) const {
  part.session = Session::kNone;
  part.late_own = 0;
  part.held = false;
  if (part.state == PartState::kActive) Clear(part);
}

int XaDatabase::RestartWays(const Part& part) const {
  return part.state == PartState::kCommitting ? 2 : 1;
}

// A commit in progress is either durable or not.
void XaDatabase::Restart(Part& part, int way) const {
  Disconnect(part);
  part.late_free = 0;
  if (part.copy == Copy::kUnderWay) part.copy = Copy::kNone;
  ++part.starts;
  if (part.state != PartState::kCommitting) return;
  part.state = PartState::kPrepared;
  if (way == 1) Commits(part);
}

int XaDatabase::HeuristicWays(const Part& part) const {
  if (part.state != PartState::kPrepared) return 0;
  return kind_ == PartKind::kXa ? 4 : 2;
}

// Commit, roll-back, mixed or hazard. Only kXa remembers a heuristic decision.
void XaDatabase::Decide(Part& part, int way) const {
  part.ended_elsewhere = true;
  if (kind_ != PartKind::kXa) {
    if (way == 0) {
      Commits(part);
    } else {
      RollsBack(part);
    }
    return;
  }
  part.held = part.witness = false;
  part.state = static_cast<PartState>(static_cast<int>(PartState::kHeuristicCommit) + way);
  if (way == 0) part.committed = true;
  if (way == 1) part.rolled_back = true;
}

}  // namespace assent::model
