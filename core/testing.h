// SPDX-License-Identifier: Apache-2.0
// A transaction for tests: events in, effects out as text.
#pragma once

#include <string>

#include "core/atomic.h"
#include "core/trace.h"

namespace assent::core {

inline constexpr int64_t kSecond = 1'000'000'000;

class Machine {
 public:
  // "x": a database; "t": a partner; "l": the last resource.
  Machine(bool one_call, const std::string& kinds, bool client_named = true) {
    t.gtrid = Gtrid::Make("12345678", 1, "abc", 1);
    t.settings.client_named = client_named;
    t.settings.one_call = one_call;
    t.settings.deadline = Monotonic{10 * kSecond};
    for (const char kind : kinds) t.branches.push_back(Branch(kind));
  }

  static AtomicBranch Branch(char kind) {
    AtomicBranch branch;
    branch.spec = {"branch", "place", false, BranchKind::kXa};
    if (kind == 't') branch.spec.kind = BranchKind::kTcc;
    if (kind == 'l') branch.spec.kind = BranchKind::kLast;
    return branch;
  }
  std::string Do(const Event& event) {
    Effects effects;
    Step(t, event, now, effects);
    return ToText(effects);
  }
  static Voted Vote(uint32_t branch, core::Vote vote) {
    Voted voted;
    voted.branch = branch;
    voted.vote = vote;
    return voted;
  }
  static Voted Yes(uint32_t branch) { return Vote(branch, core::Vote::kPrepared); }
  static Voted No(uint32_t branch, bool gone) {
    Voted voted = Vote(branch, core::Vote::kRefused);
    voted.gone = gone;
    voted.cause.reason = Reason::kPrepareRefused;
    return voted;
  }

  Atomic t;
  Monotonic now{kSecond};
};

}  // namespace assent::core
