// SPDX-License-Identifier: Apache-2.0
// The XA return codes, and the vote or acknowledgement that each means.
//
// Adapters only translate the errors of their server (error numbers, SQLSTATEs) into one of these
// codes; the tables here are the only place that turns a code into an action of the protocol.
// Source: X/Open C193 section 4.3 and chapter 5; docs/protocol.md, "XA return codes".
#pragma once

#include <cstdint>

#include "core/types.h"

namespace assent::xa {

enum class Code : int16_t {
  kOk = 0,
  kReadOnly = 3,
  kRetry = 4,
  kHeuristicMixed = 5,
  kHeuristicRollBack = 6,
  kHeuristicCommit = 7,
  kHeuristicHazard = 8,
  kNoMigrate = 9,
  kRbRollback = 100,
  kRbCommFail = 101,
  kRbDeadlock = 102,
  kRbIntegrity = 103,
  kRbOther = 104,
  kRbProto = 105,
  kRbTimeout = 106,
  kRbTransient = 107,
  kErAsync = -2,
  kErRmErr = -3,
  kErNota = -4,
  kErInval = -5,
  kErProto = -6,
  kErRmFail = -7,  // also: connection lost, time-out, "busy"
  kErDupid = -8,
  kErOutside = -9
};

const char* Name(Code code);
inline bool IsRollBack(Code code) {
  return code >= Code::kRbRollback && code <= Code::kRbTransient;
}

struct PrepareMeaning {
  core::Vote vote;
  bool hazard;     // the client's SQL left the branch: something may have been committed
  bool may_retry;  // the client may try again
  bool alarm;      // a fault of the coordinator or the server: an operator must check
};
PrepareMeaning MeaningOfPrepare(Code code);

struct AckMeaning {
  core::Ack ack;
  bool alarm;
};
// `read_only`: the branch is known to be read-only although it was prepared (MariaDB forgets such a
// branch in a crash).
AckMeaning MeaningOfCommit(Code code, bool read_only);
AckMeaning MeaningOfOnePhase(Code code);
// `prepare_sent`: the branch was asked to prepare at some time, so it may be prepared.
AckMeaning MeaningOfRollBack(Code code, bool prepare_sent);

// The result of a lookup on the server of a branch whose XID it reported as unknown
// (docs/protocol.md, "Unknown XID", rules 0 to 3).
enum class Found : uint8_t {
  kListed,             // in the list of prepared transactions: a session still holds it
  kNotListed,          // not in the list, and there is no witness table or row
  kWitnessCommitted,   // the branch's own row exists: it committed
  kWitnessRolledBack,  // our mark exists, written now or before: it can never commit
  kUnknown             // the lookup failed, blocked or timed out
};
struct FindContext {
  bool read_only = false;  // declared, and enforced by the server: nothing can be lost
  bool one_phase = false;  // a one-phase commit: it was never prepared, so the list proves nothing
  // An earlier commit was sent and its answer was lost; assumed after a restart. A commit that was
  // answered (unknown while listed, a read-only server, no privilege) has done nothing.
  bool commit_may_be_done = false;
  bool same_server = false;  // the server is the one that prepared it (IsServerOf)
  bool same_start = false;   // and has not been restarted since
  // The vendor keeps prepared branches over a crash, and the durability probes passed.
  bool keeps_prepared = false;
};
// The acknowledgement after a commit (or one-phase commit) that was answered with "unknown XID" or
// not at all.
core::Ack JudgeCommit(Found found, const FindContext& context);
// The same for a last resource, whose decision row alone decides.
core::Ack JudgeLastResource(Found found);
// The same after a roll-back: not listed means done, listed means that it is sent again.
core::Ack JudgeRollBack(Found found);

}  // namespace assent::xa
