// SPDX-License-Identifier: Apache-2.0
// The cells of the conformance suite of one vendor as tests: ASSENT_VENDOR, by the build.
#include "tests/conformance/table.h"

namespace assent::conformance {
namespace {

TEST(Conformance, AppliesToNearlyAllParticipants) {
  size_t applicable = 0, all = 0;
  for (const Cell& cell : Select({})) {
    if (cell.mark == Mark::kSkipped) continue;
    ++all;
    if (cell.mark != Mark::kNotApplicable) {
      ++applicable;
    } else {
      EXPECT_NE(cell.why, "") << cell.test->name;
    }
  }
  EXPECT_LE(100.0 * static_cast<double>(all - applicable) / static_cast<double>(all),
            kMostNotApplicable);
}

}  // namespace
}  // namespace assent::conformance

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  assent::conformance::Register(assent::conformance::Select({.vendor = ASSENT_VENDOR}));
  return RUN_ALL_TESTS();
}
