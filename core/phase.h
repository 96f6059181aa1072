// SPDX-License-Identifier: Apache-2.0
// The phases of a branch, the events of a branch, and the table of its transitions.
//
// Contract: only AtomicBranch::Take moves a branch, and it does so by this table; a pair of phase
// and event that the table does not list ends the process by CHECK. docs/protocol.md shows the
// table as PhaseTable prints it, and phase_test.cc drives the machine through every pair. Source:
// X/Open C193 chapter 2; Gray & Reuter chapter 10.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace assent::core {

// Phase, name, meaning. The phases of phase one come first, in the order in which a branch passes
// through them; phase two begins with kCutOff. A phase named Retry waits for the retry timer; then
// the branch returns to the phase before it.
//
// A last resource needs no phase of its own. In kPreparing it writes its decision row; it waits in
// kVoted until the other branches have voted too, and then goes to kDeciding. They stay in kVoted
// until its result is known.
#define ASSENT_PHASES(X)                                                                      \
  X(Declared, "declared",                                                                     \
    "no call has been sent; for a partner, the record that names it is not durable")          \
  X(Opening, "opening", "it is taking a connection")                                          \
  X(Open, "open", "it can run statements and has run none")                                   \
  X(Running, "running", "its statements are running")                                         \
  X(Ran, "ran", "it has work to prepare")                                                     \
  X(Trying, "trying", "partner: a try is in flight")                                          \
  X(TryRetry, "try retry", "partner: no conclusive answer yet; it may hold a reservation")    \
  X(CleanTryRetry, "clean try retry",                                                         \
    "partner: no conclusive answer yet; it cannot hold a reservation")                        \
  X(AwaitingVote, "awaiting vote", "partner that the client calls: the client has not voted") \
  X(Preparing, "preparing", "it was asked to prepare")                                        \
  X(Voted, "voted", "its vote is counted, and it takes part in phase two")                    \
  X(CutOff, "cut off",                                                                        \
    "partner: rolled back during a try; the cancel waits for the answer to the try")          \
  X(Deciding, "deciding", "its deciding commit or a lookup is in flight: the answer decides") \
  X(DecidingRetry, "deciding retry", "waits to look it up again")                             \
  X(Committing, "committing", "its commit or a lookup is in flight")                          \
  X(CommitRetry, "commit retry", "waits to send the commit again")                            \
  X(RollingBack, "rolling back", "its roll-back or a lookup is in flight")                    \
  X(RollBackRetry, "roll-back retry", "waits to send the roll-back again")                    \
  X(Recording, "recording", "its heuristic outcome is not durable yet")                       \
  X(Forgetting, "forgetting",                                                                 \
    "its heuristic outcome agrees with the decision, and a forget is in flight")              \
  X(ForgetRetry, "forget retry", "waits to send the forget again")                            \
  X(Held, "held", "its heuristic outcome conflicts with the decision: kept for an operator")  \
  X(Ended, "ended", "it needs no more calls")

// Event, name. First the coordinator's actions, then the answers of phase one and those of phase
// two (as in Ack). Then: the heuristic outcome is durable, and agrees or conflicts with the
// decision. Last: the retry timer fires, or the resource answers again.
#define ASSENT_BRANCH_EVENTS(X)                                                             \
  X(Open, "open")                                                                           \
  X(Run, "run")                                                                             \
  X(Try, "try")                                                                             \
  X(AwaitVote, "await vote")                                                                \
  X(Prepare, "prepare") /* the transaction is to be committed */                            \
  X(Decide, "decide")   /* its commit, in one phase, is to decide the transaction */        \
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

// Whether the event is an answer of phase one for a branch in phase two. kCutOff waits for one.
constexpr bool IsLate(Phase phase, BranchEvent event) {
  return IsPhaseTwo(phase) && phase != Phase::kCutOff && IsAnswerOfPhaseOne(event);
}

enum class Verdict : uint8_t {
  kRefused,  // a bug
  kIgnored,  // nothing follows
  kMoves     // to `next`, which may be the same phase again
};
// The consequence for the whole transaction.
enum class Consequence : uint8_t { kNone, kCommits, kRollsBack };
struct Cell {
  Verdict verdict = Verdict::kRefused;
  Phase next{};
  Consequence consequence = Consequence::kNone;
};

// The cell of the table for this pair.
const Cell& Look(Phase phase, BranchEvent event);
// The same for a branch that was in `reached` at the decision, if it is in phase two: there an
// answer of phase one is late, and refused unless `reached` waited for it.
Cell Look(Phase phase, Phase reached, BranchEvent event);
// The value of `reached` after the late answer; nullopt: no such answer was due.
std::optional<Phase> AfterLateAnswer(Phase reached, BranchEvent event);
// The value of `reached` for a branch that `event` moves from `phase` to phase two.
Phase ReachedBy(Phase phase, BranchEvent event);

const char* Name(Phase);
const char* Name(BranchEvent);
// The table as Markdown: one row for each phase, then one for each kind of late answer.
std::string PhaseTable();

}  // namespace assent::core
