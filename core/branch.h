// SPDX-License-Identifier: Apache-2.0
// One branch of an atomic transaction: its phase, and the facts that no phase implies.
//
// Contract: only Take changes the phase of a branch, by the table in phase.h; Restore sets the
// first phase of a branch that is read from the log. `state` is what the API shows: the last answer
// of the branch, not its phase.
#pragma once

#include <cstdint>
#include <string>

#include "core/effects.h"
#include "core/phase.h"

namespace assent::core {

struct AtomicBranch {
  BranchSpec spec;
  BranchState state = BranchState::kActive;
  Phase phase = Phase::kDeclared;
  Phase reached = Phase::kDeclared;  // in phase two: the phase at the decision
  bool witnessed = false;            // wrote a row whose absence proves that it did not commit
  bool recovered = false;            // an earlier process may have sent its commit
  bool commit_lost = false;    // a commit by this process was not answered: it may have succeeded
  uint32_t sends = 0;          // commits or roll-backs sent by this process
  uint32_t finds = 0;          // lookups after an unknown XID
  uint32_t tries = 0;          // partner: tries sent by this process
  uint64_t enlist_ticket = 0;  // partner: of its own record; 0: none
  uint32_t retries = 0;        // in a row, since its resource last came up: sets the back-off
  Ack heuristic = Ack::kDone;  // its heuristic outcome; kDone: none
  uint64_t heuristic_ticket = 0;
  // The server that ran its statements, prepared it, or was asked to commit it in one phase.
  std::string identity, started_at;
  uint64_t position = 0;  // of that server's log at the time
  std::string detail;     // why it is not done yet

  // Moves the branch as the table says and returns true; returns false if the event is ignored.
  // CHECKs that the table does not refuse the event.
  bool Take(BranchEvent event);
  // Sets the phase of a branch from the log, whose vote is counted: kVoted, kEnded, or kRecording,
  // which here means that its heuristic outcome is already recorded.
  void Restore(Phase from_log);

  bool IsTcc() const { return spec.kind == BranchKind::kTcc; }
  bool IsLast() const { return spec.kind == BranchKind::kLast; }
  // The phase that it reached in phase one.
  Phase PhaseOne() const { return IsPhaseTwo(phase) ? reached : phase; }
  // Whether it has a connection; for a partner, whether its record is durable.
  bool Opened() const { return PhaseOne() >= Phase::kOpen; }
  // Whether statements or a try were sent.
  bool Begun() const { return PhaseOne() >= Phase::kRunning; }
  // Whether it may be prepared. A last resource never is: the end of its session rolls it back.
  bool AskedToPrepare() const { return PhaseOne() >= Phase::kTrying && !IsLast(); }
  bool Voted() const { return PhaseOne() == Phase::kVoted; }
  bool Running() const { return phase == Phase::kRunning || phase == Phase::kTrying; }
  // Whether the client may request the commit.
  bool ReadyToCommit() const {
    return Look(phase, BranchEvent::kPrepare).verdict != Verdict::kRefused;
  }
  // Whether a call to it, or the next attempt, is unanswered, so that the client waits for the
  // coordinator.
  bool Busy() const;
  // Whether it waits for its retry timer.
  bool Waits() const;
  bool Ended() const { return phase == Phase::kEnded; }
  // Whether nothing more is done for it.
  bool Over() const { return phase == Phase::kEnded || phase == Phase::kHeld; }
};

}  // namespace assent::core
