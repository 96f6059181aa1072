// SPDX-License-Identifier: Apache-2.0
// The atomic transaction: branches vote, one decision, then phase two. Presumed abort. Pure.
//
// A branch of kind kTcc is recorded (kOpen, kEnlist) before it is first asked; it votes while the
// transaction is still ACTIVE, and in one call the SQL of the others runs only once all such votes
// are yes, so that a partner that hangs holds no row locks. Where the client calls the partner by
// itself, the vote comes from the client. What is recorded and has no decision
// after a crash is rolled back by the coordinator, not presumed.
//
// Contract: `Step` is the only way to change an Atomic once it is begun. It owns no socket, thread,
// clock or random device; the same state and event give the same effects. The caller fills the
// identity and, before Begin or Replayed, the settings and branches; it carries the effects out in
// order (effects.h).
// - A commit call leaves only with a Decided (decided.h), hence only after the decision record is
// durable.
// - Until the commit record is handed to the log, the deadline, the idle limit, a refusal or the
// client turn it to roll-back;
//   afterwards nothing does.
// - One-phase commit only for a sole branch that was never asked to prepare, and whose gid the
// coordinator made.
// - An outcome is reportable (`outcome_reportable`) only once it is durable, or needs not to be.
// Source: Mohan et al. 1986 (presumed abort), X/Open C193 chapter 2; docs/protocol.md.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/effects.h"

namespace assent::core {

enum class Decision : uint8_t { kNone, kCommit, kRollBack };

struct AtomicBranch {
  BranchSpec spec;
  BranchState state = BranchState::kActive;
  bool open_sent = false, opened = false;
  bool begun = false;    // statements were sent: there is something to prepare
  bool running = false;  // statements, or a try
  bool prepare_sent = false;
  bool voted = false;
  bool ended = false;    // needs nothing more in phase two
  bool waiting = false;  // for its retry timer
  bool held = false;     // a heuristic outcome that conflicts with the decision: the operator's
  bool forgetting = false;
  bool gone = false;         // kTcc: of all its tries so far nothing can be left at its partner
  bool witnessed = false;    // it holds a row whose absence proves that it did not commit
  bool recovered = false;    // an earlier process may have sent its commit
  bool commit_lost = false;  // one that this process sent got no answer: it may have been done
  uint32_t sends = 0;        // commits or roll-backs sent by this process
  uint32_t finds = 0;        // looks after an unknown XID
  uint32_t tries = 0;        // kTcc: times it was asked to prepare, by this process
  uint64_t enlist_ticket = 0;
  uint32_t retries = 0;  // in a row, since its resource last came up: the back-off
  Ack heuristic = Ack::kDone;
  uint64_t heuristic_ticket = 0;
  // Of the server that prepared it, or was asked to commit it in one phase.
  std::string identity, started_at;
  uint64_t position = 0;  // of its log by then
  std::string detail;     // why it is not done yet

  bool IsTcc() const { return spec.kind == BranchKind::kTcc; }
};

struct AtomicSettings {
  bool client_named = false;
  bool one_call = false;  // open, run and commit without being asked for each
  Monotonic deadline = kNever;
  Duration idle_limit{0};  // interactive only; 0: none
  Duration retry_first{100'000'000}, retry_cap{30'000'000'000};
  Duration partner_cap{5'000'000'000};  // kTcc: nobody says when one is up again
  Duration operator_after{300'000'000'000};
  Duration expiry_margin{1'000'000'000};  // the decision is taken this long before a yes ends
};

struct Atomic {
  Gtrid gtrid;
  AtomicSettings settings;
  std::vector<AtomicBranch> branches;

  State state = State::kActive;
  Decision decision = Decision::kNone;
  std::optional<Decided> decided;  // made where a decision became durable, or was replayed
  Outcome outcome = Outcome::kUndecided;
  Cause cause;
  bool outcome_reportable = false;
  bool commit_logged = false;  // the commit record was handed to the log: nothing turns it any more
  bool needs_operator = false;
  bool finished = false;  // every branch has ended
  uint64_t next_ticket = 1;
  uint64_t decision_ticket = 0, outcome_ticket = 0, open_ticket = 0;
  bool open_logged = false;      // an open or enlist record was handed to the log: it needs an end
  uint32_t opens_under_way = 0;  // such records, not durable yet
  Monotonic decide_before = kNever;  // the earliest of what expires, less the margin
  uint32_t next_open = 0;            // one call: position in the order of resource names
  uint32_t next_run = 0;             // one call: branch whose statements come next

  // What may be told to a client now: kUndecided until the outcome is durable.
  Outcome Reportable() const { return outcome_reportable ? outcome : Outcome::kUndecided; }
  // May the deadline, a client or a refusal still turn it to roll-back?
  bool Undecided() const {
    return (state == State::kActive || state == State::kPreparing) && !commit_logged;
  }
  // Has a branch of kind kTcc not voted yet?
  bool AwaitsTries() const;
  // In one call a partner may enlist another as long as a try is under way, it being the first
  // to know; no SQL has been sent yet.
  bool TakesTries() const {
    return state == State::kActive && (!settings.one_call || AwaitsTries());
  }
};

class AtomicMachine {
 public:
  static void Step(Atomic& transaction, const Event& event, Monotonic now, Effects& out);

 private:
  AtomicMachine(Atomic& transaction, Monotonic now, Effects& out)
      : t_(transaction), now_(now), out_(out) {}

  void On(const Begin&);
  void On(const Enlist&);
  void On(const Opened&);
  void On(const RunRequested&);
  void On(const Ran&);
  void On(const CommitRequested&);
  void On(const RollBackRequested&);
  void On(const Voted&);
  void On(const Acked&);
  void On(const Durable&);
  void On(const TimerFired&);
  void On(const ResourceUp&);
  void On(const Touched&);
  void On(const Replayed&);

  void AppendOpen(RecordKind record, uint32_t branch, uint64_t* ticket);
  void SendTry(uint32_t index);
  void AwaitVote(uint32_t index);
  void TryVoted(uint32_t index, const Voted& event);
  void NoteExpiry(Monotonic expires);
  void TriesAreDone();
  bool OpenIsDurable(uint64_t ticket);
  void Tell(ReplyTo what, uint32_t index);
  void OpenNext();
  void RunNext();
  void StartCommit();
  void CollectVotes();
  void DecisionIsDurable();
  void RollBack(Cause cause);
  void AckCommit(uint32_t index, const Acked& event);
  void AckRollBack(uint32_t index, const Acked& event);
  void AckOnePhase(uint32_t index, const Acked& event);
  void Heuristic(uint32_t index, Ack ack);
  void HeuristicIsDurable(uint32_t index);
  void SettleHeuristic(uint32_t index);
  void EndBranch(uint32_t index, BranchState state);
  // No sooner than `least`, whatever the back-off says.
  void Retry(uint32_t index, Duration least = Duration(0));
  void Resend(uint32_t index);
  void SendPhaseTwo(uint32_t index);
  void MaybeFinish();
  void Report();
  void Worsen(Outcome outcome);
  bool AnotherIsLate(uint32_t index) const;
  Cause Late(const TimerFired& event) const;
  bool ClientWaits() const;

  template <typename E>
  void Emit(E effect) {
    out_.push_back(std::move(effect));
  }

  Atomic& t_;
  Monotonic now_;
  Effects& out_;
};

inline void Step(Atomic& transaction, const Event& event, Monotonic now, Effects& out) {
  AtomicMachine::Step(transaction, event, now, out);
}

}  // namespace assent::core
