// SPDX-License-Identifier: Apache-2.0
// Everything that can happen next, as a list of small rules.
//
// Contract: `ways` returns in how many ways the rule can be applied now (0: it cannot) and changes
// nothing; `apply` applies it. A fault rule spends the budget of its fault. All other rules still
// apply after faults have stopped. A new fault is a rule in rules.cc and a line in kinds.h; rules
// for partners only are in partner_rules.cc.
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

std::span<const Rule> Rules();         // all rules
std::span<const Rule> PartnerRules();  // the subset for partners
std::span<const Rule> LastRules();     // the subset for a last resource

// The call of `branch` that is in progress and not cancelled; null if there is none.
const PendingCall* UnderWay(const Move& move, uint32_t branch);
// Live: the transaction is in the table of a running process. Active: it can still be extended.
bool Live(const Move& move);
bool Active(const Move& move);

}  // namespace assent::model
