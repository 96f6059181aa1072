// SPDX-License-Identifier: Apache-2.0
#include "tests/model/partner.h"

#include <utility>

#include "barrier/barrier.h"
#include "base/check.h"

namespace assent::model {
namespace {

using barrier::Barrier;
using barrier::Verdict;
using tcc::Answer::kLater;
using tcc::Answer::kNever;
using tcc::Answer::kRefused;
using tcc::Answer::kWorking;

constexpr barrier::Vendor kVendor = barrier::Vendor::kPostgreSql;
constexpr const char* kCauses[] = {"", "try", "confirm", "cancel", "started", "refused"};

Cause CauseOf(const std::string& text) {
  for (size_t i = 1; i < std::size(kCauses); ++i) {
    if (text == kCauses[i]) return static_cast<Cause>(i);
  }
  CHECK(false) << "the barrier writes " << text;
  return Cause::kNone;
}

barrier::Operation ToBarrier(core::Operation operation) {
  switch (operation) {
    case core::Operation::kPrepare: return barrier::Operation::kTry;
    case core::Operation::kCommit: return barrier::Operation::kConfirm;
    case core::Operation::kRollBack: return barrier::Operation::kCancel;
    default: CHECK(false) << "not an operation of partners: " << core::Name(operation);
  }
  return barrier::Operation::kCancel;
}

barrier::Given Execute(PartnerState& partner, const barrier::Statement& statement) {
  const auto operation = barrier::ParseOperation(statement.operation);
  CHECK(operation.has_value()) << statement.operation;
  Cause& row = partner.rows[static_cast<size_t>(*operation)];
  switch (statement.kind) {
    case barrier::Kind::kInsert:
      if (row != Cause::kNone) return {0};
      row = CauseOf(statement.cause);
      return {1};
    case barrier::Kind::kChange:
      if (kCauses[static_cast<size_t>(row)] != statement.before) return {0};
      row = CauseOf(statement.cause);
      return {1};
    default:
      if (row == Cause::kNone) return {};
      return {0, kCauses[static_cast<size_t>(row)]};
  }
}

// Runs a local transaction: the rows that the barrier writes are kept if its verdict commits.
Verdict Pass(PartnerState& partner, Barrier barrier) {
  const auto before = partner.rows;
  while (!barrier.settled()) barrier.Take(Execute(partner, barrier.next()));
  if (!barrier::Commits(barrier.verdict())) partner.rows = before;
  return barrier.verdict();
}

barrier::Call CallOf(core::Operation operation, PartKind kind) {
  barrier::Call call{ToBarrier(operation), std::string(40, 'a'), "b"};
  call.effects_outside = kind == PartKind::kSlow && operation == core::Operation::kPrepare;
  return call;
}

Answer Say(tcc::Answer answer) {
  Answer said;
  said.of_partner = answer;
  return said;
}
Answer Say(Verdict verdict) { return Say(tcc::AnswerOf(barrier::HttpStatus(verdict))); }

// Updates the fields that the invariants of all branches use.
void Account(Part& part) {
  const PartnerState& partner = part.partner;
  const bool ended = partner.confirmed + partner.cancelled > 0;
  if (part.state != PartState::kCommitting) {
    part.state = partner.tried > 0 && !ended ? PartState::kPrepared : PartState::kNone;
  }
  part.voted = partner.tried > 0;
  part.committed = partner.confirmed > 0;
  part.rolled_back = partner.cancelled > 0;
}

// The refusals of an operation, indexed by way.
constexpr tcc::Answer kOfTry[] = {kNever, kLater, kWorking, kRefused};
constexpr tcc::Answer kOfEnd[] = {kRefused, kNever, kLater, kWorking};

}  // namespace

Answer Partner::Carry(Part& part, const Request& request) const {
  PartnerState& partner = part.partner;
  const barrier::Call call = CallOf(request.operation, kind_);
  const Verdict verdict = Pass(partner, Barrier::Enter(kVendor, call));
  if (verdict == Verdict::kRun && call.effects_outside) {
    part.state = PartState::kCommitting;
    return Say(kWorking);
  }
  if (verdict == Verdict::kRun) {
    switch (request.operation) {
      case core::Operation::kPrepare: ++partner.tried; break;
      case core::Operation::kCommit: ++partner.confirmed; break;
      default: ++partner.cancelled; break;
    }
  }
  Account(part);
  return Say(verdict);
}

void Partner::Finish(Part& part) const {
  const barrier::Call call = CallOf(core::Operation::kPrepare, kind_);
  part.state = PartState::kNone;
  switch (Pass(part.partner, Barrier::Succeed(kVendor, call))) {
    case Verdict::kDone: ++part.partner.tried; break;
    case Verdict::kUndo:
      Pass(part.partner, Barrier::Refuse(kVendor, call, Barrier::Where::kNewTransaction));
      break;
    default: CHECK(false) << "the try was not begun";
  }
  Account(part);
}

// For a try, the last way is a refusal: by the work, which records it, or by a guard, which does
// not. The other ways, and all ways of confirm and cancel, are responses from in front of the
// barrier.
int Partner::RefuseWays(const Part&, core::Operation operation) const {
  if (operation != core::Operation::kPrepare) return std::size(kOfEnd);
  return std::size(kOfTry);
}

Answer Partner::Refuse(Part& part, core::Operation operation, int way) const {
  if (operation != core::Operation::kPrepare) return Say(kOfEnd[way]);
  if (kOfTry[way] != kRefused || kind_ == PartKind::kGuarded) return Say(kOfTry[way]);
  const barrier::Call call = CallOf(operation, kind_);
  const Verdict verdict = Pass(part.partner, Barrier::Enter(kVendor, call));
  if (verdict != Verdict::kRun) return Say(verdict);
  const auto where =
      call.effects_outside ? Barrier::Where::kNewTransaction : Barrier::Where::kSameTransaction;
  return Say(Pass(part.partner, Barrier::Refuse(kVendor, call, where)));
}

Answer Partner::Leave(Part&, bool) const {
  CHECK(false) << "a partner has no branch to leave";
  return {};
}

}  // namespace assent::model
