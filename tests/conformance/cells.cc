// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/cells.h"

#include <algorithm>
#include <set>

namespace assent::conformance {
namespace {

class CellTest : public testing::Test {
 public:
  explicit CellTest(const Cell& cell) : case_(*cell.test), participant_(*cell.participant) {}

  void TestBody() override {
    SCOPED_TRACE(case_.promise);
    Rig rig(participant_);
    case_.run(rig);
  }

 private:
  const Case& case_;
  const Participant& participant_;
};

class SkippedTest : public testing::Test {
 public:
  explicit SkippedTest(std::string why) : why_(std::move(why)) {}
  void TestBody() override { GTEST_SKIP() << why_; }

 private:
  const std::string why_;
};

std::string WhyNot(const Case& test, const Participant& participant) {
  if (test.only && *test.only != participant.role) return test.why_only;
  for (const Feature feature : test.needs) {
    const std::string why = participant.vendor->WhyNot(feature);
    if (!why.empty()) return why;
  }
  return "";
}

std::string Underscored(std::string name) {
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

}  // namespace

std::string SuiteOf(const Cell& cell) { return Underscored(cell.participant->name); }
std::string TestOf(const Cell& cell) { return Underscored(cell.test->name); }

std::vector<Cell> Select(const Selection& selection) {
  std::vector<Cell> cells;
  for (const Participant& participant : Participants()) {
    if (!selection.participant.empty() && selection.participant != participant.name) continue;
    if (!selection.vendor.empty() && selection.vendor != participant.vendor->name()) continue;
    const std::string absent = participant.vendor->WhyAbsent();
    for (const Case* test : AllCases()) {
      if (!selection.test.empty() && selection.test != test->name) continue;
      Cell cell{test, &participant};
      cell.why = WhyNot(*test, participant);
      if (!cell.why.empty()) cell.mark = Mark::kNotApplicable;
      if (!absent.empty()) {
        cell.mark = Mark::kSkipped;
        cell.why = absent;
      }
      cells.push_back(std::move(cell));
    }
  }
  return cells;
}

void Register(const std::vector<Cell>& cells) {
  std::set<std::string> skipped;
  for (const Cell& cell : cells) {
    if (cell.mark == Mark::kNotRun) {
      testing::RegisterTest(SuiteOf(cell).c_str(), TestOf(cell).c_str(), nullptr, nullptr, __FILE__,
                            __LINE__, [cell]() -> testing::Test* { return new CellTest(cell); });
    } else if (cell.mark == Mark::kSkipped && skipped.insert(SuiteOf(cell)).second) {
      testing::RegisterTest(SuiteOf(cell).c_str(), "all", nullptr, nullptr, __FILE__, __LINE__,
                            [cell]() -> testing::Test* { return new SkippedTest(cell.why); });
    }
  }
}

}  // namespace assent::conformance
