// SPDX-License-Identifier: Apache-2.0
// Tests of the recovery decision table, and of its page in docs/protocol.md.
#include "recovery/decision_table.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

namespace assent::recovery {
namespace {

template <typename F>
void ForEachCombination(F&& visit) {
  for (int listing = 0; listing <= 1; ++listing)
    for (int origin = 0; origin <= 3; ++origin)
      for (int known = 0; known <= 4; ++known)
        for (int identity = 0; identity <= 1; ++identity)
          for (int memory = 0; memory <= 1; ++memory)
            visit(Facts{static_cast<Listing>(listing), static_cast<Origin>(origin),
                        static_cast<Known>(known), static_cast<Identity>(identity),
                        static_cast<Memory>(memory)});
}

TEST(DecisionTable, MatchesEveryCombinationWithExactlyOneRow) {
  int combinations = 0;
  ForEachCombination([&](const Facts& facts) {
    ++combinations;
    int matches = 0;
    for (const Row& row : DecisionTable()) matches += Matches(row, facts) ? 1 : 0;
    EXPECT_EQ(matches, 1) << "listing " << static_cast<int>(facts.listing) << " origin "
                          << static_cast<int>(facts.origin) << " known "
                          << static_cast<int>(facts.known);
  });
  EXPECT_EQ(combinations, 160);
}

TEST(DecisionTable, ReachesEveryRow) {
  std::set<const Row*> reached;
  ForEachCombination([&](const Facts& facts) { reached.insert(&Decide(facts)); });
  EXPECT_EQ(reached.size(), DecisionTable().size());
}

TEST(DecisionTable, NamesItsRowsInOrder) {
  int number = 0;
  for (const Row& row : DecisionTable()) EXPECT_EQ(row.label, "R" + std::to_string(++number));
}

TEST(DecisionTable, NeverTouchesWhatIsForeignOrNewer) {
  ForEachCombination([&](const Facts& facts) {
    if (facts.listing != Listing::kListed) return;
    const Action action = Decide(facts).action;
    if (facts.origin == Origin::kForeign) {
      EXPECT_EQ(action, Action::kLeaveAlone);
    }
    if (facts.origin == Origin::kNewer) {
      EXPECT_EQ(action, Action::kStop);
    }
    if (facts.origin == Origin::kLive) {
      EXPECT_EQ(action, Action::kLeaveToShard);
    }
  });
}

TEST(DecisionTable, PresumesAbortOnlyWhereAbsenceProvesSomething) {
  ForEachCombination([&](const Facts& facts) {
    if (Decide(facts).action != Action::kPresumeAbort) return;
    EXPECT_EQ(facts.known, Known::kNothing);
    EXPECT_EQ(facts.identity, Identity::kSame);
    EXPECT_EQ(facts.memory, Memory::kComplete);
  });
}

// ---- docs/protocol.md ----

template <typename Enum>
bool Is(uint8_t set, Enum value) {
  return set == 1u << static_cast<unsigned>(value);
}

std::string OriginCell(const Row& row) {
  if (Is(row.origin, Origin::kForeign)) return "another format id or coordinator id";
  if (Is(row.origin, Origin::kNewer)) {
    return "ours, of a higher incarnation, or of our incarnation with another start nonce";
  }
  if (Is(row.origin, Origin::kLive)) return "ours, live";
  return Is(row.origin, Origin::kPast) ? "ours, past" : "any";
}

std::string KnownCell(const Row& row) {
  const bool listed = Is(row.listing, Listing::kListed);
  if (Is(row.known, Known::kNothing)) return "nothing";
  if (Is(row.known, Known::kCommitRecord)) {
    return listed ? "commit record" : "commit record, not acknowledged";
  }
  if (Is(row.known, Known::kUndecidedLast)) return "open with a last resource undecided";
  if (Is(row.known, Known::kCommitted)) return "ended: committed";
  if (Is(row.known, Known::kRolledBack)) return "ended: rolled back";
  return listed ? "any" : "anything else";
}

std::string IdentityCell(const Row& row) {
  if (Is(row.identity, Identity::kSame)) return "same";
  return Is(row.identity, Identity::kChanged) ? "changed" : "any";
}

std::string MemoryCell(const Row& row) {
  if (Is(row.memory, Memory::kComplete)) return "above";
  return Is(row.memory, Memory::kForgotten) ? "at or below" : "any";
}

TEST(Page, ShowsTheConditionsOfEachRow) {
  const char* root = std::getenv("ASSENT_SOURCE_DIR");
  ASSERT_NE(root, nullptr) << "run it through ctest";
  std::ifstream file(std::string(root) + "/docs/protocol.md");
  std::stringstream page;
  page << file.rdbuf();
  for (const Row& row : DecisionTable()) {
    const std::string cells = "\n| " + std::string(row.label) + " | " +
                              (Is(row.listing, Listing::kListed) ? "yes" : "no") + " | " +
                              OriginCell(row) + " | " + KnownCell(row) + " | " + IdentityCell(row) +
                              " | " + MemoryCell(row) + " | ";
    EXPECT_NE(page.str().find(cells), std::string::npos) << "docs/protocol.md lacks" << cells;
  }
}

}  // namespace
}  // namespace assent::recovery
