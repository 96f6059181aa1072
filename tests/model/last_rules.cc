// SPDX-License-Identifier: Apache-2.0
// The rules that apply only to a last resource.
#include "tests/model/rules.h"

namespace assent::model {
namespace {

// The server that was asked to commit is gone, and its replacement has no row. The coordinator says
// so, and a person who knows how the commit ended inserts the row by hand.
int CanInsertRow(const Move& m, uint32_t b) {
  if (!m.setup.IsLast(b) || !Live(m) || m.state.live->state != core::State::kDeciding) return 0;
  const Part& part = m.state.parts[b];
  if (part.identity == 0 || part.row != WitnessRow::kNone) return 0;
  const core::AtomicBranch& branch = m.state.live->branches[b];
  return m.state.live->needs_operator && branch.state == core::BranchState::kNeedsOperator;
}
void InsertRow(Move& m, uint32_t b, int) {
  Part& part = m.state.parts[b];
  part.row = part.committed ? WitnessRow::kCommitted : WitnessRow::kMark;
}

constexpr Rule kRules[] = {
    {"operator inserts the row", true, false, CanInsertRow, InsertRow},
};

}  // namespace

std::span<const Rule> LastRules() { return kRules; }

}  // namespace assent::model
