// SPDX-License-Identifier: Apache-2.0
#include "core/atomic.h"

#include <algorithm>
#include <optional>

#include "base/check.h"

namespace assent::core {
namespace {

// The order in which one call takes its connections: by resource name, so that two calls never wait
// in a circle. nullopt: all are taken.
std::optional<uint32_t> InOpeningOrder(const Atomic& t, uint32_t position) {
  std::vector<uint32_t> order;
  order.reserve(t.branches.size());
  for (uint32_t i = 0; i < t.branches.size(); ++i) {
    if (!t.branches[i].IsTcc()) order.push_back(i);
  }
  if (position == order.size()) return std::nullopt;
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    return t.branches[a].spec.resource < t.branches[b].spec.resource;
  });
  return order[position];
}

Cause Expired() {
  Cause cause;
  cause.reason = Reason::kExpired;
  cause.may_retry = true;
  cause.detail = "a partner's reservation would have ended before the decision";
  return cause;
}

}  // namespace

void AtomicMachine::Step(Atomic& transaction, const Event& event, Monotonic now, Effects& out) {
  AtomicMachine machine(transaction, now, out);
  std::visit([&](const auto& e) { machine.On(e); }, event);
}

bool Atomic::AwaitsTries() const {
  return std::any_of(branches.begin(), branches.end(),
                     [](const AtomicBranch& branch) { return branch.IsTcc() && !branch.voted; });
}

// ---- Before the decision ----

void AtomicMachine::On(const Begin&) {
  CHECK(t_.state == State::kActive && t_.next_open == 0);
  Emit(Arm{Timer::kDeadline, 0, t_.settings.deadline, {}});
  if (!t_.settings.one_call) {
    On(Touched{});
    return;
  }
  CHECK(!t_.branches.empty());
  if (std::any_of(t_.branches.begin(), t_.branches.end(),
                  [](const AtomicBranch& branch) { return branch.IsTcc(); })) {
    AppendOpen(RecordKind::kOpen, 0, &t_.open_ticket);
  } else {
    OpenNext();
  }
}

void AtomicMachine::On(const Touched&) {
  if (t_.settings.one_call || t_.state != State::kActive) return;
  if (t_.settings.idle_limit <= Duration::zero()) return;
  Emit(Arm{Timer::kIdle, 0, now_ + t_.settings.idle_limit, {}});
}

// What it waited for was no idleness: the client has the whole limit from here.
void AtomicMachine::Tell(ReplyTo what, uint32_t index) {
  Emit(Reply{what, index});
  On(Touched{});
}

void AtomicMachine::On(const Enlist& event) {
  const bool is_try = event.spec.kind == BranchKind::kTcc;
  CHECK(is_try ? t_.TakesTries() : t_.state == State::kActive && !t_.settings.one_call);
  t_.branches.emplace_back();
  t_.branches.back().spec = event.spec;
  const auto index = static_cast<uint32_t>(t_.branches.size() - 1);
  if (is_try) {
    AppendOpen(RecordKind::kEnlist, index, &t_.branches.back().enlist_ticket);
    return;
  }
  t_.branches.back().open_sent = true;
  Emit(Call{index, Operation::kOpen, {}});
}

// ---- The others, before the decision ----

void AtomicMachine::OpenNext() {
  const std::optional<uint32_t> index = InOpeningOrder(t_, t_.next_open);
  if (!index) {
    RunNext();
    return;
  }
  ++t_.next_open;
  t_.branches[*index].open_sent = true;
  Emit(Call{*index, Operation::kOpen, {}});
}

void AtomicMachine::On(const Opened& event) {
  AtomicBranch& branch = t_.branches.at(event.branch);
  if (t_.state != State::kActive) return;  // its roll-back is queued behind the open
  if (!event.ok) {
    branch.state = BranchState::kRefused;
    branch.ended = true;  // nothing was taken
    RollBack(event.cause);
    return;
  }
  branch.opened = true;
  if (t_.settings.one_call) {
    OpenNext();
  } else {
    Tell(ReplyTo::kOpen, event.branch);
  }
}

void AtomicMachine::On(const RunRequested& event) {
  AtomicBranch& branch = t_.branches.at(event.branch);
  CHECK(t_.state == State::kActive && branch.opened && !branch.running);
  branch.begun = true;
  branch.running = true;
  Emit(Call{event.branch, Operation::kRun, {}});
}

