// SPDX-License-Identifier: Apache-2.0
#include "xa/codes.h"

namespace assent::xa {

using core::Ack;
using core::Vote;

const char* Name(Code code) {
  switch (code) {
    case Code::kOk: return "XA_OK";
    case Code::kReadOnly: return "XA_RDONLY";
    case Code::kRetry: return "XA_RETRY";
    case Code::kHeuristicMixed: return "XA_HEURMIX";
    case Code::kHeuristicRollBack: return "XA_HEURRB";
    case Code::kHeuristicCommit: return "XA_HEURCOM";
    case Code::kHeuristicHazard: return "XA_HEURHAZ";
    case Code::kNoMigrate: return "XA_NOMIGRATE";
    case Code::kRbRollback: return "XA_RBROLLBACK";
    case Code::kRbCommFail: return "XA_RBCOMMFAIL";
    case Code::kRbDeadlock: return "XA_RBDEADLOCK";
    case Code::kRbIntegrity: return "XA_RBINTEGRITY";
    case Code::kRbOther: return "XA_RBOTHER";
    case Code::kRbProto: return "XA_RBPROTO";
    case Code::kRbTimeout: return "XA_RBTIMEOUT";
    case Code::kRbTransient: return "XA_RBTRANSIENT";
    case Code::kErAsync: return "XAER_ASYNC";
    case Code::kErRmErr: return "XAER_RMERR";
    case Code::kErNota: return "XAER_NOTA";
    case Code::kErInval: return "XAER_INVAL";
    case Code::kErProto: return "XAER_PROTO";
    case Code::kErRmFail: return "XAER_RMFAIL";
    case Code::kErDupid: return "XAER_DUPID";
    case Code::kErOutside: return "XAER_OUTSIDE";
  }
  return "XA_?";
}

PrepareMeaning MeaningOfPrepare(Code code) {
  if (IsRollBack(code)) {
    const bool retry = code == Code::kRbDeadlock || code == Code::kRbTransient ||
                       code == Code::kRbTimeout || code == Code::kRbCommFail;
    return {Vote::kRefused, false, retry, false};
  }
  switch (code) {
    case Code::kOk: return {Vote::kPrepared, false, false, false};
    case Code::kReadOnly: return {Vote::kReadOnly, false, false, false};
    case Code::kErRmFail: return {Vote::kUnknown, false, true, false};
    case Code::kErRmErr: return {Vote::kRefused, false, false, false};
    case Code::kErNota: return {Vote::kRefused, false, false, false};
    case Code::kHeuristicHazard:
    case Code::kHeuristicMixed:
    case Code::kHeuristicCommit:
    case Code::kHeuristicRollBack: return {Vote::kRefused, true, false, true};
    default: return {Vote::kRefused, false, false, true};
  }
}

AckMeaning MeaningOfCommit(Code code, bool read_only) {
  if (IsRollBack(code)) return {read_only ? Ack::kDone : Ack::kRolledBack, !read_only};
  switch (code) {
    case Code::kOk: return {Ack::kDone, false};
    case Code::kErNota: return {Ack::kNotFound, false};
    case Code::kRetry:
    case Code::kErRmFail: return {Ack::kUnknown, false};
    // Rolled back for good by the specification, but servers use it loosely (no privilege): the
    // lookup decides.
    case Code::kErRmErr: return {Ack::kNotFound, true};
    case Code::kHeuristicCommit: return {Ack::kHeuristicCommit, false};
    case Code::kHeuristicRollBack: return {Ack::kHeuristicRollBack, true};
    case Code::kHeuristicMixed: return {Ack::kHeuristicMixed, true};
    default: return {Ack::kHeuristicHazard, true};
  }
}

AckMeaning MeaningOfOnePhase(Code code) {
  if (IsRollBack(code)) return {Ack::kRolledBack, false};
  switch (code) {
    case Code::kOk:
    case Code::kReadOnly: return {Ack::kDone, false};
    case Code::kErNota:
    case Code::kRetry:
    case Code::kErRmErr:
    case Code::kErRmFail: return {Ack::kNotFound, false};  // believed only after a lookup
    case Code::kHeuristicCommit: return {Ack::kHeuristicCommit, false};
    case Code::kHeuristicRollBack: return {Ack::kHeuristicRollBack, true};
    case Code::kHeuristicMixed: return {Ack::kHeuristicMixed, true};
    default: return {Ack::kHeuristicHazard, true};
  }
}

AckMeaning MeaningOfRollBack(Code code, bool prepare_sent) {
  if (IsRollBack(code)) return {Ack::kDone, false};
  switch (code) {
    case Code::kOk:
    case Code::kReadOnly: return {Ack::kDone, false};
    case Code::kErNota: return {prepare_sent ? Ack::kNotFound : Ack::kDone, false};
    case Code::kErRmErr: return {prepare_sent ? Ack::kNotFound : Ack::kDone, false};
    case Code::kRetry:
    case Code::kErRmFail: return {Ack::kUnknown, false};
    case Code::kHeuristicCommit: return {Ack::kHeuristicCommit, true};
    case Code::kHeuristicRollBack: return {Ack::kHeuristicRollBack, false};
    case Code::kHeuristicMixed: return {Ack::kHeuristicMixed, true};
    case Code::kHeuristicHazard: return {Ack::kHeuristicHazard, true};
    default: return {Ack::kNotFound, true};  // our bug or an invalid code: look it up
  }
}

Ack JudgeCommit(Found found, const FindContext& context) {
  switch (found) {
    case Found::kListed:
    case Found::kUnknown: return Ack::kUnknown;
    case Found::kWitnessCommitted:
    case Found::kWitnessRolledBack:
    case Found::kNotListed: break;
  }
  if (context.read_only) return Ack::kDone;
  // Another server's data proves nothing about the branch.
  if (!context.same_server) return Ack::kHeuristicHazard;
  if (found == Found::kWitnessCommitted) return Ack::kDone;
  if (found == Found::kWitnessRolledBack) {
    return context.one_phase ? Ack::kRolledBack : Ack::kHeuristicRollBack;
  }
  const bool done = !context.one_phase && context.commit_may_be_done &&
                    (context.same_start || context.keeps_prepared);
  return done ? Ack::kDone : Ack::kHeuristicHazard;
}

Ack JudgeLastResource(Found found) {
  switch (found) {
    case Found::kWitnessCommitted: return Ack::kDone;
    case Found::kWitnessRolledBack: return Ack::kRolledBack;
    case Found::kListed:
    case Found::kNotListed:
    case Found::kUnknown: break;
  }
  return Ack::kUnknown;
}

Ack JudgeRollBack(Found found) {
  switch (found) {
    case Found::kListed:
    case Found::kUnknown: return Ack::kUnknown;
    case Found::kWitnessCommitted: return Ack::kHeuristicCommit;
    case Found::kNotListed:
    case Found::kWitnessRolledBack: return Ack::kDone;
  }
  return Ack::kUnknown;
}

}  // namespace assent::xa
