// The rows that the model must reach: each state of the transaction with each event that the core
// handles there, and each row of the recovery decision table.
//
// Contract: the grid is written out in rows.cc. A pair that the grid does not allow is a breach,
// one that it demands and no configuration reached fails the test, and one that is let off stands
// there with its reason.
#pragma once

#include <array>
#include <bitset>
#include <string>
#include <vector>

#include "core/atomic.h"
#include "recovery/decision_table.h"

namespace assent::model {

#define ASSENT_MODEL_EVENTS(X)                               \
  X(Begin, "begin")                                          \
  X(Enlist, "enlist")                                        \
  X(Opened, "opened")                                        \
  X(OpenFailed, "open failed")                               \
  X(RunRequested, "run requested")                           \
  X(Ran, "ran")                                              \
  X(RunFailed, "run failed")                                 \
  X(CommitRequested, "commit requested")                     \
  X(RollBackRequested, "roll-back requested")                \
  X(VotedPrepared, "voted prepared")                         \
  X(VotedReadOnly, "voted read-only")                        \
  X(VotedRefused, "voted refused")                           \
  X(VotedUnknown, "voted unknown")                           \
  X(VotedHazard, "voted, with a hazard")                     \
  X(AckDone, "acknowledged: done")                           \
  X(AckRolledBack, "acknowledged: rolled back")              \
  X(AckNotFound, "acknowledged: not found")                  \
  X(AckHeuristicCommit, "heuristic commit")                  \
  X(AckHeuristicRollBack, "heuristic roll-back")             \
  X(AckHeuristicMixed, "heuristic mixed")                    \
  X(AckHeuristicHazard, "heuristic hazard")                  \
  X(AckUnknown, "acknowledged: unknown")                     \
  X(AckForgotten, "forgotten there")                         \
  X(AckForgetUnknown, "forget: unknown")                     \
  X(AckRecording, "acknowledged, heuristic not yet durable") \
  X(AckOver, "acknowledged, branch ended or held")           \
  X(DecisionDurable, "commit record durable")                \
  X(OutcomeDurable, "outcome record durable")                \
  X(HeuristicDurable, "heuristic record durable")            \
  X(Deadline, "deadline")                                    \
  X(Idle, "idle limit")                                      \
  X(Retry, "retry timer")                                    \
  X(Operator, "operator timer")                              \
  X(ResourceUp, "resource up")                               \
  X(Touched, "touched")                                      \
  X(ReplayedCommit, "replayed: commit")                      \
  X(ReplayedRollBack, "replayed: roll-back")                 \
  X(ReplayedNone, "replayed: undecided")

#define ASSENT_MODEL_ENUM(name, text) k##name,
enum class EventClass : uint8_t { ASSENT_MODEL_EVENTS(ASSENT_MODEL_ENUM) kCount };
#undef ASSENT_MODEL_ENUM

EventClass ClassOf(const core::Atomic& atomic, const core::Event& event);
std::string ToText(const core::Event& event, EventClass event_class);

class Reached {
 public:
  // Null: the pair is in the grid; else what is wrong.
  const char* Note(const core::Atomic& atomic, const core::Event& event);
  void NoteRow(const recovery::Row& row);
  void Add(const Reached& other);
  // What is demanded and was not reached, a line each; and what is let off though it was.
  std::vector<std::string> Lacking() const;
  size_t pairs() const { return pairs_.count(); }
  size_t rows() const { return rows_.count(); }
  void Print() const;

 private:
  static constexpr size_t kStates = 7;
  std::bitset<static_cast<size_t>(EventClass::kCount) * kStates> pairs_;
  std::bitset<32> rows_;
};

}  // namespace assent::model
