// SPDX-License-Identifier: Apache-2.0
// What the auditor knows of each transaction: from the participants' ledgers, from the disk, from
// what was sent and what was told.
//
// Participants of every kind speak of it in the same words: a branch is a Part, what becomes of it
// there a Change. Of a partner, a try that took effect is prepared, a confirm committed, a cancel
// of it rolled back. Threads: one.
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

// What became of a branch, as the participant knows it.
enum class Transition : uint8_t {
  kPrepared,
  kVotedReadOnly,
  kCommitted,
  kRolledBack,  // it stood prepared
  kDropped,     // it did not
  kHeuristicCommit,
  kHeuristicRollBack,
  kUndone,      // by a restored backup
  kCommitting,  // the commit hangs: it is carried out late, or not at all
  kLapsed,      // its reservation has ended by itself
  kConflict,    // it was asked for what contradicts what stands there
  kVanished,    // it stood prepared; the server that is there now has neither it nor its effect
  kUnanswered   // a commit of it was sent, and no answer came
};
const char* Name(Transition transition);

// A branch of one transaction at one participant.
struct Part {
  core::Gtrid gtrid;
  uint32_t bit = 0;  // below 64: its number at a database; at a partner kFirstPartner + its index
  std::string_view place;

  static constexpr uint32_t kFirstPartner = 32;
  bool IsPartner() const { return bit >= kFirstPartner; }
  uint64_t Mask() const { return uint64_t{1} << bit; }
};
inline constexpr uint64_t kPartnerMask = ~uint64_t{0} << Part::kFirstPartner;

// By the branch's name (PartnerBranchName).
uint32_t PartnerBit(std::string_view branch);

struct Change {
  Transition transition{};
  uint32_t tag = 0;  // of its plan; 0: not known there
  WallTime ends;     // kPrepared: when the reservation really ends; 0: never
};

// A call that leaves for a participant.
struct Sent {
  core::Operation operation{};
  bool by_client = false;  // the client's own try
  uint32_t tag = 0;        // that the payload names; 0: it names none, or has none
  WallTime horizon = {};   // that goes with it; 0: none
};

// Of one transaction; the words of bits are those of Part.
struct TransactionFacts {
  uint32_t tag = 0;       // 0: not known yet
  uint64_t recorded = 0;  // named by an open or enlist record that is durable
  uint64_t prepared = 0, read_only = 0, committed = 0, rolled_back = 0;
  uint64_t committing = 0;  // a commit hangs, or has hung, there
  uint64_t ending = 0;      // partners: confirm or cancel has been sent
  uint64_t lapsed = 0;
  WallTime ends;       // the earliest end of a reservation; 0: none
  WallTime first_try;  // when a partner was first called; 0: never
  uint64_t vanished = 0;
  uint64_t undone = 0;      // rolled back by a person while it stood prepared
  uint64_t unanswered = 0;  // a commit may have been carried out, as far as the coordinator knows
  bool one_phase = false;
  bool commit_durable = false, abort_durable = false, end_durable = false;
  bool excused = false;
  bool held = false;
};

enum class Reported : uint8_t { kNothing, kUndecided, kCommitted, kRolledBack, kMixed, kHazard };

// Of one client transaction, over all that ran under its gid.
struct TagFacts {
  Reported reported = Reported::kNothing;
  bool committed = false;  // some branch of some attempt
  bool excused = false;
};

class Facts {
 public:
  explicit Facts(const std::vector<Plan>& plans) : plans_(plans) {}

  using Transactions = std::unordered_map<core::Gtrid, TransactionFacts, core::GtridHash>;
  Transactions transactions;

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
  // Null: it is not known which.
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
