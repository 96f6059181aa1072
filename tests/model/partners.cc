// SPDX-License-Identifier: Apache-2.0
// Calls to partners, as coordinator/branch_tcc.cc makes them, and their network; the calls of a
// client that calls a partner itself.
#include "base/check.h"
#include "tests/model/codec.h"
#include "tests/model/move.h"

namespace assent::model {

using core::Operation;

namespace {

std::string Say(const char* what, uint32_t branch, Operation operation) {
  return std::string("    ") + what + " " + core::Name(operation) + " b" +
         std::to_string(branch + 1);
}

}  // namespace

void Move::CallPartner(uint32_t branch, Operation operation) {
  CHECK(state.branches[branch].calls.empty()) << "two calls of one branch at once";
  PendingCall flight;
  flight.operation = operation;
  Submit(branch, {flight});
}

Answer Move::Arrive(uint32_t branch, const Request& request) {
  Part& part = state.parts[branch];
  auto& [of_try, of_confirm, of_cancel] = part.partner.rows;
  if (Has(SeededBug::kEndRunsAgain)) {
    if (request.operation == Operation::kCommit) of_confirm = Cause::kNone;
    if (request.operation == Operation::kRollBack) of_cancel = Cause::kNone;
  }
  const Answer answer = At(branch).Carry(part, request);
  if (Has(SeededBug::kOneRowCancel) && of_try == Cause::kCancel) of_try = Cause::kNone;
  return answer;
}

void Move::ReserveWithExpiry(uint32_t branch) {
  Carry(branch);
  state.parts[branch].partner.ends = state.parts[branch].state == PartState::kPrepared;
}

// tcc::Partners::Cancel.
void Move::CutOff(uint32_t branch, bool left) {
  PendingCall& call = state.branches[branch].calls.front();
  call.replied = true;
  call.cut = false;
  call.answer = left ? tcc::Answer::kUnknown : tcc::Answer::kNotSent;
  if (left) state.parts[branch].late_free |= Bit(call.operation);
}

void Move::DeliverFromPartner(uint32_t branch) {
  auto& calls = state.branches[branch].calls;
  const PendingCall call = calls.front();
  calls.erase(calls.begin());
  Trace([&] { return Say("answered:", branch, call.operation) + " " + tcc::Name(call.answer); });
  CHECK(state.live) << "a transaction ended while a partner was called";
  if (call.operation == Operation::kPrepare) {
    OnTry(branch, call);
  } else {
    OnPhaseTwo(branch, call);
  }
}

void Move::OnTry(uint32_t branch, const PendingCall& flight) {
  bool& try_left = state.branches[branch].try_left;
  reached_.NoteTry(flight.answer, try_left);
  tcc::Answer answer = flight.answer;
  const bool silent = answer == tcc::Answer::kUnknown;
  if (Has(SeededBug::kSilentTryIsYes) && silent) answer = tcc::Answer::kDone;
  const bool whole = Has(SeededBug::kRefusalIsWhole) && answer == tcc::Answer::kRefused;
  const bool sent_before = try_left && !whole;
  const tcc::TryMeaning meaning = tcc::MeaningOfTry(answer, sent_before);
  try_left |= flight.answer != tcc::Answer::kNotSent;
  core::Voted voted;
  voted.branch = branch;
  voted.vote = meaning.ask_again ? core::Vote::kUnknown : meaning.vote;
  voted.gone = !meaning.cancel_needed;
  if (state.parts[branch].partner.ends && !Has(SeededBug::kEndingIgnored)) voted.expires = kEnds;
  Step(voted);
}

void Move::OnPhaseTwo(uint32_t branch, const PendingCall& flight) {
  reached_.NotePhaseTwo(flight.answer);
  const bool commit = flight.operation == Operation::kCommit;
  tcc::AckMeaning meaning = tcc::MeaningOfPhaseTwo(flight.answer);
  if (Has(SeededBug::kTurnedRound) && commit && meaning.needs_operator) {
    CallPartner(branch, Operation::kRollBack);
    return;
  }
  const bool silent = flight.answer == tcc::Answer::kUnknown;
  const bool believed = (Has(SeededBug::kRefusedEndBelieved) && meaning.needs_operator) ||
                        (Has(SeededBug::kSilentEndBelieved) && silent);
  if (believed) meaning = {core::Ack::kDone, false};
  core::Acked acked;
  acked.branch = branch;
  acked.ack = meaning.ack;
  acked.needs_operator = meaning.needs_operator;
  Step(acked);
}

// With `heard` false the try stays in progress: it arrives late and the client gets no response.
void Move::ClientCalls(uint32_t branch, bool heard) {
  PartnerState& partner = state.parts[branch].partner;
  if (!heard) {
    state.parts[branch].late_free |= Bit(Operation::kPrepare);
    partner.calling = Calling::kSilent;
    return;
  }
  Request request;
  request.operation = Operation::kPrepare;
  const bool yes = Arrive(branch, request).of_partner == tcc::Answer::kDone;
  partner.calling = yes ? Calling::kYes : Calling::kNo;
  Trace([&] { return Say("the client calls:", branch, Operation::kPrepare); });
}

// Shard::Vote.
void Move::ClientVotes(uint32_t branch, bool yes) {
  core::Voted voted;
  voted.branch = branch;
  voted.vote = yes ? core::Vote::kPrepared : core::Vote::kRefused;
  if (yes && state.parts[branch].partner.ends) voted.expires = kEnds;
  Step(core::Touched{});
  Step(voted);
}

}  // namespace assent::model
