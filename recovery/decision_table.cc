// SPDX-License-Identifier: Apache-2.0
#include "recovery/decision_table.h"

#include "base/check.h"

namespace assent::recovery {
namespace {

template <typename... E>
constexpr uint8_t Any(E... values) {
  return static_cast<uint8_t>(((1u << static_cast<unsigned>(values)) | ...));
}
constexpr uint8_t kAll = 0xff;
constexpr uint8_t kListed = Any(Listing::kListed);
constexpr uint8_t kNotListed = Any(Listing::kNotListed);
constexpr uint8_t kPast = Any(Origin::kPast);
constexpr uint8_t kNothing = Any(Known::kNothing);
constexpr uint8_t kSame = Any(Identity::kSame);

// clang-format off
constexpr Row kTable[] = {
    {"R1", kListed, Any(Origin::kForeign), kAll, kAll, kAll, Action::kLeaveAlone,
     "another format id or coordinator id: leave alone"},
    {"R2", kListed, Any(Origin::kNewer), kAll, kAll, kAll, Action::kStop,
     "ours, of a higher incarnation or another start nonce: this log directory is stale or copied"},
    {"R3", kListed, Any(Origin::kLive), kAll, kAll, kAll, Action::kLeaveToShard,
     "ours, live: its shard finishes it"},
    {"R4", kListed, kPast, Any(Known::kCommitRecord), kAll, kAll, Action::kCommit,
     "ours, past, commit record: commit"},
    {"R5", kListed, kPast, Any(Known::kUndecidedLast), kAll, kAll, Action::kWait,
     "ours, past, open with a last resource undecided: leave until its row is known"},
    {"R6", kListed, kPast, Any(Known::kCommitted), kAll, kAll, Action::kCommitAndAlarm,
     "ours, past, history says committed: resurrected, commit and raise an alarm"},
    {"R7", kListed, kPast, Any(Known::kRolledBack), kAll, kAll, Action::kRollBack,
     "ours, past, history says rolled back: roll back"},
    {"R8", kListed, kPast, kNothing, Any(Identity::kChanged), kAll, Action::kHold,
     "ours, past, nothing known, the resource's identity changed: hold for the operator"},
    {"R9", kListed, kPast, kNothing, kSame, Any(Memory::kComplete), Action::kPresumeAbort,
     "ours, past, nothing known, above the highest forgotten gtrid: roll back (presumed abort)"},
    {"R10", kListed, kPast, kNothing, kSame, Any(Memory::kForgotten), Action::kNeedsOperator,
     "ours, past, nothing known, at or below the highest forgotten gtrid: needs operator"},
    {"R11", kNotListed, kAll, Any(Known::kCommitRecord), kAll, kAll, Action::kCommitByRule2,
     "not listed, commit record not acknowledged: commit; an unknown XID is looked up"},
    {"R12", kNotListed, kAll,
     Any(Known::kNothing, Known::kUndecidedLast, Known::kCommitted, Known::kRolledBack), kAll, kAll,
     Action::kNothing, "not listed, no commit record: nothing to do"},
};
// clang-format on

template <typename E>
bool In(uint8_t set, E value) {
  return (set >> static_cast<unsigned>(value) & 1) != 0;
}

}  // namespace

std::span<const Row> DecisionTable() { return kTable; }

bool Matches(const Row& row, const Facts& facts) {
  return In(row.listing, facts.listing) && In(row.origin, facts.origin) &&
         In(row.known, facts.known) && In(row.identity, facts.identity) &&
         In(row.memory, facts.memory);
}

const Row& Decide(const Facts& facts) {
  const Row* match = nullptr;
  for (const Row& row : kTable) {
    if (!Matches(row, facts)) continue;
    CHECK(match == nullptr) << "two rows match: " << match->label << ", " << row.label;
    match = &row;
  }
  CHECK(match != nullptr) << "no row of the recovery table matches";
  return *match;
}

}  // namespace assent::recovery
