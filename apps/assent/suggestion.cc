// SPDX-License-Identifier: Apache-2.0
#include "apps/assent/suggestion.h"

#include <algorithm>

namespace assent::cli {
namespace {

constexpr size_t kMaxEdits = 2;
constexpr size_t kLettersPerEdit = 3;  // letters per edit: with fewer, any word is near a short one

// The Damerau-Levenshtein distance, restricted: no letter is moved twice.
size_t Distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> edits(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) {
    for (size_t k = 0; k <= b.size(); ++k) {
      if (i == 0 || k == 0) {
        edits[i][k] = i + k;
        continue;
      }
      edits[i][k] = std::min({edits[i - 1][k] + 1, edits[i][k - 1] + 1,
                              edits[i - 1][k - 1] + (a[i - 1] == b[k - 1] ? 0 : 1)});
      if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1]) {
        edits[i][k] = std::min(edits[i][k], edits[i - 2][k - 2] + 1);
      }
    }
  }
  return edits[a.size()][b.size()];
}

}  // namespace

std::optional<std::string> Nearest(std::string_view word, const std::vector<std::string>& known) {
  constexpr size_t kLongest = 64;  // longer than any word that is near a command
  if (word.empty() || word.size() > kLongest) return std::nullopt;
  std::vector<std::string> longer;
  const std::string* nearest = nullptr;
  size_t least = std::min(kMaxEdits, (word.size() + 1) / kLettersPerEdit) + 1;
  for (const std::string& candidate : known) {
    if (candidate.starts_with(word)) longer.push_back(candidate);
    const size_t distance = Distance(word, candidate);
    if (distance >= least) continue;
    least = distance;
    nearest = &candidate;
  }
  if (longer.size() == 1) return longer.front();
  return nearest == nullptr ? std::nullopt : std::optional(*nearest);
}

}  // namespace assent::cli
