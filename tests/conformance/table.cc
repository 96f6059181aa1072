// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/table.h"

#include <algorithm>
#include <cstdio>
#include <map>

namespace assent::conformance {
namespace {

struct Totals {
  size_t cells = 0, passed = 0, failed = 0, not_applicable = 0, skipped = 0;
  double share() const {  // of the cells that are not applicable, in percent
    return cells == 0 ? 0
                      : 100.0 * static_cast<double>(not_applicable) / static_cast<double>(cells);
  }
};

Totals Count(const std::vector<Cell>& cells) {
  Totals totals;
  for (const Cell& cell : cells) {
    switch (cell.mark) {
      case Mark::kOk: ++totals.passed; break;
      case Mark::kNotRun:
      case Mark::kFailed: ++totals.failed; break;
      case Mark::kNotApplicable: ++totals.not_applicable; break;
      case Mark::kSkipped: ++totals.skipped; continue;
    }
    ++totals.cells;
  }
  return totals;
}

const char* Shown(Mark mark) {
  switch (mark) {
    case Mark::kOk: return "ok";
    case Mark::kNotRun: return "NOT RUN";
    case Mark::kFailed: return "FAILED";
    case Mark::kNotApplicable: return "-";
    case Mark::kSkipped: return "skipped";
  }
  return "";
}

class Progress : public testing::EmptyTestEventListener {
 public:
  explicit Progress(std::vector<Cell>& cells) : cells_(cells) {
    for (const Cell& cell : cells_) total_ += cell.mark == Mark::kNotRun ? 1 : 0;
  }

  void OnTestPartResult(const testing::TestPartResult& result) override {
    if (!result.failed()) return;
    std::fprintf(stderr, "%s:%d: %s\n", result.file_name() == nullptr ? "?" : result.file_name(),
                 result.line_number(), result.message());
  }
  void OnTestEnd(const testing::TestInfo& info) override {
    for (Cell& cell : cells_) {
      if (SuiteOf(cell) != info.test_suite_name() || TestOf(cell) != info.name()) continue;
      cell.mark = info.result()->Passed() ? Mark::kOk : Mark::kFailed;
      std::fprintf(stderr, "[%zu/%zu] %s %s: %s (%.2f s)\n", ++done_, total_,
                   cell.participant->name.c_str(), cell.test->name, Shown(cell.mark),
                   static_cast<double>(info.result()->elapsed_time()) / 1000);
    }
  }

 private:
  std::vector<Cell>& cells_;
  size_t done_ = 0, total_ = 0;
};

template <typename T>
void AddOnce(std::vector<T>& list, const T& item) {
  if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
}

std::string Row(const std::vector<std::string>& cells, const std::vector<size_t>& widths) {
  std::string row = "|";
  for (size_t i = 0; i < cells.size(); ++i) {
    row += " " + cells[i] + std::string(widths[i] - cells[i].size(), ' ') + " |";
  }
  return row + "\n";
}

std::string Grid(const std::vector<Cell>& cells) {
  std::vector<std::string> cases, header = {"case"};
  std::map<std::pair<std::string, std::string>, const char*> shown;
  for (const Cell& cell : cells) {
    AddOnce<std::string>(cases, cell.test->name);
    AddOnce<std::string>(header, cell.participant->name);
    shown[{cell.test->name, cell.participant->name}] = Shown(cell.mark);
  }
  std::vector<size_t> widths = {4};
  for (const std::string& name : cases) widths[0] = std::max(widths[0], name.size());
  std::vector<std::string> line = {std::string(widths[0], '-')};
  for (size_t i = 1; i < header.size(); ++i) {
    widths.push_back(std::max<size_t>(header[i].size(), 7));
    line.emplace_back(widths[i], '-');
  }
  std::string text = Row(header, widths) + Row(line, widths);
  for (const std::string& name : cases) {
    std::vector<std::string> row = {name};
    for (size_t i = 1; i < header.size(); ++i) row.emplace_back(shown[{name, header[i]}]);
    text += Row(row, widths);
  }
  return text;
}

// One line for each case and reason, with the participants that it applies to.
std::string Reasons(const std::vector<Cell>& cells, Mark mark, const char* title) {
  std::vector<std::pair<std::string, std::string>> order;
  std::map<std::pair<std::string, std::string>, std::string> names;
  for (const Cell& cell : cells) {
    if (cell.mark != mark) continue;
    const std::string subject = mark == Mark::kSkipped ? cell.participant->name : cell.test->name;
    const std::pair key{subject, cell.why};
    AddOnce(order, key);
    std::string& on = names[key];
    if (mark != Mark::kSkipped) on += (on.empty() ? " on " : ", ") + cell.participant->name;
  }
  std::string text;
  for (const auto& key : order) text += "- " + key.first + names[key] + ": " + key.second + "\n";
  return text.empty() ? "" : std::string("\n") + title + ":\n\n" + text;
}

}  // namespace

void RunAll(std::vector<Cell>& cells) {
  Register(cells);
  testing::TestEventListeners& listeners = testing::UnitTest::GetInstance()->listeners();
  delete listeners.Release(listeners.default_result_printer());
  listeners.Append(new Progress(cells));
  const int status = RUN_ALL_TESTS();
  (void)status;  // the marks tell
}

std::string TextOf(const std::vector<Cell>& cells) {
  const Totals totals = Count(cells);
  char share[40];
  std::snprintf(share, sizeof share, "%.1f %%, at most %.0f %%", totals.share(),
                kMostNotApplicable);
  std::string text = Grid(cells) + Reasons(cells, Mark::kNotApplicable, "Not applicable (-)") +
                     Reasons(cells, Mark::kSkipped, "Skipped");
  text += "\n" + std::to_string(totals.cells) + " cells: " + std::to_string(totals.passed) +
          " passed, " + std::to_string(totals.failed) + " failed, " +
          std::to_string(totals.not_applicable) + " not applicable (" + share + ")";
  if (totals.skipped > 0) text += "; " + std::to_string(totals.skipped) + " more were skipped";
  return text + "\n";
}

bool IsGood(const std::vector<Cell>& cells, bool whole) {
  const Totals totals = Count(cells);
  return totals.failed == 0 && (!whole || totals.share() <= kMostNotApplicable);
}

}  // namespace assent::conformance
