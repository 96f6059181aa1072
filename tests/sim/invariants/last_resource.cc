// SPDX-License-Identifier: Apache-2.0
// The last resource: its row is the decision. It is asked to commit once, when all others have
// voted and a durable record names it. Until its row is known, no other branch is ended and no
// outcome is reported. The row is asked for until a record has the decision, and never again.
#include "tests/sim/invariants/list.h"

namespace assent::sim {
namespace {

class LastResource final : public Rule {
 public:
  using Rule::Rule;
  void OnSend(const Part& part, const Sent& sent, const TransactionFacts& before) override {
    if (sent.last) {
      if (sent.operation == core::Operation::kCommitOnePhase) SentCommit(part, before);
      if (sent.operation == core::Operation::kFind && before.commit_durable) {
        Violate(Invariant::kStability,
                "a last resource is looked up though its commit is recorded: " + Describe(part));
      }
      return;
    }
    const bool known = before.commit_durable || before.abort_durable || before.end_durable ||
                       before.verdict == RowVerdict::kRolledBack;
    if (sent.operation != core::Operation::kRollBack || !before.last_asked || known) return;
    Violate(Invariant::kWriteAhead,
            "roll-back sent while the last resource may have committed: " + Describe(part));
  }
  void OnChange(const Part& part, const Change& change, const TransactionFacts& before) override {
    if (change.transition == Transition::kMisplaced) {
      Violate(Invariant::kStability,
              "a mark was inserted on a server that was not asked to commit: " + Describe(part));
    }
    const bool needed = before.last_named && !before.commit_durable && !before.end_durable;
    if (change.transition == Transition::kPurged && needed) {
      Violate(Invariant::kWriteAhead,
              "a decision row was purged before a record had the decision: " + Describe(part));
    }
  }
  void OnReport(uint32_t tag, const TransactionFacts* known, Reported reported,
                const TagFacts&) override {
    if (reported != Reported::kRolledBack || known == nullptr || !known->last_named) return;
    if (known->abort_durable || facts_.plans()[tag - 1].gid.empty()) return;
    Violate(Invariant::kNoFalseAnswer, "transaction " + std::to_string(tag) +
                                           " was reported rolled back, but no record says so");
  }

 private:
  void SentCommit(const Part& part, const TransactionFacts& before) {
    const Plan* plan = facts_.PlanOf(before);
    if (plan == nullptr) return;
    const bool sole = plan->Votes() == 1 && plan->gid.empty();
    if (!sole && !before.last_named) {
      Violate(Invariant::kWriteAhead,
              "a last resource is asked to commit before a record names it: " + Describe(part));
    }
    if (before.last_asked) {
      Violate(Invariant::kWriteAhead,
              "a last resource is asked to commit a second time: " + Describe(part));
    }
    const uint64_t votes = before.prepared | before.read_only | part.Mask();
    if (static_cast<size_t>(__builtin_popcountll(votes)) < plan->Votes()) {
      Violate(Invariant::kCommitValidity,
              "a last resource is asked to commit before all others voted: " + Describe(part));
    }
    const WallTime limit = before.ends + -core::AtomicSettings().expiry_margin;
    const bool jumped = sim_.faults[static_cast<size_t>(Fault::kClockJump)] > 0;
    if (before.ends.ns != 0 && !jumped && sim_.Wall().ns > limit.ns) {
      Violate(Invariant::kTcc,
              "a last resource is asked to commit after a reservation expired: " + Describe(part));
    }
  }
};

}  // namespace

std::unique_ptr<Rule> MakeLastResource(Simulator& sim, const Facts& facts) {
  return MakeRule<LastResource>(sim, facts);
}

}  // namespace assent::sim
