// SPDX-License-Identifier: Apache-2.0
// One branch of an atomic transaction: its phase, and the facts that no phase implies.
//
// Contract: only Take changes the phase of a branch, by the table in phase.h; a branch that is read
// from the log gets its first phase from Restore. `state` is what the API shows of the branch: its
// last answer, not where it is.
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
  Phase reached = Phase::kDeclared;  // in phase two: the phase in which the decision found it
  bool witnessed = false;            // it holds a row whose absence proves that it did not commit
  bool recovered = false;            // an earlier process may have sent its commit
  bool commit_lost = false;    // a commit of this process got no answer: it may have been done
  uint32_t sends = 0;          // commits or roll-backs sent by this process
  uint32_t finds = 0;          // looks after an unknown XID
  uint32_t tries = 0;          // partner: times it was asked to prepare, by this process
  uint64_t enlist_ticket = 0;  // partner: of its own record; 0: it has none
  uint32_t retries = 0;        // in a row, since its resource last came up: sets the back-off
  Ack heuristic = Ack::kDone;  // its heuristic outcome; kDone: it has none
  uint64_t heuristic_ticket = 0;
  // Of the server that prepared it, or was asked to commit it in one phase.
  std::string identity, started_at;
  uint64_t position = 0;  // of that server's log by then
  std::string detail;     // why it is not done yet

  // Moves the branch as the table says and returns true; returns false where the event is ignored.
  // CHECKs that the table does not refuse the event.
  bool Take(BranchEvent event);
  // A branch of a log record, whose vote is counted: kVoted, kEnded, or kRecording, which here
  // means that its heuristic outcome is recorded.
  void Restore(Phase from_log);

  bool IsTcc() const { return spec.kind == BranchKind::kTcc; }
  // How far phase one got.
  Phase PhaseOne() const { return IsPhaseTwo(phase) ? reached : phase; }
  // Its connection is taken; of a partner, the record that names it is durable.
  bool Opened() const { return PhaseOne() >= Phase::kOpen; }
  // Statements were sent, or a try.
  bool Begun() const { return PhaseOne() >= Phase::kRunning; }
  // It may be prepared.
  bool AskedToPrepare() const { return PhaseOne() >= Phase::kTrying; }
  bool Voted() const { return PhaseOne() == Phase::kVoted; }
  bool Running() const { return phase == Phase::kRunning || phase == Phase::kTrying; }
  // The client may ask for the commit.
  bool ReadyToCommit() const {
    return Look(phase, BranchEvent::kPrepare).verdict != Verdict::kRefused;
  }
  // A call to it, or its next attempt, is still to be answered: the client waits for the
  // coordinator.
  bool Busy() const;
  // It waits for its retry timer.
  bool Waits() const;
  bool Ended() const { return phase == Phase::kEnded; }
  // Nothing more is done for it.
  bool Over() const { return phase == Phase::kEnded || phase == Phase::kHeld; }
};

}  // namespace assent::core
