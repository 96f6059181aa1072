// SPDX-License-Identifier: Apache-2.0
// Many seeds of the simulation must satisfy the auditor, and running a seed twice must give the
// same hash.
//
// With ASSENT_TIER=quick it runs 1,000 seeds, otherwise 10,000 or as many as fit in a minute.
// ASSENT_SIM_SEEDS sets the number of seeds, ASSENT_SIM_FIRST the first one.
#include <malloc.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "tests/sim/runner.h"

namespace assent::sim {
namespace {

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr || *value == '\0' ? otherwise : std::strtoull(value, nullptr, 10);
}

TEST(Simulation, HoldsItsInvariantsOverManySeeds) {
  mallopt(M_MMAP_THRESHOLD, 64 << 20);
  const char* tier = std::getenv("ASSENT_TIER");
  const bool quick = tier != nullptr && std::string(tier) == "quick";
  const uint64_t count = FromEnvironment("ASSENT_SIM_SEEDS", quick ? 1000 : 10'000);
  const uint64_t first = FromEnvironment("ASSENT_SIM_FIRST", 1);
  const bool bounded = std::getenv("ASSENT_SIM_SEEDS") == nullptr;
  const auto start = std::chrono::steady_clock::now();
  const auto totals =
      RunSeeds({first, first + count - 1}, SeededBug::kNone,
               std::max(1u, std::thread::hardware_concurrency()), bounded ? 60 : 0, false, nullptr);
  PrintTotals(totals,
              std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  if (totals.found[0].seed != 0) PrintTrace(totals.found[0].seed, SeededBug::kNone, 80);
  EXPECT_EQ(totals.violating, 0u) << "replay: sim --seed " << totals.found[0].seed << " --trace";
  EXPECT_GT(totals.seeds, 0u);
  EXPECT_GE(totals.faults, 20 * totals.seeds) << "fewer than 20 faults a run";
  if (totals.seeds < 1000) return;
  for (size_t i = 0; i < totals.with_fault.size(); ++i) {
    EXPECT_GT(totals.with_fault[i], 0u) << "never injected: " << Name(static_cast<Fault>(i));
  }
  for (size_t i = 0; i < totals.with_marker.size(); ++i) {
    EXPECT_GT(totals.with_marker[i], 0u) << "never reached: " << Name(static_cast<Marker>(i));
  }
}

TEST(Simulation, IsTheSameWhenASeedIsRunTwice) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    RunOptions options;
    options.seed = seed;
    const uint64_t plain = RunGuarded(options).hash;
    options.tracing = true;
    EXPECT_EQ(RunGuarded(options).hash, plain) << "seed " << seed;
  }
}

// docs/proof.md has a row for each seeded bug: its number, its text, the invariant that catches it,
// and a seed.
TEST(Simulation, CatchesEachSeededBugByItsRecordedSeed) {
  const char* source = std::getenv("ASSENT_SOURCE_DIR");
  std::ifstream page(std::string(source == nullptr ? "." : source) + "/docs/proof.md");
  ASSERT_TRUE(page.good()) << "docs/proof.md not found: is ASSENT_SOURCE_DIR set?";
  size_t rows = 0;
  for (std::string line; std::getline(page, line);) {
    const uint64_t number =
        line.starts_with("| ") ? std::strtoull(line.c_str() + 2, nullptr, 10) : 0;
    if (number == 0) continue;
    ++rows;
    ASSERT_LT(number, static_cast<uint64_t>(SeededBug::kCount));
    RunOptions options;
    options.bug = static_cast<SeededBug>(number);
    const size_t before_seed = line.rfind('|', line.size() - 2);
    options.seed = std::strtoull(line.c_str() + before_seed + 1, nullptr, 10);
    EXPECT_NE(line.find(Name(options.bug)), std::string::npos) << line;
    EXPECT_FALSE(RunGuarded(options).violations.empty()) << "no longer caught: " << line;
  }
  EXPECT_EQ(rows, static_cast<size_t>(SeededBug::kCount) - 1)
      << "sim --seeded-bugs prints the table";
}

}  // namespace
}  // namespace assent::sim
