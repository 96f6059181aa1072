// SPDX-License-Identifier: Apache-2.0
// Every interleaving of each configuration must satisfy the invariants. The searches must reach the
// rows of the tables and as many states as the manifest lists, and must catch the seeded bugs.
//
// Scenario: one transaction of one to three branches, a coordinator that crashes up to twice, and a
// few of the faults in kinds.h, in all possible orders of events.
#include <gtest/gtest.h>

#include "tests/model/manifest.h"
#include "tests/model/searched.h"
#include "tests/model/seeded_bugs.h"
#include "tests/model/setups.h"

namespace assent::model {
namespace {

TEST(Model, HoldsItsInvariantsInEveryInterleaving) {
  for (const auto& [setup, result] : Searched()) {
    EXPECT_TRUE(result.complete) << setup.name;
    EXPECT_TRUE(result.violations.empty()) << setup.name << ": see the trace above";
  }
}

TEST(Model, ReachesAsManyStatesAsTheManifestSays) {
  const Manifest manifest = ReadManifest();
  ASSERT_FALSE(manifest.empty()) << "not found: " << ManifestPath();
  for (const auto& [setup, result] : Searched()) {
    EXPECT_EQ(Difference(manifest, setup.name, {result.states, result.transitions}), "");
  }
}

TEST(Model, ReachesEveryRowOfTheTables) {
  Reached reached;
  for (const auto& [setup, result] : Searched()) reached.Add(result.reached);
  for (const std::string& line : reached.Lacking()) ADD_FAILURE() << line;
}

TEST(Model, CatchesEachSeededBug) {
  for (const SeededBugCase& known : SeededBugCases()) {
    const auto* setup = SetupCalled(known.setup);
    ASSERT_NE(setup, nullptr) << known.setup;
    const Result result = Explore(*setup, known.bug, {});
    ASSERT_FALSE(result.violations.empty()) << "not caught: " << Name(known.bug);
    EXPECT_STREQ(Name(result.violations.front().invariant), Name(known.caught_by))
        << Name(known.bug);
    EXPECT_GT(result.trace.size(), 2u);
    std::printf("%s: %s, by %s after %u steps\n", known.setup, Name(known.bug),
                Name(known.caught_by), result.depth);
  }
}

}  // namespace
}  // namespace assent::model
