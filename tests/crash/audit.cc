// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/audit.h"

#include <stdlib.h>

namespace assent::test {

std::vector<std::string> Audit(const Bank& bank, const std::vector<Account>& accounts) {
  std::vector<std::string> faults;
  for (Side side : {kMobile, kPc}) {
    const auto prepared = bank.Prepared(side);
    if (!prepared) return {prepared.error().message};
    for (const std::string& id : *prepared) {
      if (bank.foreign(side).count(id) == 0) {
        faults.push_back(std::string(kResources[side]) + ": still prepared: " + id);
      }
    }
    for (const std::string& id : bank.foreign(side)) {
      if (prepared->count(id) == 0) faults.push_back("a foreign branch was touched: " + id);
    }
  }
  if (!faults.empty()) return faults;
  const auto books = bank.Read();
  if (!books) return {books.error().message};
  faults = bank.Faults(*books);
  const auto unfulfilled = Unfulfilled(*books, accounts);
  faults.insert(faults.end(), unfulfilled.begin(), unfulfilled.end());
  return faults;
}

std::string Joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += "\n  " + line;
  return text;
}

uint64_t Seed() {
  static const uint64_t seed = [] {
    const char* text = getenv("ASSENT_SEED");
    return text != nullptr ? strtoull(text, nullptr, 10) : std::random_device{}();
  }();
  return seed;
}

std::string Remedy(const std::string& detail, bool commits) {
  const size_t at = detail.find(commits ? "to commit, " : "to roll back, ");
  const size_t from = detail.find("INSERT", at);
  if (at == detail.npos || from == detail.npos) return {};
  return detail.substr(from, detail.find(';', from) - from);
}

}  // namespace assent::test
