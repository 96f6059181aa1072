// SPDX-License-Identifier: Apache-2.0
// 7 TCC: every effective try ends either confirmed or cancelled; each operation takes effect at
// most once; no commit is decided later than the expiry of a reservation less the margin; the
// horizon stays below every unfinished transaction.
#include "tests/sim/invariants/list.h"

namespace assent::sim {
namespace {

class Tcc final : public Rule {
 public:
  using Rule::Rule;
  void OnChange(const Part& part, const Change& change, const TransactionFacts& before) override {
    if (!part.IsPartner()) return;
    const uint64_t mask = part.Mask();
    const auto breach = [&](bool is_one, const char* what) {
      if (is_one) Violate(Invariant::kTcc, what + (": " + Describe(part)));
    };
    switch (change.transition) {
      case Transition::kPrepared:
        breach((before.prepared & mask) != 0, "a try took effect twice");
        breach((before.rolled_back & mask) != 0, "a try took effect after its cancel");
        return;
      case Transition::kCommitted:
        breach((before.prepared & mask) == 0, "confirmed without an effective try");
        breach((before.committed & mask) != 0, "confirmed twice");
        breach((before.rolled_back & mask) != 0, "confirmed after its cancel");
        return;
      case Transition::kRolledBack:
        breach((before.rolled_back & mask) != 0, "cancelled twice");
        breach((before.committed & mask) != 0, "cancelled after its confirm");
        return;
      case Transition::kConflict:
        breach(true, "a partner received a conflicting operation");
        return;
      default: return;
    }
  }
  void OnSend(const Part& part, const Sent& sent, const TransactionFacts& before) override {
    if (sent.horizon.ns == 0 || before.first_try.ns == 0 || ClockJumped()) return;
    if (sent.horizon <= before.first_try) return;
    Violate(Invariant::kTcc, "the horizon is above an unfinished transaction: " + Describe(part));
  }
  // Uses the coordinator's own clock, so it cannot be checked if that clock jumps.
  void OnRecord(const core::Gtrid& gtrid, const log::v1::Record& record,
                const TransactionFacts& before) override {
    if (!record.has_commit() || before.commit_durable || before.ends.ns == 0) return;
    if (before.LastCommitted()) return;  // decided when it was asked (last_resource.cc)
    const WallTime last = before.ends + -core::AtomicSettings().expiry_margin;
    if (ClockJumped() || record.commit().decided_at_ns() <= last.ns) return;
    Violate(Invariant::kTcc, "decided to commit after a reservation expired: " + gtrid.ToHex());
  }
  void AtEnd(const core::Gtrid& gtrid, const TransactionFacts& known) override {
    const uint64_t left =
        known.prepared & kPartnerMask & ~(known.committed | known.rolled_back | known.lapsed);
    if (left == 0 || known.excused) return;
    Violate(Invariant::kTcc, "an effective try is neither confirmed nor cancelled: transaction " +
                                 std::to_string(known.tag) + " " + gtrid.ToHex());
  }

 private:
  bool ClockJumped() const { return sim_.faults[static_cast<size_t>(Fault::kClockJump)] > 0; }
};

}  // namespace

std::unique_ptr<Rule> MakeTcc(Simulator& sim, const Facts& facts) {
  return MakeRule<Tcc>(sim, facts);
}

}  // namespace assent::sim
