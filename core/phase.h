// SPDX-License-Identifier: Apache-2.0
// The phases of a branch, what can happen to a branch, and the one table of what follows.
//
// Contract: AtomicBranch::Take is the only code that moves a branch, and Look is where it finds out
// what follows; so a pair of phase and event that the table does not have ends the process by
// CHECK. docs/protocol.md shows the table as PhaseTable prints it, and phase_test.cc drives the
// machine through every pair.
// Source: X/Open C193 chapter 2; Gray & Reuter chapter 10.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace assent::core {

// Phase, its name, what it means. Phase one comes first, in the order in which a branch goes
// through it; phase two begins with kCutOff. A phase named Retry waits for the retry timer, and
// then the phase before it is repeated.
//
// A last resource (planned) needs no phase of its own: it waits in kRan until the other branches
// are in kVoted, and then goes to kDeciding. They stay in kVoted until its answer is known.
#define ASSENT_PHASES(X)                                                                           \
  X(Declared, "declared",                                                                          \
    "nothing was asked of it; of a partner, the record that names it is not durable")              \
  X(Opening, "opening", "its connection is being taken")                                           \
  X(Open, "open", "it can run statements and has run none")                                        \
  X(Running, "running", "statements are being carried out")                                        \
  X(Ran, "ran", "it has work to prepare")                                                          \
  X(Trying, "trying", "partner: a try is being carried out")                                       \
  X(TryRetry, "try retry", "partner: no conclusive answer yet; it may hold a reservation")         \
  X(CleanTryRetry, "clean try retry",                                                              \
    "partner: no conclusive answer yet; it cannot hold a reservation")                             \
  X(AwaitingVote, "awaiting vote", "partner that the client calls: the client has not voted")      \
  X(Preparing, "preparing", "it was asked to prepare")                                             \
  X(Voted, "voted", "its vote is counted, and it has a part in phase two")                         \
  X(CutOff, "cut off",                                                                             \
    "partner: rolled back during a try, whose answer has to come before the cancel")               \
  X(Deciding, "deciding", "its commit in one phase, or a look for it: the answer is the decision") \
  X(DecidingRetry, "deciding retry", "waits to look again")                                        \
  X(Committing, "committing", "its commit, or a look for it")                                      \
  X(CommitRetry, "commit retry", "waits to send the commit again")                                 \
  X(RollingBack, "rolling back", "its roll-back, or a look for it")                                \
  X(RollBackRetry, "roll-back retry", "waits to send the roll-back again")                         \
  X(Recording, "recording", "its heuristic outcome is not durable yet")                            \
  X(Forgetting, "forgetting",                                                                      \
    "its heuristic outcome agrees with the decision: it is told to forget it")                     \
  X(ForgetRetry, "forget retry", "waits to send that again")                                       \
  X(Held, "held", "its heuristic outcome conflicts with the decision: kept for an operator")       \
  X(Ended, "ended", "nothing more is needed of it")

// What can happen to a branch, and its name: what the coordinator does; the answers of phase one;
// the answers of phase two, as Ack has them; its heuristic outcome is durable, and agrees or
// conflicts with the decision; the retry timer fires, or its resource can be reached again.
#define ASSENT_BRANCH_EVENTS(X)                                                             \
  X(Open, "open")                                                                           \
  X(Run, "run")                                                                             \
  X(Try, "try")                                                                             \
  X(AwaitVote, "await vote")                                                                \
  X(Prepare, "prepare") /* the transaction is to be committed */                            \
  X(Decide, "decide")   /* this branch alone is: in one phase */                            \
  X(Commit, "commit")   /* the decision to commit is durable */                             \
  X(RollBack, "roll back")                                                                  \
  X(Opened, "opened")                                                                       \
  X(OpenFailed, "open failed")                                                              \
  X(Ran, "ran")                                                                             \
  X(RunFailed, "run failed")                                                                \
  X(VotedYes, "yes")                                                                        \
  X(VotedReadOnly, "read-only")                                                             \
  X(VotedNo, "no")                                                                          \
  X(VotedCleanNo, "clean no") /* partner: no attempt can have left a reservation */         \
  X(VotedUnknown, "unknown vote")                                                           \
  X(VotedCleanUnknown, "clean unknown vote") /* likewise */                                 \
  X(VotedHazard, "hazard vote")              /* part of its work may have been committed */ \
  X(AckDone, "done")                                                                        \
  X(AckRolledBack, "rolled back")                                                           \
  X(AckNotFound, "not found")                                                               \
  X(AckHeuristicCommit, "heuristic commit")                                                 \
  X(AckHeuristicRollBack, "heuristic roll-back")                                            \
  X(AckHeuristicMixed, "heuristic mixed")                                                   \
  X(AckHeuristicHazard, "heuristic hazard")                                                 \
  X(AckUnknown, "unknown")                                                                  \
  X(Agrees, "agrees")                                                                       \
  X(Conflicts, "conflicts")                                                                 \
  X(Retry, "retry")

#define ASSENT_PHASE(name, text, meaning) k##name,
enum class Phase : uint8_t { ASSENT_PHASES(ASSENT_PHASE) };
#undef ASSENT_PHASE
#define ASSENT_BRANCH_EVENT(name, text) k##name,
enum class BranchEvent : uint8_t { ASSENT_BRANCH_EVENTS(ASSENT_BRANCH_EVENT) };
#undef ASSENT_BRANCH_EVENT
inline constexpr size_t kPhases = static_cast<size_t>(Phase::kEnded) + 1;
inline constexpr size_t kBranchEvents = static_cast<size_t>(BranchEvent::kRetry) + 1;

constexpr bool IsPhaseTwo(Phase phase) { return phase >= Phase::kCutOff; }
constexpr bool IsAnswerOfPhaseOne(BranchEvent event) {
  return event >= BranchEvent::kOpened && event <= BranchEvent::kVotedHazard;
}
constexpr bool IsVote(BranchEvent event) {
  return event >= BranchEvent::kVotedYes && event <= BranchEvent::kVotedHazard;
}
constexpr bool IsAck(BranchEvent event) {
  return event >= BranchEvent::kAckDone && event <= BranchEvent::kAckUnknown;
}

// An answer of phase one to a branch in phase two. kCutOff is the phase that waits for one.
constexpr bool IsLate(Phase phase, BranchEvent event) {
  return IsPhaseTwo(phase) && phase != Phase::kCutOff && IsAnswerOfPhaseOne(event);
}

enum class Verdict : uint8_t {
  kRefused,  // a bug
  kIgnored,  // nothing follows
  kMoves     // to `next`, which may be the same phase once more
};
// What follows for the whole transaction.
enum class Consequence : uint8_t { kNone, kCommits, kRollsBack };
struct Cell {
  Verdict verdict = Verdict::kRefused;
  Phase next{};
  Consequence consequence = Consequence::kNone;
};

// What the table has for the pair.
const Cell& Look(Phase phase, BranchEvent event);
// The same of a branch that the decision found in `reached`, if it is in phase two: an answer of
// phase one is late there, and refused unless `reached` waited for it.
Cell Look(Phase phase, Phase reached, BranchEvent event);
// Where a branch counts as found once the late answer is there; nullopt: no such answer was due.
std::optional<Phase> AfterLateAnswer(Phase reached, BranchEvent event);
// Where the decision found a branch that `event` moves from `phase` to phase two.
Phase ReachedBy(Phase phase, BranchEvent event);

const char* Name(Phase);
const char* Name(BranchEvent);
// As markdown: one row for each phase, then one for each kind of late answer.
std::string PhaseTable();

}  // namespace assent::core
