// SPDX-License-Identifier: Apache-2.0
#include "recovery/decision_table.h"

#include <set>

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace assent::recovery
