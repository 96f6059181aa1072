// SPDX-License-Identifier: Apache-2.0
#include "tests/model/rules.h"

#include <algorithm>
#include <bit>
#include <vector>

namespace assent::model {

using core::Operation;

const PendingCall* UnderWay(const Move& m, uint32_t b) {
  const Branch& branch = m.state.branches[b];
  if (branch.calls.empty() || branch.unscanned) return nullptr;
  const PendingCall& first = branch.calls.front();
  return first.replied || first.cut ? nullptr : &first;
}

bool Live(const Move& m) { return m.state.up && !m.state.stale && m.state.live.has_value(); }
bool Active(const Move& m) { return Live(m) && m.state.live->state == core::State::kActive; }

namespace {

bool Ready(const Move& m) { return m.state.up && !m.state.stale; }

// ---- Transitions without faults ----

int CanCarry(const Move& m, uint32_t b) { return UnderWay(m, b) != nullptr; }
void Carry(Move& m, uint32_t b, int) { m.Carry(b); }

int CanDeliver(const Move& m, uint32_t b) {
  const auto& calls = m.state.branches[b].calls;
  return !calls.empty() && calls.front().replied;
}
void Deliver(Move& m, uint32_t b, int) { m.Deliver(b); }

int CanBecomeDurable(const Move& m, uint32_t) {
  return Ready(m) && m.state.durable < m.state.log.size();
}
void BecomeDurable(Move& m, uint32_t, int) { m.NextIsDurable(); }

int CanDisconnect(const Move& m, uint32_t b) { return m.state.parts[b].session == Session::kLost; }
void Disconnect(Move& m, uint32_t b, int) { m.At(b).Disconnect(m.state.parts[b]); }

int CanFinish(const Move& m, uint32_t b) {
  return m.state.parts[b].state == PartState::kCommitting;
}
void Finish(Move& m, uint32_t b, int) { m.At(b).Finish(m.state.parts[b]); }

// Late requests, over the branch's own connection or another one: one way for each.
int LateOnes(const Move& m, uint32_t b) {
  const Part& part = m.state.parts[b];
  return std::popcount(part.late_own) + std::popcount(part.late_free);
}
void CarryLate(Move& m, uint32_t b, int way) {
  const Part& part = m.state.parts[b];
  for (const bool own : {true, false}) {
    Late late = own ? part.late_own : part.late_free;
    for (unsigned op = 0; late != 0; ++op, late = static_cast<Late>(late >> 1)) {
      if ((late & 1) != 0 && way-- == 0) return m.CarryLate(b, static_cast<Operation>(op), own);
    }
  }
}
int CanVanish(const Move& m, uint32_t b) { return m.state.parts[b].late_free != 0; }
void Vanish(Move& m, uint32_t b, int) {
  Part& part = m.state.parts[b];
  part.late_free = 0;
  if (part.copy == Copy::kUnderWay) part.copy = Copy::kNone;
}

int CanStart(const Move& m, uint32_t) { return !m.state.up; }
void Start(Move& m, uint32_t, int) { m.Start(false); }

int CanStopStale(const Move& m, uint32_t) { return m.state.up && m.state.stale; }
void StopStale(Move& m, uint32_t, int) { m.Crash(m.state.log.size()); }

// Purges the witness rows of branches that have ended durably, including those of earlier processes
// at the first scan after a start.
int CanPurge(const Move& m, uint32_t b) {
  const bool early = m.Has(SeededBug::kLastRowPurged) && m.setup.IsLast(b);
  return Ready(m) && !m.state.live && (m.state.durable == m.state.log.size() || early) &&
         m.state.parts[b].row == WitnessRow::kCommitted;
}
void Purge(Move& m, uint32_t b, int) { m.state.parts[b].row = WitnessRow::kNone; }

bool Scans(const Move& m) { return !m.Has(SeededBug::kNeverScan); }
int CanList(const Move& m, uint32_t b) { return Scans(m) && m.WantsList(b); }
void List(Move& m, uint32_t b, int) {
  m.List(b);
  const bool at_once = !m.setup.split_scans || m.state.branches[b].list == Pending::kEmpty;
  if (at_once) m.Judge(b);
}
int CanJudge(const Move& m, uint32_t b) { return m.state.branches[b].list != Pending::kNone; }
void Judge(Move& m, uint32_t b, int) { m.Judge(b); }

// ---- Timers ----

bool Timers(const Move& m) { return !m.Has(SeededBug::kTimersIgnored); }
int CanDeadline(const Move& m, uint32_t) { return Timers(m) && m.state.deadline_armed; }
void Deadline(Move& m, uint32_t, int) {
  m.state.deadline_armed = false;
  m.Step(core::TimerFired{core::Timer::kDeadline, 0});
}
int CanIdle(const Move& m, uint32_t) { return Timers(m) && m.state.idle_armed; }
void Idle(Move& m, uint32_t, int) {
  m.state.idle_armed = false;
  m.Step(core::TimerFired{core::Timer::kIdle, 0});
}
int CanOperator(const Move& m, uint32_t) { return Timers(m) && m.state.operator_armed; }
void Operator(Move& m, uint32_t, int) {
  m.state.operator_armed = false;
  m.Step(core::TimerFired{core::Timer::kOperator, 0});
}
int CanRetry(const Move& m, uint32_t b) { return Timers(m) && m.state.branches[b].retry_armed; }
void Retry(Move& m, uint32_t b, int) {
  m.state.branches[b].retry_armed = false;
  m.Step(core::TimerFired{core::Timer::kRetry, b});
}
int CanUp(const Move& m, uint32_t b) { return Live(m) && m.state.branches[b].up_news; }
void Up(Move& m, uint32_t b, int) {
  m.state.branches[b].up_news = false;
  m.Step(core::ResourceUp{"r" + std::to_string(b + 1)});
}

// ---- The client ----

int CanAskRollBack(const Move& m, uint32_t) {
  return m.setup.client_rolls_back && !m.state.asked_roll_back && Live(m) &&
         m.state.live->Undecided();
}
void AskRollBack(Move& m, uint32_t, int) {
  m.state.asked_roll_back = true;
  m.Step(core::RollBackRequested{{}});
}
int CanEnlist(const Move& m, uint32_t) {
  return !m.setup.one_call && Active(m) && m.state.live->branches.size() < m.setup.branches;
}
void Enlist(Move& m, uint32_t, int) {
  const auto b = static_cast<uint32_t>(m.state.live->branches.size());
  m.Step(core::Touched{});
  m.Step(core::Enlist{SpecOf(m.setup, b)});
}
int CanAskRun(const Move& m, uint32_t b) {
  if (m.setup.one_call || !Active(m) || b >= m.state.live->branches.size()) return 0;
  const core::AtomicBranch& branch = m.state.live->branches[b];
  return branch.phase == core::Phase::kOpen;
}
void AskRun(Move& m, uint32_t b, int) {
  m.Step(core::Touched{});
  m.Step(core::RunRequested{b});
}
int CanAskCommit(const Move& m, uint32_t) {
  if (m.setup.one_call || !Active(m)) return 0;
  const auto& branches = m.state.live->branches;
  return std::all_of(branches.begin(), branches.end(),
                     [](const auto& branch) { return branch.ReadyToCommit(); });
}
void AskCommit(Move& m, uint32_t, int) { m.Step(core::CommitRequested{}); }

// ---- Faults ----

int CanCrash(const Move& m, uint32_t) {
  if (!m.state.up || m.state.stale || !m.May(Fault::kCrash)) return 0;
  return static_cast<int>(m.state.log.size() - m.state.durable) + 1;
}
void Crash(Move& m, uint32_t, int way) {
  m.Spend(Fault::kCrash);
  m.Crash(m.state.durable + static_cast<size_t>(way));
}

// The call in progress, if it can be sent: all operations except those of phase two need the
// branch's own connection; a call to a partner needs none.
const PendingCall* OnTheWay(const Move& m, uint32_t b) {
  const PendingCall* call = UnderWay(m, b);
  if (call == nullptr || !NeedsOwn(call->operation) || m.setup.HasPartner(b)) return call;
  return m.state.parts[b].session == Session::kOurs ? call : nullptr;
}
bool OverNetwork(const PendingCall* call) {
  return call != nullptr && call->operation != Operation::kOpen;
}
int CanLose(const Move& m, uint32_t b) {
  if (!m.May(Fault::kDrop) || !OverNetwork(OnTheWay(m, b))) return 0;
  return m.setup.HasPartner(b) ? 3 : 2;
}
void Lose(Move& m, uint32_t b, int way) {
  m.Spend(Fault::kDrop);
  if (way == 2) return m.CutOff(b, false);  // known not to have been sent
  if (way == 1) m.Carry(b);                 // the reply is lost
  m.Lose(b, false);
}
// Calls that wait for the first scan are completed as if the resource were unreachable.
int CanFailScan(const Move& m, uint32_t b) {
  const Branch& branch = m.state.branches[b];
  return m.May(Fault::kDrop) && branch.unscanned && !branch.calls.empty() &&
         !branch.calls.front().replied;
}
void FailScan(Move& m, uint32_t b, int) {
  m.Spend(Fault::kDrop);
  m.Lose(b, false);
}
int CanTimeOut(const Move& m, uint32_t b) {
  return m.May(Fault::kTimeOut) && OverNetwork(OnTheWay(m, b));
}
void TimeOut(Move& m, uint32_t b, int) {
  m.Spend(Fault::kTimeOut);
  m.Lose(b, true);
}
int CanDuplicate(const Move& m, uint32_t b) {
  const PendingCall* call = UnderWay(m, b);
  if (!m.May(Fault::kDuplicate) || call == nullptr) return 0;
  if (m.setup.HasPartner(b)) return 1;
  return call->operation == Operation::kCommit || call->operation == Operation::kRollBack;
}
void Duplicate(Move& m, uint32_t b, int) {
  m.Spend(Fault::kDuplicate);
  Part& part = m.state.parts[b];
  const Operation operation = UnderWay(m, b)->operation;
  part.late_free |= Bit(operation);
  if (operation == Operation::kCommit && !m.setup.HasPartner(b)) part.copy = Copy::kUnderWay;
  m.Carry(b);
}
int CanHang(const Move& m, uint32_t b) {
  const PendingCall* call = UnderWay(m, b);
  const Operation commit = m.setup.IsLast(b) ? Operation::kCommitOnePhase : Operation::kCommit;
  if (!m.May(Fault::kHang) || call == nullptr || call->operation != commit) return 0;
  Part part = m.state.parts[b];
  return m.At(b).BeginCommit(part, part.session == Session::kOurs);
}
void Hang(Move& m, uint32_t b, int) {
  m.Spend(Fault::kHang);
  Part& part = m.state.parts[b];
  m.At(b).BeginCommit(part, part.session == Session::kOurs);
  m.Lose(b, false);
}
int CanRefuse(const Move& m, uint32_t b) {
  const PendingCall* call = OnTheWay(m, b);
  if (!m.May(Fault::kRefuse) || call == nullptr) return 0;
  return m.At(b).RefuseWays(m.state.parts[b], call->operation);
}
void Refuse(Move& m, uint32_t b, int way) {
  m.Spend(Fault::kRefuse);
  m.Reply(b, m.At(b).Refuse(m.state.parts[b], UnderWay(m, b)->operation, way));
}
int CanLeave(const Move& m, uint32_t b) {
  const PendingCall* call = OnTheWay(m, b);
  if (!m.May(Fault::kLeftBranch) || call == nullptr) return 0;
  const Part& part = m.state.parts[b];
  if (part.state != PartState::kActive) return 0;
  if (!m.setup.IsLast(b)) return call->operation == Operation::kPrepare ? 2 : 0;
  // Found when the decision row is written, also if that is part of the commit of a sole branch.
  const bool writes =
      call->operation == Operation::kPrepare || call->operation == Operation::kCommitOnePhase;
  return writes && !part.witness ? 2 : 0;
}
void Leave(Move& m, uint32_t b, int way) {
  m.Spend(Fault::kLeftBranch);
  m.Reply(b, m.At(b).Leave(m.state.parts[b], way == 0));
}
int CanRestart(const Move& m, uint32_t b) {
  return m.May(Fault::kRestart) ? m.At(b).RestartWays(m.state.parts[b]) : 0;
}
void Restart(Move& m, uint32_t b, int way) {
  m.Spend(Fault::kRestart);
  if (UnderWay(m, b) != nullptr) m.Lose(b, false);
  m.At(b).Restart(m.state.parts[b], way);
  m.state.branches[b].up_news = m.state.up && m.state.live.has_value();
}
int CanDecide(const Move& m, uint32_t b) {
  return m.May(Fault::kHeuristic) ? m.At(b).HeuristicWays(m.state.parts[b]) : 0;
}
void Decide(Move& m, uint32_t b, int way) {
  m.Spend(Fault::kHeuristic);
  m.At(b).Decide(m.state.parts[b], way);
}
int CanStartOld(const Move& m, uint32_t) { return !m.state.up && m.May(Fault::kOldCopy); }
void StartOld(Move& m, uint32_t, int) {
  m.Spend(Fault::kOldCopy);
  m.Start(true);
}
int CanExpire(const Move& m, uint32_t) {
  const bool kept = Ready(m) && m.state.history != core::Outcome::kUndecided;
  return m.May(Fault::kExpire) && kept ? 2 : 0;
}
void Expire(Move& m, uint32_t, int way) {
  m.Spend(Fault::kExpire);
  m.Expire(way == 0);
}
// Another server replaces the old one, with its prepared branch, or the row of the last resource,
// or without it.
int CanReplace(const Move& m, uint32_t b) {
  const Part& part = m.state.parts[b];
  if (!m.May(Fault::kReplaced) || part.identity != 0 || m.setup.HasPartner(b)) return 0;
  const bool has_row = m.setup.IsLast(b) && part.row != WitnessRow::kNone;
  return part.state == PartState::kPrepared || has_row ? 2 : 1;
}
void Replace(Move& m, uint32_t b, int way) {
  m.Spend(Fault::kReplaced);
  Part& part = m.state.parts[b];
  if (UnderWay(m, b) != nullptr) m.Lose(b, false);
  m.At(b).Restart(part, 0);
  part.identity = 1;
  if (way == 0) return;
  if (m.setup.IsLast(b)) {
    part.row = WitnessRow::kNone;
  } else {
    part.state = PartState::kNone;
    part.rolled_back = part.ended_elsewhere = true;
  }
}

constexpr Rule kRules[] = {
    {"request arrives", true, false, CanCarry, Carry},
    {"reply arrives", true, false, CanDeliver, Deliver},
    {"log writes", false, false, CanBecomeDurable, BecomeDurable},
    {"server ends the lost session", true, false, CanDisconnect, Disconnect},
    {"slow work ends", true, false, CanFinish, Finish},
    {"late request arrives", true, false, LateOnes, CarryLate},
    {"late requests vanish", true, false, CanVanish, Vanish},
    {"coordinator starts", false, false, CanStart, Start},
    {"old copy is stopped", false, false, CanStopStale, StopStale},
    {"witness row is purged", true, false, CanPurge, Purge},
    {"scan lists", true, false, CanList, List},
    {"list is judged", true, false, CanJudge, Judge},
    {"deadline", false, false, CanDeadline, Deadline},
    {"idle limit", false, false, CanIdle, Idle},
    {"operator timer", false, false, CanOperator, Operator},
    {"retry timer", true, false, CanRetry, Retry},
    {"resource is reachable again", true, false, CanUp, Up},
    {"client asks to roll back", false, false, CanAskRollBack, AskRollBack},
    {"client enlists", false, false, CanEnlist, Enlist},
    {"client runs", true, false, CanAskRun, AskRun},
    {"client commits", false, false, CanAskCommit, AskCommit},
    {"CRASH", false, true, CanCrash, Crash},
    {"LOST", true, true, CanLose, Lose},
    {"FIRST SCAN FAILS", true, true, CanFailScan, FailScan},
    {"TIME-OUT", true, true, CanTimeOut, TimeOut},
    {"DUPLICATE", true, true, CanDuplicate, Duplicate},
    {"HANG", true, true, CanHang, Hang},
    {"REFUSED", true, true, CanRefuse, Refuse},
    {"BRANCH LEFT", true, true, CanLeave, Leave},
    {"RESOURCE RESTARTS", true, true, CanRestart, Restart},
    {"PERSON DECIDES", true, true, CanDecide, Decide},
    {"REPLACED", true, true, CanReplace, Replace},
    {"STARTED WITH AN OLD COPY", false, true, CanStartOld, StartOld},
    {"OUTCOMES FORGOTTEN", false, true, CanExpire, Expire},
};

}  // namespace

std::span<const Rule> Rules() {
  static const auto all = [] {
    std::vector<Rule> rules(std::begin(kRules), std::end(kRules));
    rules.insert(rules.end(), PartnerRules().begin(), PartnerRules().end());
    rules.insert(rules.end(), LastRules().begin(), LastRules().end());
    return rules;
  }();
  return all;
}

}  // namespace assent::model