void AtomicMachine::RunNext() {
  while (t_.next_run < t_.branches.size() && t_.branches[t_.next_run].IsTcc()) ++t_.next_run;
  if (t_.next_run == t_.branches.size()) {
    StartCommit();
    return;
  }
  On(RunRequested{t_.next_run++});
}

void AtomicMachine::On(const Ran& event) {
  AtomicBranch& branch = t_.branches.at(event.branch);
  branch.running = false;
  branch.witnessed |= event.witnessed;
  if (t_.state != State::kActive) return;
  if (!event.ok) {
    branch.state = BranchState::kRefused;
    RollBack(event.cause);
    return;
  }
  if (t_.settings.one_call) {
    RunNext();
  } else {
    Tell(ReplyTo::kRun, event.branch);
  }
}

void AtomicMachine::On(const CommitRequested&) {
  if (t_.state != State::kActive) return;  // asked again
  for (const AtomicBranch& branch : t_.branches) {
    CHECK(branch.opened && !branch.running && (!branch.IsTcc() || branch.voted));
  }
  StartCommit();
}

void AtomicMachine::StartCommit() {
  CHECK(t_.state == State::kActive && t_.decision == Decision::kNone);
  Emit(Disarm{Timer::kIdle});
  uint32_t begun = 0;
  uint32_t sole = 0;
  bool tries = false;
  for (uint32_t i = 0; i < t_.branches.size(); ++i) {
    tries |= t_.branches[i].IsTcc();
    if (t_.branches[i].begun) {
      ++begun;
      sole = i;
      continue;
    }
    // Nothing ran there: give the connection back; it has no part in the decision.
    Emit(Call{i, Operation::kRollBack, {}});
    t_.branches[i].voted = true;
    EndBranch(i, BranchState::kReadOnly);
  }
  if (begun == 1 && !tries && !t_.settings.client_named) {
    t_.state = State::kDeciding;
    t_.branches[sole].state = BranchState::kUnknown;
    t_.branches[sole].sends = 1;
    Emit(Arm{Timer::kOperator, 0, now_ + t_.settings.operator_after, {}});
    Emit(Call{sole, Operation::kCommitOnePhase, {}});
    return;
  }
  t_.state = State::kPreparing;
  for (uint32_t i = 0; i < t_.branches.size(); ++i) {
    if (!t_.branches[i].begun || t_.branches[i].voted) continue;
    t_.branches[i].prepare_sent = true;
    Emit(Call{i, Operation::kPrepare, {}});
  }
  CollectVotes();
}

void AtomicMachine::On(const Voted& event) {
  AtomicBranch& branch = t_.branches.at(event.branch);
  CHECK(branch.prepare_sent && !branch.voted);
  if (branch.IsTcc()) {
    TryVoted(event.branch, event);
    return;
  }
  branch.voted = true;
  branch.identity = event.identity;
  branch.started_at = event.started_at;
  branch.position = event.position;
  if (event.hazard) {
    // Recorded before the roll-back is, and never told as an ordinary one.
    t_.outcome = Outcome::kHazard;
    branch.detail = event.cause.detail;
    Heuristic(event.branch, Ack::kHeuristicHazard);
    if (t_.state == State::kPreparing) RollBack(event.cause);
    return;
  }
  if (t_.state != State::kPreparing) return;  // rolled back meanwhile; that call is queued behind
  switch (event.vote) {
    case Vote::kPrepared: branch.state = BranchState::kPrepared; break;
    case Vote::kReadOnly: EndBranch(event.branch, BranchState::kReadOnly); break;
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
  for (const AtomicBranch& branch : t_.branches) {
    if (!branch.voted) return;
    any_prepared |= branch.state == BranchState::kPrepared;
  }
  if (now_ > t_.decide_before) {
    RollBack(Expired());
    return;
  }
  if (any_prepared) {
    t_.commit_logged = true;
    t_.decision_ticket = t_.next_ticket++;
    Emit(Append{RecordKind::kCommit, Force::kNow, t_.decision_ticket, 0});
    return;
  }
  // Every branch was read-only: there is nothing to make durable.
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
    Report();
    MaybeFinish();
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
  t_.state = State::kCommitting;
  t_.outcome = Outcome::kCommitted;
  Emit(Disarm{Timer::kDeadline});
  for (uint32_t i = 0; i < t_.branches.size(); ++i) {
    if (!t_.branches[i].ended) SendPhaseTwo(i);
  }
  Report();
  Emit(Arm{Timer::kOperator, 0, now_ + t_.settings.operator_after, {}});
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
  for (uint32_t i = 0; i < t_.branches.size(); ++i) {
    AtomicBranch& branch = t_.branches[i];
    if (branch.ended) continue;
    if (!branch.open_sent || branch.gone) {
      branch.ended = true;
      branch.waiting = false;
      branch.state = BranchState::kRolledBack;
      continue;
    }
    if (branch.running || !branch.opened) Emit(Cancel{i});
    branch.retries = 0;                              // those of a try
    if (branch.IsTcc() && branch.running) continue;  // once its try has been answered, or cut off
    SendPhaseTwo(i);
  }
  Emit(Arm{Timer::kOperator, 0, now_ + t_.settings.operator_after, {}});
  if (t_.settings.client_named) {
    t_.outcome_ticket = t_.next_ticket++;
    Emit(Append{RecordKind::kOutcome, Force::kRide, t_.outcome_ticket, 0});
  } else {
    Report();
  }
  MaybeFinish();
}

// A transaction without a decision is replayed only for a heuristic outcome that its one-phase
// commit left.
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
  for (uint32_t i = 0; i < t_.branches.size(); ++i) {
    AtomicBranch& branch = t_.branches[i];
    branch.recovered = true;
    branch.prepare_sent = true;
    if (branch.heuristic != Ack::kDone && !branch.ended) {
      SettleHeuristic(i);
    } else if (!branch.ended) {
      CHECK(t_.decision != Decision::kNone) << "a branch is replayed without a decision";
      SendPhaseTwo(i);
    }
  }
  Report();
  Emit(Arm{Timer::kOperator, 0, now_ + t_.settings.operator_after, {}});
  MaybeFinish();
}

