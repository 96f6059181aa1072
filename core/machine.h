// SPDX-License-Identifier: Apache-2.0
// The state machine behind Step: one function for each event, and the steps that they share.
//
// atomic.cc implements the steps up to the decision, tries.cc the votes of partners,
// last_resource.cc a commit that decides, phase_two.cc the steps after the decision, and timers.cc
// the timers. An AtomicMachine handles one event and
// has no state of its own.
#pragma once

#include <utility>

#include "core/atomic.h"

namespace assent::core {

class AtomicMachine {
 public:
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

 private:
  // Phase one of databases.
  void OpenNext();
  void RunNext();
  void StartCommit();
  void DecideBy(uint32_t index);
  void PrepareAll();
  void CollectVotes();
  // Phase one of partners.
  void AppendOpen(RecordKind record, uint32_t branch, uint64_t* ticket);
  bool OpenIsDurable(uint64_t ticket);
  void SendTry(uint32_t index);
  void TryVoted(uint32_t index, const Voted& event);
  void CutOffEnded(uint32_t index);
  void NoteExpiry(Monotonic expires);
  // The decision.
  void DecisionIsDurable();
  void LastIsNamed();
  bool AwaitsLastResource() const;
  void CommitAll();
  void RollBack(Cause cause);
  void RollBackBranch(uint32_t index);
  void Report();
  void EmitReply(ReplyTo what, uint32_t index);
  // Phase two.
  void SendPhaseTwo(uint32_t index);
  void Find(uint32_t index);
  void AckedEnd(uint32_t index, Phase before, const Acked& event);
  void OnePhaseEnded(uint32_t index, const Acked& event);
  void NoteHeuristic(uint32_t index, Ack ack);
  void HeuristicIsDurable(uint32_t index);
  void SettleHeuristic(uint32_t index);
  void EndAs(uint32_t index, BranchState state);
  bool AnotherIsLate(uint32_t index) const;
  void Worsen(Outcome outcome);
  void MaybeFinish();
  // Timers.
  void ArmRetry(uint32_t index, Duration least = Duration(0));  // not before `least` has passed
  void Resend(uint32_t index);
  static Cause Expired();
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

// The event of the phase table for an answer.
BranchEvent ToBranchEvent(const Voted& voted);
BranchEvent ToBranchEvent(Ack ack);

}  // namespace assent::core
