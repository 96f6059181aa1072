// SPDX-License-Identifier: Apache-2.0
// What can happen only where there are partners, or a client that calls one by itself.
#include <algorithm>

#include "tests/model/rules.h"

namespace assent::model {
namespace {

using core::Operation;

// A call that was ended: had it left, or not?
int CanBeCutOff(const Move& m, uint32_t b) {
  const auto& calls = m.world.branches[b].calls;
  return !calls.empty() && !calls.front().replied && calls.front().cut ? 2 : 0;
}
void BeCutOff(Move& m, uint32_t b, int way) { m.CutOff(b, way == 1); }

// In one call: a partner enlists another, or who else knows the transaction.
int CanJoin(const Move& m, uint32_t) {
  if (!m.setup.last_joins || !Live(m) || !m.world.live->TakesTries()) return 0;
  return m.world.live->branches.size() < m.setup.branches;
}
void Join(Move& m, uint32_t, int) {
  m.Step(core::Touched{});
  m.Step(core::Enlist{SpecOf(m.setup, m.setup.branches - 1)});
}

int CanNearlyEnd(const Move& m, uint32_t) {
  if (!Live(m) || !m.world.live->Undecided() || m.world.nearly_ended) return 0;
  return std::any_of(m.world.parts.begin(), m.world.parts.end(),
                     [](const Part& part) { return part.side.ends; });
}
void NearlyEnd(Move& m, uint32_t, int) { m.world.nearly_ended = true; }

// What docs/partners.md lets a partner in doubt conclude.
int CanAsk(const Move& m, uint32_t b) {
  const bool in_doubt = m.world.parts[b].standing == Standing::kPrepared;
  if (!m.setup.partners_ask || !m.setup.HasPartner(b) || !in_doubt) return 0;
  if (!m.world.up || m.world.stale) return 0;
  const auto outcome = AnswerNow(m.world);
  if (m.Has(SeededBug::kUndecidedIsNo) && outcome == core::Outcome::kUndecided) return 1;
  return outcome == core::Outcome::kCommitted || outcome == core::Outcome::kRolledBack;
}
void Ask(Move& m, uint32_t b, int) {
  const bool committed = AnswerNow(m.world) == core::Outcome::kCommitted;
  Request request;
  request.operation = committed ? Operation::kCommit : Operation::kRollBack;
  m.Arrive(b, request);
}

int CanCall(const Move& m, uint32_t b) { return m.world.parts[b].side.calling == Calling::kMay; }
void Call(Move& m, uint32_t b, int) { m.ClientCalls(b, true); }

bool AwaitsVote(const Move& m, uint32_t b) {
  if (!m.setup.by_client[b] || !Active(m) || b >= m.world.live->branches.size()) return false;
  const core::AtomicBranch& branch = m.world.live->branches[b];
  return branch.phase == core::Phase::kAwaitingVote;
}
int CanVoteYes(const Move& m, uint32_t b) {
  return AwaitsVote(m, b) && m.world.parts[b].side.calling == Calling::kYes;
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

int CanSayYesThatEnds(const Move& m, uint32_t b) {
  const PendingCall* call = UnderWay(m, b);
  if (!m.May(Fault::kEnding) || call == nullptr || !m.setup.HasPartner(b)) return 0;
  return call->operation == Operation::kPrepare && m.world.parts[b].side.tried == 0;
}
void SayYesThatEnds(Move& m, uint32_t b, int) {
  m.Spend(Fault::kEnding);
  m.SayYesThatEnds(b);
}

constexpr Rule kRules[] = {
    {"call is cut off", true, false, CanBeCutOff, BeCutOff},
    {"partner joins", false, false, CanJoin, Join},
    {"a yes has nearly ended", false, false, CanNearlyEnd, NearlyEnd},
    {"partner asks, and goes by the outcome", true, false, CanAsk, Ask},
    {"client calls the partner", true, false, CanCall, Call},
    {"client votes yes", true, false, CanVoteYes, VoteYes},
    {"client votes no", true, false, CanVoteNo, VoteNo},
    {"CLIENT'S CALL IS LATE", true, true, CanCallLate, CallLate},
    {"YES THAT ENDS", true, true, CanSayYesThatEnds, SayYesThatEnds},
};

}  // namespace

std::span<const Rule> PartnerRules() { return kRules; }

}  // namespace assent::model
