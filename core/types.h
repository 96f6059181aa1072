// SPDX-License-Identifier: Apache-2.0
// The terms of the protocol: states, votes, acknowledgements, outcomes, causes.
//
// docs/glossary.md explains each term. Name returns the word that the API and the events show.
// Source: X/Open C193 chapters 2 and 3; Gray & Reuter chapter 10.
#pragma once

#include <cstdint>
#include <string>

namespace assent::core {

enum class State : uint8_t {
  kActive,
  kPreparing,
  kDeciding,  // a commit that decides was sent; only its result moves the transaction
  kCommitting,
  kCommitted,
  kRollingBack,
  kRolledBack
};

enum class BranchState : uint8_t {
  kActive,
  kPrepared,
  kReadOnly,
  kRefused,
  kUnknown,  // asked to prepare, or to commit in one phase, and not answered
  kCommitted,
  kRolledBack,
  kHeuristic,
  kNeedsOperator
};

enum class Outcome : uint8_t { kUndecided, kCommitted, kRolledBack, kMixed, kHazard };

// The kind of participant. For a partner, prepare means try, commit means confirm, and roll-back
// means cancel. For a last resource, prepare means that the decision row is written.
enum class BranchKind : uint8_t {
  kXa,   // a resource manager
  kTcc,  // a partner: recorded durably before its try is sent; an unanswered try is sent again
  kLast  // the last resource, at most one: its local commit is the decision
};

// A participant's answer to prepare.
enum class Vote : uint8_t { kPrepared, kReadOnly, kRefused, kUnknown };

// A participant's answer in phase two, or to a commit in one phase.
enum class Ack : uint8_t {
  kDone,
  kRolledBack,  // to a one-phase commit: an ordinary roll-back; to a commit after a yes vote: a
                // broken promise
  kNotFound,    // unknown XID: believed only after a lookup (protocol.md, "Unknown XID")
  kHeuristicCommit,
  kHeuristicRollBack,
  kHeuristicMixed,
  kHeuristicHazard,
  kUnknown  // not failed: ask again
};

enum class Operation : uint8_t {
  kOpen,  // take a connection
  kRun,
  kPrepare,
  kCommitOnePhase,
  kCommit,
  kRollBack,
  kFind,  // look up how a branch with an unknown XID ended
  kForget
};

// Why a transaction was rolled back, or a branch is not done. Cause::may_retry tells whether the
// same transaction may succeed if it is tried again.
enum class Reason : uint8_t {
  kNone,
  kClient,  // the client requested it
  kDeadline,
  kIdle,
  kExpectRows,
  kSqlError,
  kLockTimeout,     // may be tried again
  kDeadlock,        // may be tried again
  kSerialization,   // may be tried again
  kConnectionLost,  // may be tried again
  kUnavailable,     // the resource cannot be reached; may be tried again
  kResultTooLarge,
  kValueChanged,      // the database would have stored a value other than the one given
  kNonTransactional,  // a table without transactions was written
  kPrepareRefused,
  kPrepareUnknown,
  kExpired,     // a reservation would have expired before the decision; may be tried again
  kLeftBranch,  // the client's SQL ended the branch's transaction
  kProtocol,    // the resource gave an invalid answer
  kShutdown,
  kCrash,  // undecided when the coordinator crashed: presumed abort
  kOperator
};

enum class DecidedBy : uint8_t { kCoordinator, kClient, kResource, kOperator };

struct Cause {
  Reason reason = Reason::kNone;
  DecidedBy decided_by = DecidedBy::kCoordinator;
  int32_t branch = -1;     // index in the transaction; -1: none
  int32_t statement = -1;  // index in the run; -1: none
  bool may_retry = false;
  int32_t vendor_code = 0;
  std::string sqlstate;
  std::string detail;  // a sentence for people, without data of the client
  int64_t at_wall_ns = 0;
};

const char* Name(State);
const char* Name(BranchState);
const char* Name(Outcome);
const char* Name(Vote);
const char* Name(Ack);
const char* Name(Operation);
const char* Name(Reason);
const char* Name(DecidedBy);

}  // namespace assent::core
