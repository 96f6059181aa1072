// SPDX-License-Identifier: Apache-2.0
// The adapter and the network: the calls of a branch go out in order and each is answered once; a
// lost request may still arrive.
#include "base/check.h"
#include "tests/model/codec.h"
#include "tests/model/move.h"

namespace assent::model {

using core::Operation;
using xa::Code;

namespace {

std::string Say(const char* what, uint32_t branch, Operation operation) {
  return std::string("    ") + what + " " + core::Name(operation) + " b" +
         std::to_string(branch + 1);
}

// The branch returns its connection when no further call can use it.
bool EndsConnection(const PendingCall& call) {
  switch (call.operation) {
    case Operation::kOpen: return call.code != Code::kOk;
    case Operation::kPrepare: return call.code == Code::kReadOnly || xa::IsRollBack(call.code);
    case Operation::kCommitOnePhase: return true;
    case Operation::kCommit:
    case Operation::kRollBack: return call.code != Code::kErRmErr && call.code != Code::kRetry;
    default: return false;
  }
}

}  // namespace

bool NeedsOwn(Operation operation) {
  switch (operation) {
    case Operation::kOpen:
    case Operation::kCommit:
    case Operation::kRollBack:
    case Operation::kFind:
    case Operation::kForget: return false;
    default: return true;
  }
}

// As in sql::PhaseTwo::Find, a mark is inserted only on the server of the prepare, which is the
// first server unless the transaction has another identity.
Request Move::RequestOf(uint32_t branch, const PendingCall& flight) const {
  const std::string now = IdentityText(state.parts[branch].identity);
  const std::string then = state.live && branch < state.live->branches.size()
                               ? state.live->branches[branch].identity
                               : IdentityText(0);
  const bool settles = then == now || (Has(SeededBug::kLastMarkAnywhere) && setup.IsLast(branch));
  return {flight.operation,        flight.through_own,    flight.settle && settles,
          setup.read_only[branch], setup.witness[branch], setup.sessions_hidden};
}

void Move::Submit(uint32_t branch, std::vector<PendingCall> flight) {
  auto& calls = state.branches[branch].calls;
  for (size_t i = 0; i < flight.size(); ++i) {
    flight[i].follows = i > 0;
    calls.push_back(flight[i]);
  }
  CHECK(calls.size() <= 6) << "calls pile up";
}

// Sends the first call of `branch` over the right connection. Without a connection the call fails.
void Move::Carry(uint32_t branch) {
  PendingCall& call = state.branches[branch].calls.front();
  Part& part = state.parts[branch];
  if (setup.HasPartner(branch)) {
    const Answer answer = Arrive(branch, RequestOf(branch, call));
    Trace([&] {
      return Say("executed:", branch, call.operation) + " -> " + tcc::Name(answer.of_partner);
    });
    Reply(branch, answer);
    return;
  }
  call.through_own = part.session == Session::kOurs;
  if (!call.through_own && NeedsOwn(call.operation)) {
    Fail(branch);
    if (setup.IsLast(branch) && call.operation == Operation::kCommitOnePhase) {
      call.code = Code::kRbCommFail;  // never sent
    }
    return;
  }
  Answer answer = At(branch).Carry(part, RequestOf(branch, call));
  if (Has(SeededBug::kLastWithoutRow) && setup.IsLast(branch)) part.witness = false;
  if (Has(SeededBug::kLastRowRead) && setup.IsLast(branch) && call.operation == Operation::kFind &&
      answer.found != xa::Found::kWitnessCommitted) {
    part.row = WitnessRow::kNone;
    answer.found = xa::Found::kWitnessRolledBack;
  }
  if (Has(SeededBug::kReadOnlyInferred) && call.operation == Operation::kPrepare) {
    answer.code = Code::kReadOnly;
    part.state = PartState::kNone;
  }
  Trace([&] { return Say("executed:", branch, call.operation) + " -> " + xa::Name(answer.code); });
  Reply(branch, answer);
}

void Move::Reply(uint32_t branch, const Answer& answer) {
  PendingCall& call = state.branches[branch].calls.front();
  const Part& part = state.parts[branch];
  call.replied = true;
  call.settle = call.through_own = false;
  call.answer = answer.of_partner;
  if (setup.HasPartner(branch)) return;
  call.code = answer.code;
  call.found = answer.found;
  call.witnessed = answer.witnessed;
  call.lost = false;
  call.stamped = call.operation == Operation::kPrepare || call.operation == Operation::kFind ||
                 call.operation == Operation::kCommitOnePhase ||
                 (call.operation == Operation::kRun && call.code == Code::kOk);
  if (!call.stamped) return;
  call.identity = part.identity;
  call.starts = part.starts;
}

// No response comes, so it is unknown whether the call took effect. The server may not have
// detected the lost connection yet.
void Move::Fail(uint32_t branch) {
  PendingCall& call = state.branches[branch].calls.front();
  Part& part = state.parts[branch];
  call.replied = true;
  call.settle = call.through_own = false;
  if (setup.HasPartner(branch)) {
    call.answer = tcc::Answer::kUnknown;
    return;
  }
  call.code = call.operation == Operation::kRun || call.operation == Operation::kOpen
                  ? Code::kRbCommFail
                  : Code::kErRmFail;
  call.found = xa::Found::kUnknown;
  call.witnessed = false;
  call.lost = call.operation == Operation::kCommit;
  // The identity of the server matters only for a one-phase commit.
  call.stamped = call.operation == Operation::kCommitOnePhase;
  call.identity = call.stamped ? part.identity : 0;
  call.starts = call.stamped ? part.starts : 0;
  if (part.session == Session::kOurs) part.session = Session::kLost;
}

void Move::Lose(uint32_t branch, bool stays) {
  const PendingCall& call = state.branches[branch].calls.front();
  Part& part = state.parts[branch];
  if (stays) {
    if (part.session == Session::kOurs) {
      part.late_own |= Bit(call.operation);
    } else {
      part.late_free |= Bit(call.operation);
    }
  }
  Fail(branch);
}

// Seeded bugs of the adapter are applied here, when it completes a call.
void Move::Deliver(uint32_t branch) {
  if (setup.HasPartner(branch)) return DeliverFromPartner(branch);
  auto& calls = state.branches[branch].calls;
  PendingCall call = calls.front();
  calls.erase(calls.begin());
  Part& part = state.parts[branch];
  if (EndsConnection(call) && part.session == Session::kOurs) At(branch).Disconnect(part);
  part.told_left |= setup.IsLast(branch) && call.code == Code::kHeuristicHazard;
  const bool silent = call.code == Code::kErRmFail;
  const bool prepare = call.operation == Operation::kPrepare;
  const bool commit = call.operation == Operation::kCommit;
  if (Has(SeededBug::kTimeOutIsYes) && prepare && silent) call.code = Code::kOk;
  if (Has(SeededBug::kRefusalIsYes) && prepare && xa::IsRollBack(call.code)) call.code = Code::kOk;
  if (Has(SeededBug::kNeverRetry) && commit && silent) call.code = Code::kOk;
  if (Has(SeededBug::kNotaBelieved) && commit && call.code == Code::kErNota) call.code = Code::kOk;
  if (Has(SeededBug::kFailedLookJudged) && call.operation == Operation::kFind &&
      call.found == xa::Found::kUnknown) {
    call.found = xa::Found::kNotListed;
    call.stamped = true;
    call.identity = part.identity;
    call.starts = part.starts;
  }
  if (Has(SeededBug::kWitnessRead) && call.found == xa::Found::kUnknown && call.code == Code::kOk &&
      call.operation == Operation::kFind) {
    call.found = xa::Found::kWitnessRolledBack;  // a read does not wait for the open row
  }
  std::vector<PendingCall> unsent;
  while (call.code != Code::kOk && !calls.empty() && calls.front().follows) {
    unsent.push_back(calls.front());
    calls.erase(calls.begin());
  }
  Trace([&] { return Say("answered:", branch, call.operation) + " " + xa::Name(call.code); });
  Complete(branch, call);
  for (PendingCall& skipped : unsent) {
    const bool run = skipped.operation == Operation::kRun;
    skipped.code = run ? Code::kRbOther : Code::kErRmFail;  // xa::NotSent
    Trace([&] { return Say("not sent:", branch, skipped.operation); });
    Complete(branch, skipped);
  }
}

void Move::CarryLate(uint32_t branch, Operation operation, bool through_own) {
  Part& part = state.parts[branch];
  Late& late = through_own ? part.late_own : part.late_free;
  late = static_cast<Late>(late & ~Bit(operation));
  PendingCall call;
  call.operation = operation;
  call.through_own = through_own;
  call.settle = operation == Operation::kFind;
  if (setup.HasPartner(branch)) {
    const Answer answer = Arrive(branch, RequestOf(branch, call));
    Trace([&] {
      return Say("executed late:", branch, operation) + " -> " + tcc::Name(answer.of_partner);
    });
    return;
  }
  const bool was_committed = part.committed;
  const Answer answer = At(branch).Carry(part, RequestOf(branch, call));
  if (operation == Operation::kCommit && part.copy == Copy::kUnderWay) {
    part.copy = part.committed && !was_committed ? Copy::kCommitted : Copy::kNone;
  }
  Trace([&] { return Say("executed late:", branch, operation) + " -> " + xa::Name(answer.code); });
}

// A call in progress stays in progress. A call that waits in the queue or for a first scan is never
// sent.
void Move::AbandonCalls() {
  for (uint32_t i = 0; i < setup.branches; ++i) {
    Branch& branch = state.branches[i];
    Part& part = state.parts[i];
    if (!branch.calls.empty() && !branch.calls.front().replied && !branch.unscanned) {
      const Operation operation = branch.calls.front().operation;
      const bool own = part.session == Session::kOurs;
      if (operation == Operation::kFind && !branch.calls.front().settle) {
        // A lookup changes nothing.
      } else if (own) {
        part.late_own |= Bit(operation);
      } else if (setup.HasPartner(i) || (!NeedsOwn(operation) && operation != Operation::kOpen)) {
        part.late_free |= Bit(operation);
      }
    }
    if (part.session == Session::kOurs) part.session = Session::kLost;
    branch = {};
  }
}

}  // namespace assent::model
