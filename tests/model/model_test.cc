// Every interleaving of each configuration must hold the invariants, reach the rows of the tables,
// and be as many as the manifest says; and planted bugs must be caught.
//
// Scenario: one transaction of two or three branches, a coordinator that crashes up to twice, and a
// few of the faults of kinds.h; all orders of everything that can happen.
#include <gtest/gtest.h>

#include "base/event_log.h"
#include "tests/model/explorer.h"
#include "tests/model/manifest.h"
#include "tests/model/plants.h"
#include "tests/model/setups.h"

namespace assent::model {
namespace {

class Model : public testing::Test {
 protected:
  static void SetUpTestSuite() { SetLogLevel(Level::kError); }
};

TEST_F(Model, HoldsItsInvariantsInEveryInterleavingAndReachesEveryRow) {
  const Manifest manifest = ReadManifest();
  ASSERT_FALSE(manifest.empty()) << "there is no " << ManifestPath();
  Reached reached;
  for (const auto& setup : Setups()) {
    if (setup.full_only) continue;
    const Result result = Explore(setup, Plant::kNone, {});
    Print(setup, result);
    EXPECT_TRUE(result.complete) << setup.name;
    EXPECT_TRUE(result.violations.empty()) << setup.name << ": the story stands above";
    const Counts counts{result.states, result.transitions};
    EXPECT_EQ(Difference(manifest, setup.name, counts), "");
    reached.Add(result.reached);
  }
  for (const std::string& line : reached.Lacking()) ADD_FAILURE() << line;
}

TEST_F(Model, CatchesEachPlantedBug) {
  for (const PlantedBug& bug : PlantedBugs()) {
    const auto* setup = SetupCalled(bug.setup);
    ASSERT_NE(setup, nullptr) << bug.setup;
    const Result result = Explore(*setup, bug.plant, {});
    ASSERT_FALSE(result.violations.empty()) << "not caught: " << Name(bug.plant);
    EXPECT_STREQ(Name(result.violations.front().invariant), Name(bug.caught_by)) << Name(bug.plant);
    EXPECT_GT(result.story.size(), 2u);
    std::printf("%s: %s, by %s after %u steps\n", bug.setup, Name(bug.plant), Name(bug.caught_by),
                result.depth);
  }
}

}  // namespace
}  // namespace assent::model
