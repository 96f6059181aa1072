// SPDX-License-Identifier: Apache-2.0
// The rows that the model must reach: each state of the transaction with each event that the core
// handles in it, each row of the recovery decision table, and each row of the tables that interpret
// a partner's responses.
//
// Contract: a pair that the grid does not allow is a breach. A required pair that no configuration
// reaches fails the test. An exempt pair has its reason in rows.cc.
#pragma once

#include <array>
#include <bitset>
#include <string>
#include <vector>

#include "core/atomic.h"
#include "recovery/decision_table.h"
#include "tcc/answers.h"

namespace assent::model {

// Event, grid, text. The grid's columns are the core::State values in order: active, preparing,
// deciding, committing, committed, rolling back, rolled back. x: must be reached; a dot: cannot
// happen; another letter: exempt.
#define ASSENT_MODEL_EVENTS(X)                                            \
  X(Begin, "x......", "begin")                                            \
  X(Enlist, "x......", "enlist")                                          \
  X(Join, "x......", "enlist: a partner")                                 \
  X(Opened, "x....x.", "opened")                                          \
  X(OpenFailed, "x....x.", "open failed")                                 \
  X(RunRequested, "x......", "run requested")                             \
  X(Ran, "x....x.", "ran")                                                \
  X(RunFailed, "x....x.", "run failed")                                   \
  X(CommitRequested, "x......", "commit requested")                       \
  X(RollBackRequested, "xx.....", "roll-back requested")                  \
  X(VotedPrepared, ".x...x.", "voted prepared")                           \
  X(VotedRow, ".x...x.", "voted: the decision row is written")            \
  X(VotedReadOnly, ".x...x.", "voted read-only")                          \
  X(VotedRefused, ".x...x.", "voted refused")                             \
  X(VotedUnknown, ".x...x.", "voted unknown")                             \
  X(VotedHazard, ".x...x.", "voted, with a hazard")                       \
  X(TryDone, "x....x.", "try: yes")                                       \
  X(TryRefused, "x....x.", "try: refused, an earlier attempt may remain") \
  X(TryRefusedGone, "x....x.", "try: refused, nothing to cancel")         \
  X(TryUnknown, "x....x.", "try: unknown")                                \
  X(TryUnknownGone, "x....x.", "try: unknown, nothing to cancel")         \
  X(ClientVotedYes, "x......", "the client votes yes")                    \
  X(ClientVotedNo, "x......", "the client votes no")                      \
  X(AckDone, "..xx.x.", "acknowledged: done")                             \
  X(AckRolledBack, "..xx.c.", "acknowledged: rolled back")                \
  X(AckNotFound, "..xx.x.", "acknowledged: not found")                    \
  X(AckHeuristicCommit, "..xx.x.", "heuristic commit")                    \
  X(AckHeuristicRollBack, "..xx.x.", "heuristic roll-back")               \
  X(AckHeuristicMixed, "..xx.x.", "heuristic mixed")                      \
  X(AckHeuristicHazard, "..xx.x.", "heuristic hazard")                    \
  X(AckUnknown, "..xx.x.", "acknowledged: unknown")                       \
  X(AckRefused, "...x.x.", "acknowledged: refused, needs operator")       \
  X(AckForgotten, "...x.x.", "forget: done")                              \
  X(AckForgetUnknown, "...x.x.", "forget: unknown")                       \
  X(AckRecording, ".....x.", "answered, its heuristic not yet durable")   \
  X(AckOver, ".xxxxxx", "answered, the branch ended or held")             \
  X(LastCommitted, "..x....", "last resource: committed")                 \
  X(LastNever, "..x....", "last resource: can never commit")              \
  X(LastLook, "..x....", "last resource: not answered")                   \
  X(LastUnknown, "..x....", "last resource: lookup without a result")     \
  X(LastInDoubt, "..x....", "last resource: in doubt, needs operator")    \
  X(LastOther, ".......", "last resource: another answer")                \
  X(LastNamed, ".x...x.", "open record of the last resource durable")     \
  X(OpenDurable, "x....x.", "open record durable")                        \
  X(EnlistDurable, "x....x.", "enlist record durable")                    \
  X(DecisionDurable, ".x.....", "commit record durable")                  \
  X(OutcomeDurable, ".....x.", "outcome record durable")                  \
  X(HeuristicDurable, "..xx.x.", "heuristic record durable")              \
  X(Deadline, "xxx....", "deadline")                                      \
  X(Idle, "x......", "idle limit")                                        \
  X(Retry, "..xxxxx", "retry timer")                                      \
  X(RetryPartner, "x..x.x.", "retry timer of a partner")                  \
  X(Operator, "..xx.x.", "operator timer")                                \
  X(ResourceUp, "xxxxxxx", "resource up")                                 \
  X(Touched, "x......", "touched")                                        \
  X(ReplayedCommit, "x......", "replayed: commit")                        \
  X(ReplayedRollBack, "x......", "replayed: roll-back")                   \
  X(ReplayedLast, "x......", "replayed: the last resource is undecided")  \
  X(ReplayedNone, "x......", "replayed: undecided")

#define ASSENT_MODEL_ENUM(name, grid, text) k##name,
enum class EventClass : uint8_t { ASSENT_MODEL_EVENTS(ASSENT_MODEL_ENUM) kCount };
#undef ASSENT_MODEL_ENUM

EventClass ClassOf(const core::Atomic& atomic, const core::Event& event);
std::string ToText(const core::Event& event, EventClass event_class);

class Reached {
 public:
  // Records a pair. Returns null if it is in the grid, otherwise a description of the breach.
  const char* Note(const core::Atomic& atomic, const core::Event& event);
  void NoteRow(const recovery::Row& row);
  void NoteTry(tcc::Answer answer, bool sent_before);
  void NotePhaseTwo(tcc::Answer answer);
  void Add(const Reached& other);
  // One line for each required row that was not reached and each exempt row that was.
  std::vector<std::string> Lacking() const;
  size_t pairs() const { return pairs_.count(); }
  size_t rows() const { return rows_.count(); }
  void Print() const;

 private:
  static constexpr size_t kStates = 7;
  std::bitset<static_cast<size_t>(EventClass::kCount) * kStates> pairs_;
  std::bitset<32> rows_;
  // Responses to the first attempt of a try, to a later attempt, and to confirm and cancel.
  static constexpr size_t kAnswerTables = 3;
  std::bitset<kAnswerTables * tcc::kAnswers> answers_;
};

}  // namespace assent::model
