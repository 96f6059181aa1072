// SPDX-License-Identifier: Apache-2.0
#include "tests/model/rows.h"

#include <cstdio>

namespace assent::model {
namespace {

using core::Ack;
using core::Vote;

constexpr const char* kTexts[] = {
#define ASSENT_MODEL_TEXT(name, grid, text) text,
    ASSENT_MODEL_EVENTS(ASSENT_MODEL_TEXT)
#undef ASSENT_MODEL_TEXT
};
constexpr const char* kGrid[] = {
#define ASSENT_MODEL_GRID(name, grid, text) grid,
    ASSENT_MODEL_EVENTS(ASSENT_MODEL_GRID)
#undef ASSENT_MODEL_GRID
};

std::string AnswerRow(size_t index) {
  static constexpr const char* kTables[] = {
      "to a first try: ", "to a later try: ", "to confirm or cancel: "};
  return kTables[index / tcc::kAnswers] +
         std::string(tcc::Name(static_cast<tcc::Answer>(index % tcc::kAnswers)));
}

// An exemption and its reason.
struct Exemption {
  char letter;
  const char* why;
};
constexpr Exemption kExemptions[] = {
    {'c', "the core treats it as done, but xa/codes.cc already does so"},
};
struct RowExemption {
  recovery::Action action;
  const char* why;
};
constexpr RowExemption kRowExemptions[] = {
    {recovery::Action::kLeaveAlone, "recovery::Judge skips foreign branches before the table"},
};

const char* WhyExempt(recovery::Action action) {
  for (const RowExemption& exemption : kRowExemptions) {
    if (exemption.action == action) return exemption.why;
  }
  return nullptr;
}

// The event class of a partner's vote.
EventClass OfTry(const core::AtomicBranch& branch, const core::Voted& voted) {
  if (branch.spec.called_by_client) {
    return voted.vote == Vote::kPrepared ? EventClass::kClientVotedYes : EventClass::kClientVotedNo;
  }
  switch (voted.vote) {
    case Vote::kPrepared: return EventClass::kTryDone;
    case Vote::kRefused: return voted.gone ? EventClass::kTryRefusedGone : EventClass::kTryRefused;
    default: return voted.gone ? EventClass::kTryUnknownGone : EventClass::kTryUnknown;
  }
}

EventClass OfVote(const core::AtomicBranch& branch, const core::Voted& voted) {
  if (branch.IsTcc()) return OfTry(branch, voted);
  if (voted.hazard) return EventClass::kVotedHazard;
  switch (voted.vote) {
    case Vote::kPrepared:
      return branch.IsLast() ? EventClass::kVotedRow : EventClass::kVotedPrepared;
    case Vote::kReadOnly: return EventClass::kVotedReadOnly;
    case Vote::kRefused: return EventClass::kVotedRefused;
    default: return EventClass::kVotedUnknown;
  }
}

// The event class of an answer of the last resource that decides with the votes of the others. It
// was in phase voted and was told to decide.
EventClass OfLast(const core::Acked& acked) {
  switch (acked.ack) {
    case Ack::kDone: return EventClass::kLastCommitted;
    case Ack::kRolledBack: return EventClass::kLastNever;
    case Ack::kNotFound: return EventClass::kLastLook;
    case Ack::kUnknown: return EventClass::kLastUnknown;
    default: return EventClass::kLastOther;
  }
}

EventClass OfAck(const core::AtomicBranch& branch, const core::Acked& acked) {
  const Ack ack = acked.ack;
  if (branch.Over()) return EventClass::kAckOver;
  if (branch.IsLast() && branch.phase == core::Phase::kDeciding) {
    if (acked.needs_operator) return EventClass::kLastInDoubt;
    if (branch.Voted()) return OfLast(acked);
  }
  if (acked.needs_operator) return EventClass::kAckRefused;
  if (branch.phase == core::Phase::kForgetting) {
    return ack == Ack::kUnknown ? EventClass::kAckForgetUnknown : EventClass::kAckForgotten;
  }
  if (branch.phase == core::Phase::kRecording) return EventClass::kAckRecording;
  switch (ack) {
    case Ack::kDone: return EventClass::kAckDone;
    case Ack::kRolledBack: return EventClass::kAckRolledBack;
    case Ack::kNotFound: return EventClass::kAckNotFound;
    case Ack::kHeuristicCommit: return EventClass::kAckHeuristicCommit;
    case Ack::kHeuristicRollBack: return EventClass::kAckHeuristicRollBack;
    case Ack::kHeuristicMixed: return EventClass::kAckHeuristicMixed;
    case Ack::kHeuristicHazard: return EventClass::kAckHeuristicHazard;
    default: return EventClass::kAckUnknown;
  }
}

EventClass OfTimer(const core::Atomic& atomic, const core::TimerFired& fired) {
  switch (fired.timer) {
    case core::Timer::kDeadline: return EventClass::kDeadline;
    case core::Timer::kIdle: return EventClass::kIdle;
    case core::Timer::kRetry:
      return atomic.branches.at(fired.branch).IsTcc() ? EventClass::kRetryPartner
                                                      : EventClass::kRetry;
    default: return EventClass::kOperator;
  }
}

EventClass OfDurable(const core::Atomic& atomic, uint64_t ticket) {
  if (ticket == atomic.decision_ticket) return EventClass::kDecisionDurable;
  if (ticket == atomic.outcome_ticket) return EventClass::kOutcomeDurable;
  if (ticket == atomic.open_ticket) return EventClass::kOpenDurable;
  if (ticket == atomic.last_ticket) return EventClass::kLastNamed;
  for (const core::AtomicBranch& branch : atomic.branches) {
    if (ticket == branch.enlist_ticket) return EventClass::kEnlistDurable;
  }
  return EventClass::kHeuristicDurable;
}

EventClass OfReplay(const core::Atomic& atomic) {
  if (atomic.decision == core::Decision::kCommit) return EventClass::kReplayedCommit;
  if (atomic.decision == core::Decision::kRollBack) return EventClass::kReplayedRollBack;
  return atomic.LastMayHaveCommitted() ? EventClass::kReplayedLast : EventClass::kReplayedNone;
}

struct Classify {
  const core::Atomic& atomic;