// ---- Timers ----

// A client is not idle while it waits for us.
bool AtomicMachine::ClientWaits() const {
  return std::any_of(t_.branches.begin(), t_.branches.end(), [](const AtomicBranch& branch) {
    if (branch.running || (branch.open_sent && !branch.opened)) return true;
    return branch.IsTcc() && !branch.voted && !(branch.opened && branch.spec.called_by_client);
  });
}

// Names the likely reason: a branch that waits for a connection, or the first partner that has not
// said yes.
Cause AtomicMachine::Late(const TimerFired& event) const {
  Cause cause;
  cause.reason = Reason::kDeadline;
  cause.detail = "the deadline passed before the decision";
  if (!event.waiting.empty()) {
    cause.branch = static_cast<int32_t>(event.branch);
    cause.detail += ": " + event.waiting;
    cause.may_retry = true;
    return cause;
  }
  for (size_t i = 0; i < t_.branches.size(); ++i) {
    const AtomicBranch& branch = t_.branches[i];
    if (!branch.IsTcc() || branch.voted) continue;
    cause.branch = static_cast<int32_t>(i);
    cause.detail += branch.spec.called_by_client ? ": its client has not voted"
                                                 : ": its try was never answered conclusively";
    cause.may_retry = !branch.spec.called_by_client;  // whoever answers now may answer then
    if (!branch.detail.empty()) cause.detail += " (" + branch.detail + ")";
    break;
  }
  return cause;
}

void AtomicMachine::On(const TimerFired& event) {
  Cause cause;
  switch (event.timer) {
    case Timer::kDeadline:
      if (!t_.Undecided()) return;
      if (now_ >= t_.decide_before && now_ < t_.settings.deadline) {
        RollBack(Expired());
        return;
      }
      RollBack(Late(event));
      return;
    case Timer::kIdle:
      if (t_.state != State::kActive) return;
      if (ClientWaits()) {
        On(Touched{});
        return;
      }
      cause.reason = Reason::kIdle;
      cause.detail = "the client was idle for longer than the limit";
      RollBack(std::move(cause));
      return;
    case Timer::kRetry: Resend(event.branch); return;
    case Timer::kOperator:
      if (t_.finished) return;
      t_.needs_operator = true;
      for (AtomicBranch& branch : t_.branches) {
        if (!branch.ended && !branch.held) branch.state = BranchState::kNeedsOperator;
      }
      return;
  }
}

void AtomicMachine::On(const ResourceUp& event) {
  for (uint32_t i = 0; i < t_.branches.size(); ++i) {
    if (t_.branches[i].spec.resource != event.resource) continue;
    t_.branches[i].retries = 0;  // how long it was away says nothing of what comes now
    Resend(i);
  }
}

}  // namespace assent::core
