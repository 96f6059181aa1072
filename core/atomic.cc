// SPDX-License-Identifier: Apache-2.0
// The steps of an atomic transaction up to its decision.
#include "core/atomic.h"

#include <algorithm>

#include "base/check.h"
#include "core/machine.h"

namespace assent::core {

void Step(Atomic& transaction, const Event& event, Monotonic now, Effects& out) {
  AtomicMachine machine(transaction, now, out);
  std::visit([&](const auto& e) { machine.On(e); }, event);
}

bool Atomic::AwaitsTries() const {
  return std::any_of(branches.begin(), branches.end(),
                     [](const AtomicBranch& branch) { return branch.IsTcc() && !branch.Voted(); });
}

BranchEvent ToBranchEvent(const Voted& voted) {
  if (voted.hazard) return BranchEvent::kVotedHazard;
  switch (voted.vote) {
    case Vote::kPrepared: return BranchEvent::kVotedYes;
    case Vote::kReadOnly: return BranchEvent::kVotedReadOnly;
    case Vote::kRefused: return voted.gone ? BranchEvent::kVotedCleanNo : BranchEvent::kVotedNo;
    case Vote::kUnknown: break;
  }
  return voted.gone ? BranchEvent::kVotedCleanUnknown : BranchEvent::kVotedUnknown;
}

// ---- The work of the branches ----

void AtomicMachine::On(const Begin&) {
  CHECK(t_.state == State::kActive);
  bool partners = false;
  for (const AtomicBranch& branch : t_.branches) {
    CHECK(branch.phase == Phase::kDeclared) << "a transaction begins twice";
    partners |= branch.IsTcc();
  }
  Emit(Arm{Timer::kDeadline, 0, t_.settings.deadline, {}});
  if (!t_.settings.one_call) {
    On(Touched{});
    return;
  }
  CHECK(!t_.branches.empty());
  if (partners) {
    AppendOpen(RecordKind::kOpen, 0, &t_.open_ticket);
  } else {
    OpenNext();
  }
}

// The client was not idle while it waited for this answer, so the idle limit restarts.
void AtomicMachine::EmitReply(ReplyTo what, uint32_t index) {
  Emit(Reply{what, index});
  On(Touched{});
}

void AtomicMachine::On(const Enlist& event) {
  const bool is_try = event.spec.kind == BranchKind::kTcc;
  CHECK(is_try ? t_.TakesTries() : t_.state == State::kActive && !t_.settings.one_call);
  AtomicBranch& branch = t_.branches.emplace_back();
  branch.spec = event.spec;
  const auto index = static_cast<uint32_t>(t_.branches.size() - 1);
  if (is_try) {
    AppendOpen(RecordKind::kEnlist, index, &branch.enlist_ticket);
    return;
  }
  branch.Take(BranchEvent::kOpen);
  Emit(Call{index, Operation::kOpen, {}});
}

// A one-call transaction takes its connections in the order of resource names, so that two of them
// never deadlock on the pools.
void AtomicMachine::OpenNext() {
  std::optional<uint32_t> next;
  for (uint32_t i = 0; i < t_.branches.size(); ++i) {
    const AtomicBranch& branch = t_.branches[i];
    if (branch.IsTcc() || branch.phase != Phase::kDeclared) continue;
    if (!next || branch.spec.resource < t_.branches[*next].spec.resource) next = i;
  }
  if (!next) {
    RunNext();
    return;
  }
  t_.branches[*next].Take(BranchEvent::kOpen);
  Emit(Call{*next, Operation::kOpen, {}});
}

void AtomicMachine::On(const Opened& event) {
  AtomicBranch& branch = t_.branches.at(event.branch);
  const BranchEvent what = event.ok ? BranchEvent::kOpened : BranchEvent::kOpenFailed;
  if (!branch.Take(what)) return;  // rolled back meanwhile: that call is queued behind the open
  if (!event.ok) {
    branch.state = BranchState::kRefused;
    RollBack(event.cause);
    return;
  }
  if (t_.settings.one_call) {
    OpenNext();
  } else {
    EmitReply(ReplyTo::kOpen, event.branch);
  }
}

void AtomicMachine::On(const RunRequested& event) {
  CHECK(t_.state == State::kActive);
  t_.branches.at(event.branch).Take(BranchEvent::kRun);
  Emit(Call{event.branch, Operation::kRun, {}});
}

// A one-call transaction runs branch by branch, in the order of the request.
void AtomicMachine::RunNext() {
  for (uint32_t i = 0; i < t_.branches.size(); ++i) {
    if (t_.branches[i].phase != Phase::kOpen) continue;
    On(RunRequested{i});
    return;
  }
  StartCommit();
}

void AtomicMachine::On(const Ran& event) {
  AtomicBranch& branch = t_.branches.at(event.branch);
  const bool counts = branch.Take(event.ok ? BranchEvent::kRan : BranchEvent::kRunFailed);
  branch.witnessed |= event.witnessed;
  branch.identity = event.identity;
  branch.started_at = event.started_at;
  branch.position = event.position;
  if (!counts) return;
  if (!event.ok) {
    branch.state = BranchState::kRefused;
    RollBack(event.cause);
    return;
  }
  if (t_.settings.one_call) {
    RunNext();
  } else {
    EmitReply(ReplyTo::kRun, event.branch);
  }
}

// ---- The votes ----

void AtomicMachine::On(const CommitRequested&) {
  if (t_.state == State::kActive) StartCommit();  // otherwise the request is a repeat
}

void AtomicMachine::StartCommit() {
  CHECK(t_.state == State::kActive && t_.decision == Decision::kNone);
  Emit(Disarm{Timer::kIdle});
  uint32_t begun = 0;
  uint32_t sole = 0;
  bool tries = false;
  bool last = false;
  for (uint32_t i = 0; i < t_.branches.size(); ++i) {
    AtomicBranch& branch = t_.branches[i];
    tries |= branch.IsTcc();
    if (branch.Begun()) {
      ++begun;
      sole = i;
      last |= branch.IsLast();
      continue;
    }
    // Nothing ran there: return the connection. The branch takes no part in the decision.
    branch.Take(BranchEvent::kPrepare);
    Emit(Call{i, Operation::kRollBack, {}});
    EndAs(i, BranchState::kReadOnly);
  }
  if (begun == 1 && !tries && !t_.settings.client_named) {
    DecideBy(sole);
    return;
  }
  // Written while the branches prepare.
  if (last) AppendOpen(RecordKind::kOpen, 0, &t_.last_ticket);
  PrepareAll();
}

void AtomicMachine::PrepareAll() {
  t_.state = State::kPreparing;
  for (uint32_t i = 0; i < t_.branches.size(); ++i) {
    AtomicBranch& branch = t_.branches[i];
    if (branch.Ended() || !branch.Take(BranchEvent::kPrepare)) continue;
    Emit(Call{i, Operation::kPrepare, {}});
  }
  CollectVotes();
}

void AtomicMachine::On(const Voted& event) {
  AtomicBranch& branch = t_.branches.at(event.branch);
  if (branch.IsTcc()) {
    TryVoted(event.branch, event);
    return;
  }
  const bool counts = branch.Take(ToBranchEvent(event));
  branch.identity = event.identity;
  branch.started_at = event.started_at;
  branch.position = event.position;
  if (!counts) return;  // rolled back meanwhile: that call is queued behind this one
  if (event.hazard) {
    // Recorded before the roll-back, and never reported as an ordinary roll-back.
    t_.outcome = Outcome::kHazard;
    branch.detail = event.cause.detail;
    NoteHeuristic(event.branch, Ack::kHeuristicHazard);
    if (t_.state == State::kPreparing) RollBack(event.cause);
    return;
  }
  switch (event.vote) {
    case Vote::kPrepared: branch.state = BranchState::kPrepared; break;
    case Vote::kReadOnly: EndAs(event.branch, BranchState::kReadOnly); break;
    case Vote::kRefused:
    case Vote::kUnknown:
      branch.state = event.vote == Vote::kRefused ? BranchState::kRefused : BranchState::kUnknown;
      RollBack(event.cause);
      return;
  }
  CollectVotes();
}

void AtomicMachine::CollectVotes() {
  bool any_prepared = false;
  std::optional<uint32_t> last;
  for (uint32_t i = 0; i < t_.branches.size(); ++i) {
    const AtomicBranch& branch = t_.branches[i];
    if (branch.Ended()) continue;  // read-only, or without work
    if (!branch.Voted()) return;   // a vote no never comes here: RollBack follows it at once
    any_prepared = true;
    if (branch.IsLast()) last = i;
  }
  if (last && !t_.last_is_named) return;
  if (now_ > t_.decide_before) {
    RollBack(Expired());
    return;
  }
  if (last) {
    DecideBy(*last);
    return;
  }
  if (any_prepared) {
    t_.commit_logged = true;
    t_.decision_ticket = t_.next_ticket++;
    Emit(Append{RecordKind::kCommit, Force::kNow, t_.decision_ticket, 0});
    return;
  }
  // Every branch was read-only: nothing has to be made durable.
  t_.decision = Decision::kCommit;
  t_.state = State::kCommitting;
  t_.outcome = Outcome::kCommitted;
  Report();
  MaybeFinish();
}

// ---- The decision ----

void AtomicMachine::On(const Durable& event) {
  CHECK(event.ticket != 0);
  if (event.ticket == t_.decision_ticket) {
    DecisionIsDurable();
    return;
  }
  if (event.ticket == t_.outcome_ticket) {
    t_.outcome_ticket = 0;
    Report();
    MaybeFinish();
    return;
  }
  if (event.ticket == t_.last_ticket) {
    LastIsNamed();
    return;
  }
  if (OpenIsDurable(event.ticket)) return;
  for (uint32_t i = 0; i < t_.branches.size(); ++i) {
    if (t_.branches[i].heuristic_ticket == event.ticket) {
      HeuristicIsDurable(i);
      return;
    }
  }
  CHECK(false) << "a record that was never appended is durable: ticket " << event.ticket;
}

void AtomicMachine::DecisionIsDurable() {
  CHECK(t_.commit_logged && t_.decision == Decision::kNone && t_.state == State::kPreparing);
  t_.decision = Decision::kCommit;
  t_.decided = Decided(t_.gtrid);
  CommitAll();
  Emit(Arm{Timer::kOperator, 0, now_ + t_.settings.operator_after, {}});
}

void AtomicMachine::CommitAll() {
  t_.state = State::kCommitting;
  t_.outcome = Outcome::kCommitted;
  Emit(Disarm{Timer::kDeadline});
  for (uint32_t i = 0; i < t_.branches.size(); ++i) {
    if (t_.branches[i].Take(BranchEvent::kCommit)) SendPhaseTwo(i);
  }
  Report();
}

void AtomicMachine::On(const RollBackRequested& event) {
  if (t_.Undecided()) RollBack(event.cause);
}

void AtomicMachine::RollBack(Cause cause) {
  CHECK(!t_.commit_logged && t_.decision == Decision::kNone);
  t_.decision = Decision::kRollBack;
  t_.state = State::kRollingBack;
  if (t_.outcome == Outcome::kUndecided) t_.outcome = Outcome::kRolledBack;
  t_.cause = std::move(cause);
  Emit(Disarm{Timer::kDeadline});
  Emit(Disarm{Timer::kIdle});
  for (uint32_t i = 0; i < t_.branches.size(); ++i) RollBackBranch(i);
  Emit(Arm{Timer::kOperator, 0, now_ + t_.settings.operator_after, {}});
  if (t_.settings.client_named) {
    t_.outcome_ticket = t_.next_ticket++;
    Emit(Append{RecordKind::kOutcome, Force::kRide, t_.outcome_ticket, 0});
  } else {
    Report();
  }
  MaybeFinish();
}

void AtomicMachine::RollBackBranch(uint32_t index) {
  AtomicBranch& branch = t_.branches[index];
  const bool cancels = branch.phase == Phase::kOpening || branch.Running();
  if (!branch.Take(BranchEvent::kRollBack)) return;
  if (branch.Ended()) {  // nothing was sent that could need a roll-back
    branch.state = BranchState::kRolledBack;
    return;
  }
  if (cancels) Emit(Cancel{index});
  branch.retries = 0;  // they were those of the try
  if (branch.phase != Phase::kCutOff) SendPhaseTwo(index);
}

// A transaction without a decision is replayed only if its one-phase commit had a heuristic
// outcome, or if its last resource may have been asked to commit.
void AtomicMachine::On(const Replayed&) {
  switch (t_.decision) {
    case Decision::kCommit:
      t_.decided = Decided(t_.gtrid);
      t_.state = State::kCommitting;
      t_.outcome = Outcome::kCommitted;
      t_.commit_logged = true;
      break;
    case Decision::kRollBack:
      t_.state = State::kRollingBack;
      t_.outcome = Outcome::kRolledBack;
      break;
    case Decision::kNone: t_.state = State::kDeciding; break;
  }
  const bool commits = t_.decision == Decision::kCommit;
  for (uint32_t i = 0; i < t_.branches.size(); ++i) {
    AtomicBranch& branch = t_.branches[i];
    branch.recovered = true;
    if (branch.Ended()) continue;
    if (branch.phase == Phase::kRecording) {
      SettleHeuristic(i);
      continue;
    }
    CHECK(branch.phase == Phase::kVoted) << "a branch is replayed without AtomicBranch::Restore";
    if (t_.decision == Decision::kNone) {
      CHECK(t_.LastMayHaveCommitted()) << "a branch is replayed without a decision";
      if (!branch.IsLast()) continue;  // until the result is known
      branch.Take(BranchEvent::kDecide);
      branch.state = BranchState::kUnknown;
      Find(i);
      continue;
    }
    branch.Take(commits ? BranchEvent::kCommit : BranchEvent::kRollBack);
    SendPhaseTwo(i);
  }
  if (!AwaitsLastResource()) Report();
  Emit(Arm{Timer::kOperator, 0, now_ + t_.settings.operator_after, {}});
  MaybeFinish();
}

// Waits for the record of a heuristic outcome: after a crash the outcome must not be better.
void AtomicMachine::Report() {
  for (const AtomicBranch& branch : t_.branches) {
    if (branch.phase == Phase::kRecording) return;
  }
  t_.outcome_reportable = true;
  Emit(Reply{ReplyTo::kDecided, 0});
}

}  // namespace assent::core
