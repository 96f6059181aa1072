// SPDX-License-Identifier: Apache-2.0
// The rules that apply only to partners, or to a client that calls a partner itself.
#include <algorithm>

#include "tests/model/rules.h"

namespace assent::model {
namespace {

using core::Operation;

// A cancelled call: it was sent (way 1) or not (way 0).
int CanBeCutOff(const Move& m, uint32_t b) {
  const auto& calls = m.state.branches[b].calls;
  return !calls.empty() && !calls.front().replied && calls.front().cut ? 2 : 0;
}
void BeCutOff(Move& m, uint32_t b, int way) { m.CutOff(b, way == 1); }

// One call: a partner, or another party that knows the transaction, enlists a partner.
int CanJoin(const Move& m, uint32_t) {
  if (!m.setup.last_joins || !Live(m) || !m.state.live->TakesTries()) return 0;
  return m.state.live->branches.size() < m.setup.branches;
}
void Join(Move& m, uint32_t, int) {
  m.Step(core::Touched{});
  m.Step(core::Enlist{SpecOf(m.setup, m.setup.branches - 1)});
}

int CanNearlyExpire(const Move& m, uint32_t) {
  if (!Live(m) || !m.state.live->Undecided() || m.state.nearly_expired) return 0;
  return std::any_of(m.state.parts.begin(), m.state.parts.end(),
                     [](const Part& part) { return part.partner.ends; });
}
void NearlyExpire(Move& m, uint32_t, int) { m.state.nearly_expired = true; }

// What a partner in doubt may conclude according to docs/partners.md.
int CanAsk(const Move& m, uint32_t b) {
  const bool in_doubt = m.state.parts[b].state == PartState::kPrepared;
  if (!m.setup.partners_ask || !m.setup.HasPartner(b) || !in_doubt) return 0;
  if (!m.state.up || m.state.stale) return 0;
  const auto outcome = AnswerNow(m.state);
  if (m.Has(SeededBug::kUndecidedIsNo) && outcome == core::Outcome::kUndecided) return 1;
  return outcome == core::Outcome::kCommitted || outcome == core::Outcome::kRolledBack;
}
void Ask(Move& m, uint32_t b, int) {
  const bool committed = AnswerNow(m.state) == core::Outcome::kCommitted;
  Request request;
  request.operation = committed ? Operation::kCommit : Operation::kRollBack;
  m.Arrive(b, request);
}

int CanCall(const Move& m, uint32_t b) { return m.state.parts[b].partner.calling == Calling::kMay; }
void Call(Move& m, uint32_t b, int) { m.ClientCalls(b, true); }

bool AwaitsVote(const Move& m, uint32_t b) {
  if (!m.setup.by_client[b] || !Active(m) || b >= m.state.live->branches.size()) return false;
  const core::AtomicBranch& branch = m.state.live->branches[b];
  return branch.phase == core::Phase::kAwaitingVote;
}
int CanVoteYes(const Move& m, uint32_t b) {
  return AwaitsVote(m, b) && m.state.parts[b].partner.calling == Calling::kYes;
}
void VoteYes(Move& m, uint32_t b, int) { m.ClientVotes(b, true); }
int CanVoteNo(const Move& m, uint32_t b) { return AwaitsVote(m, b); }
void VoteNo(Move& m, uint32_t b, int) { m.ClientVotes(b, false); }

// ---- Faults ----

int CanCallLate(const Move& m, uint32_t b) { return m.May(Fault::kTimeOut) && CanCall(m, b); }
void CallLate(Move& m, uint32_t b, int) {
  m.Spend(Fault::kTimeOut);
  m.ClientCalls(b, false);
}

int CanReserveWithExpiry(const Move& m, uint32_t b) {
  const PendingCall* call = UnderWay(m, b);
  if (!m.May(Fault::kEnding) || call == nullptr || !m.setup.HasPartner(b)) return 0;
  return call->operation == Operation::kPrepare && m.state.parts[b].partner.tried == 0;
}
void ReserveWithExpiry(Move& m, uint32_t b, int) {
  m.Spend(Fault::kEnding);
  m.ReserveWithExpiry(b);
}

constexpr Rule kRules[] = {
    {"call is cut off", true, false, CanBeCutOff, BeCutOff},
    {"partner joins", false, false, CanJoin, Join},
    {"a reservation is about to expire", false, false, CanNearlyExpire, NearlyExpire},
    {"partner asks and applies the outcome", true, false, CanAsk, Ask},
    {"client calls the partner", true, false, CanCall, Call},
    {"client votes yes", true, false, CanVoteYes, VoteYes},
    {"client votes no", true, false, CanVoteNo, VoteNo},
    {"CLIENT'S CALL IS LATE", true, true, CanCallLate, CallLate},
    {"RESERVATION WITH EXPIRY", true, true, CanReserveWithExpiry, ReserveWithExpiry},
};

}  // namespace

std::span<const Rule> PartnerRules() { return kRules; }

}  // namespace assent::model
