// SPDX-License-Identifier: Apache-2.0
#include "bench/journal.h"

#include <algorithm>
#include <map>
#include <utility>

#include "bench/report.h"

namespace assent::bench {
namespace {

uint8_t DigitOf(char c) { return static_cast<uint8_t>(c <= '9' ? c - '0' : c - 'a' + 10); }

struct Fate {
  bool tried = false, confirmed = false, cancelled = false;
};

}  // namespace

void Journal::Add(std::string_view gtrid, tcc::Operation operation) {
  Line line{{}, operation};
  if (gtrid.size() != 2 * line.gtrid.size()) GiveUp("a call without its transaction");
  for (size_t i = 0; i < line.gtrid.size(); ++i) {
    line.gtrid[i] = static_cast<uint8_t>(DigitOf(gtrid[2 * i]) << 4 | DigitOf(gtrid[2 * i + 1]));
  }
  const std::lock_guard lock(mutex_);
  lines_.push_back(line);
}

void Journal::Clear() {
  const std::lock_guard lock(mutex_);
  lines_.clear();
}

Verdict Auditor::Judge(const std::vector<const Journal*>& branches) {
  Verdict verdict;
  struct Branches {
    uint32_t tried = 0, confirmed = 0;
  };
  std::map<std::array<uint8_t, 20>, Branches> transactions;
  for (const Journal* journal : branches) {
    std::vector<Journal::Line> lines;
    {
      const std::lock_guard lock(journal->mutex_);
      lines = journal->lines_;
    }
    std::sort(lines.begin(), lines.end());
    for (size_t i = 0; i < lines.size();) {
      const auto gtrid = lines[i].gtrid;
      Fate fate;
      for (; i < lines.size() && lines[i].gtrid == gtrid; ++i) {
        bool& seen = lines[i].operation == tcc::Operation::kTry       ? fate.tried
                     : lines[i].operation == tcc::Operation::kConfirm ? fate.confirmed
                                                                      : fate.cancelled;
        if (std::exchange(seen, true)) ++verdict.repeated;
      }
      verdict.tries += fate.tried;
      verdict.confirmed += fate.tried && fate.confirmed;
      verdict.cancelled += fate.tried && fate.cancelled;
      verdict.left += fate.tried && !fate.confirmed && !fate.cancelled;
      verdict.both += fate.confirmed && fate.cancelled;
      verdict.untried += fate.confirmed && !fate.tried;
      Branches& of = transactions[gtrid];
      of.tried += fate.tried;
      of.confirmed += fate.confirmed;
    }
  }
  for (const auto& [gtrid, of] : transactions) {
    verdict.transactions += of.tried > 0;
    verdict.split += of.confirmed > 0 && of.confirmed != of.tried;
  }
  return verdict;
}

void Verdict::Add(const Verdict& other) {
  for (const auto count :
       {&Verdict::transactions, &Verdict::tries, &Verdict::confirmed, &Verdict::cancelled,
        &Verdict::repeated, &Verdict::left, &Verdict::both, &Verdict::untried, &Verdict::split}) {
    this->*count += other.*count;
  }
}

std::string Verdict::Text() const {
  const auto number = [](uint64_t value) { return std::to_string(value); };
  return number(transactions) + " transactions, " + number(tries) + " effective tries, " +
         number(confirmed) + " confirmed, " + number(cancelled) + " cancelled, " +
         number(repeated) + " calls repeated; left " + number(left) +
         ", both confirmed and cancelled " + number(both) + ", confirmed without a try " +
         number(untried) + ", split " + number(split);
}

}  // namespace assent::bench
