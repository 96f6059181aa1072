// SPDX-License-Identifier: Apache-2.0
// The role of the shard: passes events to the core and applies its effects.
#include <utility>

#include "base/check.h"
#include "core/trace.h"
#include "tests/model/codec.h"
#include "tests/model/move.h"
#include "xa/server_stamp.h"

namespace assent::model {

using core::Ack;
using core::Operation;
using xa::Code;

namespace {

std::string Numbered(uint32_t branch) { return " b" + std::to_string(branch + 1); }

std::string OneLine(const core::Effects& effects) {
  std::string text;
  for (const auto& effect : effects) {
    text += (text.empty() ? "" : ", ") + core::ToText(effect);
  }
  return text.empty() ? "nothing" : text;
}

bool Worse(core::Outcome before, core::Outcome after) {
  return after == core::Outcome::kMixed ||
         (after == core::Outcome::kHazard && before != core::Outcome::kMixed);
}

}  // namespace

std::optional<core::Outcome> AnswerNow(const ModelState& state) {
  if (state.live) return state.live->Reportable();
  if (state.history != core::Outcome::kUndecided) return state.history;
  return std::nullopt;
}

void Move::Begin() {
  core::Atomic& atomic = state.live.emplace();
  atomic.gtrid = TheGtrid();
  atomic.settings.client_named = setup.client_named;
  atomic.settings.one_call = setup.one_call;
  if (!setup.one_call) atomic.settings.idle_limit = std::chrono::seconds(1);
  const uint32_t declared = setup.branches - (setup.last_joins ? 1 : 0);
  for (uint32_t i = 0; i < declared && setup.one_call; ++i) {
    atomic.branches.emplace_back();
    atomic.branches[i].spec = SpecOf(setup, i);
  }
  Step(core::Begin{});
}

core::BranchSpec SpecOf(const Setup& setup, uint32_t branch) {
  const std::string number = std::to_string(branch + 1);
  core::BranchSpec spec{"b" + number, "r" + number, setup.read_only[branch]};
  if (setup.IsLast(branch)) spec.kind = core::BranchKind::kLast;
  if (!setup.HasPartner(branch)) return spec;
  spec.resource = PartnerText();
  spec.kind = core::BranchKind::kTcc;
  spec.called_by_client = setup.by_client[branch];
  return spec;
}

// Resets what cannot matter, so that states compare equal: causes, texts, and the counts of
// lookups, tries and retries.
void Move::Step(const core::Event& event) {
  core::Atomic& atomic = *state.live;
  if (const char* lacking = reached_.Note(atomic, event)) {
    Violate(Invariant::kTable, lacking);
  }
  const EventClass event_class = ClassOf(atomic, event);
  core::Effects effects;
  core::Step(atomic, event, state.nearly_expired ? kNearlyExpired : Monotonic{}, effects);
  atomic.cause = {};
  for (core::AtomicBranch& branch : atomic.branches) {
    branch.retries = branch.finds = branch.tries = 0;
    if (branch.sends > 2) branch.sends = 2;
    branch.detail.clear();
  }
  Trace([&] {
    return "    event: " + ToText(event, event_class) + "; effects: " + OneLine(effects);
  });
  for (const core::Effect& effect : effects) CarryOut(effect);
  if (Has(SeededBug::kDurableAtOnce) || Has(SeededBug::kTryBeforeOpen) ||
      Has(SeededBug::kLastBeforeOpen)) {
    CallDurable();
  }
}

void Move::CallDurable() {
  for (size_t i = 0; i < state.log.size(); ++i) {
    const std::string_view kind = library_.KindOf(state.log[i].record);
    const bool opens = kind == "open" || kind == "enlist";
    if (Has(SeededBug::kTryBeforeOpen) && !opens) continue;
    if (Has(SeededBug::kLastBeforeOpen) && kind != "open-last") continue;
    const uint8_t ticket = std::exchange(state.log[i].ticket, 0);
    if (ticket != 0 && state.live) Step(core::Durable{ticket});
  }
}

// ---- Effects ----

void Move::CarryOut(const core::Effect& effect) {
  if (const auto* append = std::get_if<core::Append>(&effect)) return Append(*append);
  if (const auto* call = std::get_if<core::Call>(&effect)) {
    CheckCall(*call);
    if (setup.HasPartner(call->branch)) return CallPartner(call->branch, call->operation);
    PendingCall flight;
    flight.operation = call->operation;
    const core::AtomicBranch& branch = state.live->branches.at(call->branch);
    flight.settle = call->operation == Operation::kFind && (branch.witnessed || branch.IsLast()) &&
                    state.live->state != core::State::kRollingBack;
    return Submit(call->branch, {flight});
  }
  if (const auto* arm = std::get_if<core::Arm>(&effect)) {
    return SetTimer(arm->timer, arm->branch, true);
  }
  if (const auto* disarm = std::get_if<core::Disarm>(&effect)) {
    return SetTimer(disarm->timer, 0, false);
  }
  if (const auto* reply = std::get_if<core::Reply>(&effect)) {
    if (reply->to == core::ReplyTo::kDecided || reply->to == core::ReplyTo::kEnded) ReportOutcome();
    Calling& calling = state.parts[reply->branch].partner.calling;
    const bool may_call = reply->to == core::ReplyTo::kOpen && setup.by_client[reply->branch];
    if (may_call && calling == Calling::kNotYet) calling = Calling::kMay;
    return;
  }
  if (const auto* cancel = std::get_if<core::Cancel>(&effect)) {
    // A cancelled statement is still answered, like any other.
    auto& calls = state.branches[cancel->branch].calls;
    const bool under_way = !calls.empty() && !calls.front().replied;
    if (setup.HasPartner(cancel->branch) && under_way) calls.front().cut = true;
    return;
  }
  Remember();
}

void Move::SetTimer(core::Timer timer, uint32_t branch, bool armed) {
  switch (timer) {
    case core::Timer::kDeadline: state.deadline_armed = armed; return;
    case core::Timer::kIdle: state.idle_armed = armed; return;
    case core::Timer::kOperator: state.operator_armed = armed && setup.operator_timer; return;
    case core::Timer::kRetry: state.branches[branch].retry_armed = armed; return;
  }
}

void Move::CheckCall(const core::Call& call) {
  if (call.operation == Operation::kCommitOnePhase) {
    if (state.live->LastMayHaveCommitted()) {
      CheckLastCommit(call.branch);
    } else {
      state.one_phase_sent = true;
    }
  }
  if (call.operation == Operation::kCommit) {
    const bool named = call.decided && call.decided->gtrid() == state.live->gtrid;
    if (!named || !state.commit_durable) {
      Violate(Invariant::kWriteAhead,
              "a commit is sent without a durable decision:" + Numbered(call.branch));
    }
  }
  if (call.operation == Operation::kRollBack && state.commit_durable) {
    Violate(Invariant::kStability,
            "a roll-back is sent after the decision to commit:" + Numbered(call.branch));
  }
  if (call.operation == Operation::kRollBack) CheckNotBeforeLast(call.branch);
}

// Reports the outcome to clients that wait or ask.
void Move::ReportOutcome() {
  const core::Outcome outcome = state.live->Reportable();
  if (outcome == core::Outcome::kUndecided || outcome == state.reported) return;
  if (state.reported != core::Outcome::kUndecided && !Worse(state.reported, outcome)) {
    Violate(Invariant::kIdempotent, std::string("reported ") + core::Name(state.reported) +
                                        ", then " + core::Name(outcome));
  }
  if (outcome == core::Outcome::kCommitted && !state.commit_durable) {
    bool backed = true;  // every branch has committed or has nothing to lose
    for (uint32_t i = 0; i < setup.branches; ++i) {
      const Part& part = state.parts[i];
      backed &= part.committed || part.ended_elsewhere || part.state == PartState::kNone;
    }
    if (!backed)
      Violate(Invariant::kWriteAhead, "committed was reported without a durable decision");
  }
  state.reported = outcome;
  Trace([&] { return std::string("    reported to the client: ") + core::Name(outcome); });
}

// When a committed transaction is finished, no branch is prepared. An exception: a commit in
// progress that was taken as done may be prepared again after a restart of its server.
void Move::CheckEnd(const core::Atomic& atomic) {
  if (atomic.decision != core::Decision::kCommit) return;
  for (uint32_t i = 0; i < setup.branches; ++i) {
    const Part& part = state.parts[i];
    if (part.state == PartState::kPrepared && part.starts == 0) {
      Violate(setup.HasPartner(i) ? Invariant::kOneEnd : Invariant::kConservation,
              "taken as done, but still prepared:" + Numbered(i));
    }
  }
}

// If a branch was rolled back by a person or lost with its server, a plain "committed" is false,
// unless a commit whose response was lost may have taken effect before.
void Move::CheckCommitted(const core::Atomic& atomic) {
  if (atomic.outcome != core::Outcome::kCommitted) return;
  for (uint32_t i = 0; i < setup.branches; ++i) {
    const Part& part = state.parts[i];
    if (setup.HasPartner(i) || !part.ended_elsewhere || !part.rolled_back) continue;
    const core::AtomicBranch& branch = atomic.branches[i];
    const bool may_be_done = branch.recovered || branch.commit_lost;
    if (part.identity == 0 && may_be_done) continue;
    Violate(Invariant::kNoFalseAnswer,
            "taken as committed, but rolled back by someone else:" + Numbered(i));
  }
}

// The transaction leaves the table (Shard::Remember).
void Move::Remember() {
  const core::Atomic& atomic = *state.live;
  if (atomic.settings.client_named || atomic.commit_logged) state.history = atomic.outcome;
  CheckEnd(atomic);
  CheckCommitted(atomic);
  CheckLastEnd(atomic);
  state.live.reset();
  state.deadline_armed = state.idle_armed = state.operator_armed = state.nearly_expired = false;
  for (uint32_t i = 0; i < setup.branches; ++i) {
    state.branches[i].retry_armed = state.branches[i].up_news = state.branches[i].try_left = false;
    if (state.branches[i].list == Pending::kListed) state.branches[i].ended_since = true;
  }
  Trace([&] { return "    the transaction leaves the table"; });
}

// ---- Completions (Shard::OnCompletion, OnVote, OnAck, JudgeFind) ----

void Move::Complete(uint32_t index, const PendingCall& flight) {
  if (!state.live || index >= state.live->branches.size()) return;  // of an orphan: only logged
  switch (flight.operation) {
    case Operation::kOpen: Step(core::Opened{index, flight.code == Code::kOk, {}}); return;
    case Operation::kRun: {
      core::Ran ran{index, flight.code == Code::kOk, flight.witnessed, {}};
      if (flight.stamped) {
        ran.identity = IdentityText(flight.identity);
        ran.started_at = StartText(flight.starts);
      }
      Step(ran);
      return;
    }
    case Operation::kPrepare: OnVote(index, flight); return;
    default: OnAck(index, flight);
  }
}

void Move::OnVote(uint32_t index, const PendingCall& flight) {
  const xa::PrepareMeaning meaning = xa::MeaningOfPrepare(flight.code);
  core::Voted voted;
  voted.branch = index;
  voted.vote = meaning.vote;
  voted.hazard = meaning.hazard;
  if (flight.stamped) {
    voted.identity = IdentityText(flight.identity);
    voted.started_at = StartText(flight.starts);
  }
  Step(voted);
  if (Has(SeededBug::kAnsweredTwice) && state.live) Step(voted);
}

void Move::OnAck(uint32_t index, const PendingCall& flight) {
  const core::AtomicBranch& branch = state.live->branches[index];
  Ack ack = Ack::kUnknown;
  switch (flight.operation) {
    case Operation::kCommit:
      ack = xa::MeaningOfCommit(flight.code, branch.spec.read_only).ack;
      break;
    case Operation::kCommitOnePhase: ack = JudgeOnePhase(branch, flight.code); break;
    case Operation::kRollBack:
      ack = xa::MeaningOfRollBack(flight.code, branch.AskedToPrepare() || flight.orphan).ack;
      break;
    case Operation::kFind: ack = JudgeFind(index, flight); break;
    case Operation::kForget:
      if (flight.code != Code::kErRmFail) ack = Ack::kDone;
      break;
    default: CHECK(false) << "not an acknowledgement: " << core::Name(flight.operation);
  }
  core::Acked acked{index, ack, {}};
  acked.lost = flight.lost;
  acked.needs_operator = IsInDoubt(index, flight);
  if (flight.operation == Operation::kCommitOnePhase && flight.stamped) {
    acked.identity = IdentityText(flight.identity);
    acked.started_at = StartText(flight.starts);
  }
  Step(acked);
}

Ack Move::JudgeFind(uint32_t index, const PendingCall& flight) const {
  const core::Atomic& atomic = *state.live;
  const core::AtomicBranch& branch = atomic.branches[index];
  if (atomic.state == core::State::kRollingBack) return xa::JudgeRollBack(flight.found);
  if (branch.IsLast()) return xa::JudgeLastResource(flight.found);
  xa::FindContext context;
  context.read_only = branch.spec.read_only;
  context.one_phase = atomic.state == core::State::kDeciding;
  context.commit_may_be_done = branch.recovered || branch.commit_lost;
  context.same_server =
      flight.stamped && xa::IsServerOf({branch.identity, branch.started_at},
                                       {IdentityText(flight.identity), StartText(flight.starts)});
  if (Has(SeededBug::kAnsweredIsLost)) context.commit_may_be_done = true;
  if (Has(SeededBug::kRowLossIgnored)) context.same_server = flight.stamped;
  context.same_start = flight.stamped && StartText(flight.starts) == branch.started_at;
  context.keeps_prepared = true;
  return xa::JudgeCommit(flight.found, context);
}

}  // namespace assent::model