  EventClass operator()(const core::Begin&) const { return EventClass::kBegin; }
  EventClass operator()(const core::Enlist& e) const {
    return e.spec.kind == core::BranchKind::kTcc ? EventClass::kJoin : EventClass::kEnlist;
  }
  EventClass operator()(const core::Opened& e) const {
    return e.ok ? EventClass::kOpened : EventClass::kOpenFailed;
  }
  EventClass operator()(const core::RunRequested&) const { return EventClass::kRunRequested; }
  EventClass operator()(const core::Ran& e) const {
    return e.ok ? EventClass::kRan : EventClass::kRunFailed;
  }
  EventClass operator()(const core::CommitRequested&) const { return EventClass::kCommitRequested; }
  EventClass operator()(const core::RollBackRequested&) const {
    return EventClass::kRollBackRequested;
  }
  EventClass operator()(const core::Voted& e) const {
    return OfVote(atomic.branches.at(e.branch), e);
  }
  EventClass operator()(const core::Acked& e) const {
    return OfAck(atomic.branches.at(e.branch), e);
  }
  EventClass operator()(const core::Durable& e) const { return OfDurable(atomic, e.ticket); }
  EventClass operator()(const core::TimerFired& e) const { return OfTimer(atomic, e); }
  EventClass operator()(const core::ResourceUp&) const { return EventClass::kResourceUp; }
  EventClass operator()(const core::Touched&) const { return EventClass::kTouched; }
  EventClass operator()(const core::Replayed&) const { return OfReplay(atomic); }
};

// The branch of an event; -1 if it has none.
struct BranchOf {
  template <typename E>
  int operator()(const E& event) const {
    if constexpr (requires { event.branch; }) return static_cast<int>(event.branch);
    return -1;
  }
};

}  // namespace

EventClass ClassOf(const core::Atomic& atomic, const core::Event& event) {
  return std::visit(Classify{atomic}, event);
}

std::string ToText(const core::Event& event, EventClass event_class) {
  std::string text = kTexts[static_cast<size_t>(event_class)];
  const int branch = std::visit(BranchOf{}, event);
  if (branch >= 0) text += " b" + std::to_string(branch + 1);
  return text;
}

const char* Reached::Note(const core::Atomic& atomic, const core::Event& event) {
  const auto row = static_cast<size_t>(ClassOf(atomic, event));
  const auto column = static_cast<size_t>(atomic.state);
  pairs_.set(row * kStates + column);
  return kGrid[row][column] == '.' ? "an event in a state for which the grid does not allow it"
                                   : nullptr;
}

void Reached::NoteRow(const recovery::Row& row) {
  rows_.set(static_cast<size_t>(&row - recovery::DecisionTable().data()));
}

void Reached::NoteTry(tcc::Answer answer, bool sent_before) {
  answers_.set((sent_before ? tcc::kAnswers : 0) + static_cast<size_t>(answer));
}

void Reached::NotePhaseTwo(tcc::Answer answer) {
  answers_.set(2 * tcc::kAnswers + static_cast<size_t>(answer));
}

void Reached::Add(const Reached& other) {
  pairs_ |= other.pairs_;
  answers_ |= other.answers_;
  rows_ |= other.rows_;
}

std::vector<std::string> Reached::Lacking() const {
  std::vector<std::string> lines;
  for (size_t row = 0; row < static_cast<size_t>(EventClass::kCount); ++row) {
    for (size_t column = 0; column < kStates; ++column) {
      const bool reached = pairs_.test(row * kStates + column);
      const char cell = kGrid[row][column];
      if (cell == '.' || reached == (cell == 'x')) continue;
      lines.push_back(std::string(reached ? "exempt, but reached: " : "not reached: ") +
                      kTexts[row] + " while " + core::Name(static_cast<core::State>(column)));
    }
  }
  const auto table = recovery::DecisionTable();
  for (size_t i = 0; i < table.size(); ++i) {
    const bool exempt = WhyExempt(table[i].action) != nullptr;
    if (rows_.test(i) != exempt) continue;
    lines.push_back(std::string(exempt ? "exempt, but reached: " : "not reached: ") +
                    table[i].text);
  }
  for (size_t i = 0; i < answers_.size(); ++i) {
    if (!answers_.test(i)) lines.push_back("not reached: " + AnswerRow(i));
  }
  return lines;
}

void Reached::Print() const {
  std::printf(
      "\nA active, P preparing, D deciding, C committing, c committed, R rolling back, "
      "r rolled back\nx reached, ! not reached, other letters: see below\n\nAPDCcRr\n");
  for (size_t row = 0; row < static_cast<size_t>(EventClass::kCount); ++row) {
    std::string line;
    for (size_t column = 0; column < kStates; ++column) {
      const char cell = kGrid[row][column];
      const bool reached = pairs_.test(row * kStates + column);
      line += reached ? 'x' : cell == 'x' ? '!' : cell;
    }
    std::printf("%s  %s\n", line.c_str(), kTexts[row]);
  }
  for (const Exemption& exemption : kExemptions)
    std::printf("%c: %s\n", exemption.letter, exemption.why);
  std::printf("\nThe recovery decision table:\n");
  const auto table = recovery::DecisionTable();
  for (size_t i = 0; i < table.size(); ++i) {
    const char* why = WhyExempt(table[i].action);
    std::printf("%s  %s%s%s\n",
                rows_.test(i)    ? "x"
                : why == nullptr ? "!"
                                 : "-",
                table[i].text, why == nullptr ? "" : "; exempt: ", why == nullptr ? "" : why);
  }
  std::printf("\nThe responses of partners:\n");
  for (size_t i = 0; i < answers_.size(); ++i) {
    std::printf("%s  %s\n", answers_.test(i) ? "x" : "!", AnswerRow(i).c_str());
  }
}

}  // namespace assent::model
