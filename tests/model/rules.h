// SPDX-License-Identifier: Apache-2.0
// Everything that can happen next, as one list of small rules.
//
// Contract: `ways` says in how many ways the rule can happen now (0: it cannot), and changes
// nothing; `apply` has it happen. A rule of a fault spends of that fault's budget; all others are
// what happens by itself once faults have stopped. A new fault is a rule in rules.cc and a line in
// kinds.h; what concerns partners only stands in partner_rules.cc.
#pragma once

#include <span>

#include "tests/model/move.h"

namespace assent::model {

struct Rule {
  const char* name;
  bool by_branch;  // once for each branch, else once with branch 0
  bool fault;
  int (*ways)(const Move&, uint32_t branch);
  void (*apply)(Move&, uint32_t branch, int way);
};

std::span<const Rule> Rules();         // all
std::span<const Rule> PartnerRules();  // of these, those that only partners have

// The call of `branch` that is under way and has not been ended; none: null.
const PendingCall* UnderWay(const Move& move, uint32_t branch);
// Is the transaction in the table of a process that runs, and may it still be added to?
bool Live(const Move& move);
bool Active(const Move& move);

}  // namespace assent::model
