// SPDX-License-Identifier: Apache-2.0
// The names of the protocol's terms.
#include "core/types.h"

namespace assent::core {

const char* Name(State state) {
  static constexpr const char* kNames[] = {"ACTIVE",    "PREPARING",    "DECIDING",   "COMMITTING",
                                           "COMMITTED", "ROLLING_BACK", "ROLLED_BACK"};
  return kNames[static_cast<int>(state)];
}

const char* Name(BranchState state) {
  static constexpr const char* kNames[] = {"ACTIVE",      "PREPARED",  "READ_ONLY",
                                           "REFUSED",     "UNKNOWN",   "COMMITTED",
                                           "ROLLED_BACK", "HEURISTIC", "NEEDS_OPERATOR"};
  return kNames[static_cast<int>(state)];
}

const char* Name(Outcome outcome) {
  static constexpr const char* kNames[] = {"UNDECIDED", "COMMITTED", "ROLLED_BACK", "MIXED",
                                           "HAZARD"};
  return kNames[static_cast<int>(outcome)];
}

const char* Name(Vote vote) {
  static constexpr const char* kNames[] = {"PREPARED", "READ_ONLY", "REFUSED", "UNKNOWN"};
  return kNames[static_cast<int>(vote)];
}

const char* Name(Ack ack) {
  static constexpr const char* kNames[] = {"DONE",
                                           "ROLLED_BACK",
                                           "NOT_FOUND",
                                           "HEURISTIC_COMMIT",
                                           "HEURISTIC_ROLL_BACK",
                                           "HEURISTIC_MIXED",
                                           "HEURISTIC_HAZARD",
                                           "UNKNOWN"};
  return kNames[static_cast<int>(ack)];
}

const char* Name(Operation operation) {
  static constexpr const char* kNames[] = {"open",   "run",       "prepare", "commit-one-phase",
                                           "commit", "roll-back", "find",    "forget"};
  return kNames[static_cast<int>(operation)];
}

const char* Name(Reason reason) {
  static constexpr const char* kNames[] = {"NONE",
                                           "CLIENT",
                                           "DEADLINE",
                                           "IDLE",
                                           "EXPECT_ROWS",
                                           "SQL_ERROR",
                                           "LOCK_TIMEOUT",
                                           "DEADLOCK",
                                           "SERIALIZATION",
                                           "CONNECTION_LOST",
                                           "UNAVAILABLE",
                                           "RESULT_TOO_LARGE",
                                           "VALUE_CHANGED",
                                           "NON_TRANSACTIONAL",
                                           "PREPARE_REFUSED",
                                           "PREPARE_UNKNOWN",
                                           "EXPIRED",
                                           "LEFT_BRANCH",
                                           "PROTOCOL",
                                           "SHUTDOWN",
                                           "CRASH",
                                           "OPERATOR"};
  return kNames[static_cast<int>(reason)];
}

const char* Name(DecidedBy by) {
  static constexpr const char* kNames[] = {"COORDINATOR", "CLIENT", "RESOURCE", "OPERATOR"};
  return kNames[static_cast<int>(by)];
}

}  // namespace assent::core
