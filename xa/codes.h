// SPDX-License-Identifier: Apache-2.0
// XA return codes, and what each means as a vote or as an acknowledgement.
//
// Adapters translate what their server says (error numbers, SQLSTATEs) into one of these codes and
// judge no further; the tables here are the only place that turns a code into what the protocol
// does. Source: X/Open C193 section 4.3 and chapter 5; docs/protocol.md, "XA return codes".
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
  bool may_retry;  // tell the client that it may try again
  bool alarm;      // our fault or the server's: a person must look
};
PrepareMeaning MeaningOfPrepare(Code code);

struct AckMeaning {
  core::Ack ack;
  bool alarm;
};
// `read_only`: the branch is known to be read-only though it was prepared (MariaDB forgets such a
// one in a crash).
AckMeaning MeaningOfCommit(Code code, bool read_only);
AckMeaning MeaningOfOnePhase(Code code);
// `prepare_sent`: the branch was asked to prepare at some time, so it may stand prepared.
AckMeaning MeaningOfRollBack(Code code, bool prepare_sent);

// What a look at the server found of a branch whose XID it called unknown ("unknown XID", rules 0
// to 3).
enum class Found : uint8_t {
  kListed,             // it is in the list of prepared transactions: somebody still holds it
  kNotListed,          // not in the list, no witness table there
  kWitnessCommitted,   // the branch's own row stands: it committed
  kWitnessRolledBack,  // our mark stands, now or from before: it can never commit
  kUnknown             // the look failed, blocked or timed out
};
struct FindContext {
  bool read_only = false;  // declared, and enforced by the server: there is nothing to lose
  bool one_phase = false;  // a one-phase commit: it never was prepared, so the list says nothing
  // An earlier commit was sent, and its answer was lost; after a restart: assumed. One that was
  // answered (unknown while listed, a read-only server, no privilege) has done nothing.
  bool commit_may_be_done = false;
  bool same_server = false;  // the server is the one that prepared it (IsServerOf)
  bool same_start = false;   // and has not been restarted since
  bool keeps_prepared =
      false;  // the vendor keeps prepared branches over a crash, durability probes passed
};
// The judgement after a commit (or one-phase commit) was answered with "unknown XID" or not at all.
core::Ack JudgeCommit(Found found, const FindContext& context);
// The same after a roll-back: not listed is done, listed is asked again.
core::Ack JudgeRollBack(Found found);

}  // namespace assent::xa
