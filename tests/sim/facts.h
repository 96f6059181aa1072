// SPDX-License-Identifier: Apache-2.0
// What the auditor knows about each transaction: from the participants' ledgers, from the disk,
// from the calls sent and from the outcomes reported to clients.
//
// All kinds of participants use the same terms: a branch is a Part, and each transition of it there
// is a Change. At a partner, a try that took effect counts as prepared, its confirm as committed,
// its cancel as rolled back. Threads: one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "core/effects.h"
#include "core/gtrid.h"
#include "tests/sim/plan.h"

namespace assent::sim {

// A state change of a branch, as the participant knows it.
enum class Transition : uint8_t {
  kPrepared,
  kVotedReadOnly,
  kCommitted,
  kRolledBack,  // it was prepared
  kDropped,     // it was not prepared
  kHeuristicCommit,
  kHeuristicRollBack,
  kUndone,      // by a restored backup
  kCommitting,  // the commit hangs: it takes effect late, or not at all
  kLapsed,      // its reservation expired
  kConflict,    // it received an operation that contradicts its recorded end
  kVanished,    // it was prepared; the server now in its place has neither it nor its effect
  kUnanswered,  // a commit was sent and not answered
  // Of a last resource:
  kRowWritten,   // its decision row is in the open transaction
  kRefused,      // the server rolled back instead of committing
  kRowSeen,      // a lookup found its decision row
  kForbidden,    // a lookup found the mark that forbids its commit, or inserted it
  kMisplaced,    // that mark was inserted on a server that was not asked to commit
  kPurged,       // its decision row was purged
  kHandCommit,   // an operator inserted its decision row
  kHandRollBack  // an operator inserted the mark
};
const char* Name(Transition transition);

// A branch of one transaction at one participant.
struct Part {
  core::Gtrid gtrid;
  uint32_t bit = 0;  // below 64: the branch number; for a partner kFirstPartner + its index
  std::string_view place;

  static constexpr uint32_t kFirstPartner = 32;
  bool IsPartner() const { return bit >= kFirstPartner; }
  uint64_t Mask() const { return uint64_t{1} << bit; }
};
inline constexpr uint64_t kPartnerMask = ~uint64_t{0} << Part::kFirstPartner;

// Derived from the branch name (PartnerBranchName).
uint32_t PartnerBit(std::string_view branch);

struct Change {
  Transition transition{};
  uint32_t tag = 0;  // of its plan; 0: not known to the participant
  WallTime ends;     // kPrepared: when the reservation expires; 0: never
};

// A call sent to a participant.
struct Sent {
  core::Operation operation{};
  bool by_client = false;  // the client's own try
  uint32_t tag = 0;        // from the payload; 0: none
  WallTime horizon = {};   // sent with the call; 0: none
  bool last = false;       // to the last resource
};

// What the running process can know about the row of the last resource.
enum class RowVerdict : uint8_t { kUnknown, kCommitted, kRolledBack };

// The facts about one transaction. Each bit set is indexed by Part::bit.
struct TransactionFacts {
  uint32_t tag = 0;       // 0: not known yet
  uint64_t recorded = 0;  // listed in a durable open or enlist record
  uint64_t prepared = 0, read_only = 0, committed = 0, rolled_back = 0;
  uint64_t committing = 0;  // a commit hangs there, or did
  uint64_t ending = 0;      // partners: confirm or cancel has been sent
  uint64_t lapsed = 0;
  WallTime ends;       // the earliest expiry of a reservation; 0: none
  WallTime first_try;  // when a partner was first called; 0: never
  uint64_t vanished = 0;
  uint64_t undone = 0;      // rolled back by a person while it was prepared
  uint64_t unanswered = 0;  // a commit may have taken effect, as far as the coordinator knows
  uint64_t last = 0;        // the branch of the last resource
  uint64_t row = 0;         // its bit, once it has written its row: its vote
  bool last_named = false;  // a durable open record says that it may have committed
  bool last_asked = false;  // it was asked to commit, or a crash hides whether it was
  uint64_t asked_in = 0;    // the epoch in which it was asked
  RowVerdict verdict = RowVerdict::kUnknown;
  bool one_phase = false;
  bool commit_durable = false, abort_durable = false, end_durable = false;
  bool excused = false;
  bool held = false;

  bool LastCommitted() const { return (committed & last) != 0; }
};

enum class Reported : uint8_t { kNothing, kUndecided, kCommitted, kRolledBack, kMixed, kHazard };

// The facts about one client transaction, over all attempts under its gid.
struct TagFacts {
  Reported reported = Reported::kNothing;
  bool committed = false;  // at least one branch of one attempt
  bool by_hand = false;    // an operator decided it
  bool excused = false;
};

class Facts {
 public:
  explicit Facts(const std::vector<Plan>& plans) : plans_(plans) {}

  using Transactions = std::unordered_map<core::Gtrid, TransactionFacts, core::GtridHash>;
  Transactions transactions;
  uint64_t epoch = 1;  // increases with each crash of the coordinator

  const TransactionFacts* Find(const core::Gtrid& gtrid) const {
    const auto found = transactions.find(gtrid);
    return found == transactions.end() ? nullptr : &found->second;
  }
  TagFacts& Of(uint32_t tag) {
    if (tags_.size() <= tag) tags_.resize(tag + 1);
    return tags_[tag];
  }
  TagFacts Of(uint32_t tag) const { return tag < tags_.size() ? tags_[tag] : TagFacts(); }
  const std::vector<Plan>& plans() const { return plans_; }
  // Null if the plan is not known.
  const Plan* PlanOf(const TransactionFacts& known) const {
    return known.tag == 0 || known.tag > plans_.size() ? nullptr : &plans_[known.tag - 1];
  }
  bool Excused(const TransactionFacts& known) const {
    return known.excused || Of(known.tag).excused;
  }
  std::string Describe(const Part& part) const;

 private:
  const std::vector<Plan>& plans_;
  std::vector<TagFacts> tags_;
};

}  // namespace assent::sim
