// SPDX-License-Identifier: Apache-2.0
// Prints the phase table of a branch.
#include <algorithm>
#include <utility>
#include <vector>

#include "core/phase.h"

namespace assent::core {

const char* Name(Phase phase) {
#define ASSENT_PHASE(name, text, meaning) text,
  static constexpr const char* kNames[] = {ASSENT_PHASES(ASSENT_PHASE)};
#undef ASSENT_PHASE
  return kNames[static_cast<size_t>(phase)];
}

const char* Name(BranchEvent event) {
#define ASSENT_BRANCH_EVENT(name, text) text,
  static constexpr const char* kNames[] = {ASSENT_BRANCH_EVENTS(ASSENT_BRANCH_EVENT)};
#undef ASSENT_BRANCH_EVENT
  return kNames[static_cast<size_t>(event)];
}

namespace {

const char* Meaning(Phase phase) {
#define ASSENT_PHASE(name, text, meaning) meaning,
  static constexpr const char* kMeanings[] = {ASSENT_PHASES(ASSENT_PHASE)};
#undef ASSENT_PHASE
  return kMeanings[static_cast<size_t>(phase)];
}

template <typename Do>
void ForEachPhase(const Do& action) {
  for (size_t i = 0; i < kPhases; ++i) action(static_cast<Phase>(i));
}
template <typename Do>
void ForEachEvent(const Do& action) {
  for (size_t i = 0; i < kBranchEvents; ++i) action(static_cast<BranchEvent>(i));
}

std::string Shown(BranchEvent event) { return std::string("*") + Name(event) + "*"; }

void AddTo(std::string& list, const char* separator, const std::string& item) {
  if (!list.empty()) list += separator;
  list += item;
}

std::string OrDash(std::string list) { return list.empty() ? "–" : std::move(list); }

std::string Target(const Cell& cell) {
  std::string text = Name(cell.next);
  if (cell.consequence == Consequence::kCommits) text += ", the transaction commits";
  if (cell.consequence == Consequence::kRollsBack) text += ", the transaction rolls back";
  return text;
}

// Events with the same target are listed together: "*no*, *unknown vote* → voted".
std::string MovesOf(Phase phase) {
  std::vector<std::pair<std::string, std::string>> groups;  // target, events
  ForEachEvent([&](BranchEvent event) {
    const Cell& cell = Look(phase, event);
    if (cell.verdict != Verdict::kMoves) return;
    const std::string target = Target(cell);
    const auto same = std::find_if(groups.begin(), groups.end(),
                                   [&](const auto& group) { return group.first == target; });
    if (same == groups.end()) {
      groups.emplace_back(target, Shown(event));
    } else {
      AddTo(same->second, ", ", Shown(event));
    }
  });
  std::string text;
  for (const auto& [target, events] : groups) AddTo(text, "; ", events + " → " + target);
  return OrDash(text);
}

std::string IgnoredIn(Phase phase) {
  std::string text;
  bool late = false;
  bool acks = false;
  ForEachEvent([&](BranchEvent event) {
    if (Look(phase, event).verdict != Verdict::kIgnored) return;
    if (IsLate(phase, event)) {
      if (!std::exchange(late, true)) AddTo(text, ", ", "late answers");
    } else if (IsAck(event)) {
      if (!std::exchange(acks, true)) AddTo(text, ", ", "answers of phase two");
    } else {
      AddTo(text, ", ", Shown(event));
    }
  });
  return OrDash(text);
}

std::string LateRow(Phase reached) {
  std::string events;
  std::string to;
  ForEachEvent([&](BranchEvent event) {
    const std::optional<Phase> after = AfterLateAnswer(reached, event);
    if (!after) return;
    AddTo(events, ", ", Shown(event));
    to = Name(*after);
  });
  if (events.empty()) return "";
  return std::string("| ") + Name(reached) + " | " + events + " | " + to + " |\n";
}

}  // namespace

std::string PhaseTable() {
  std::string text =
      "| phase of the branch | meaning | transitions | ignored |\n|---|---|---|---|\n";
  ForEachPhase([&](Phase phase) {
    text += std::string("| ") + Name(phase) + " | " + Meaning(phase) + " | " + MovesOf(phase) +
            " | " + IgnoredIn(phase) + " |\n";
  });
  text += "\n| phase at the decision | late answer | then counts as |\n|---|---|---|\n";
  ForEachPhase([&](Phase reached) { text += LateRow(reached); });
  return text;
}

}  // namespace assent::core
