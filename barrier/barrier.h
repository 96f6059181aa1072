// SPDX-License-Identifier: Apache-2.0
// The barrier: what a partner checks in its own database before it runs the business code of a try,
// confirm, cancel, action or compensation, so that each runs once, in whatever order calls arrive.
//
// A pure state machine. It returns the next statement, takes the statement's result, and ends in
// one verdict:
//
//   Barrier barrier = Barrier::Enter(Vendor::kPostgreSql, call);
//   while (!barrier.settled()) barrier.Take(Execute(connection, barrier.next()));
//   if (barrier.verdict() == Verdict::kRun) RunTheBusinessCode(connection);
//   if (Commits(barrier.verdict())) Commit(connection); else RollBack(connection);
//   Answer(HttpStatus(barrier.verdict()));          // only after the commit has succeeded
//
// Contract: all statements of one barrier and the business code after it run in one local
// transaction at READ COMMITTED, separate from those of other calls. If the local transaction fails
// in any way, answer 503: the coordinator retries. `Validate` must have accepted the call. If the
// business code of a try or action refuses, Refuse() records that, so that a duplicate gets the
// same answer as the first call.
//
// Effects outside the database (`effects_outside`: a mail, another service) cannot be part of the
// local transaction: Enter, commit, and only then cause the effects; then Succeed() or Refuse() in
// a separate local transaction. Duplicates in between are answered kStillRunning.
//
// Several barriers in one call (two databases, two pieces of work that end separately) have their
// own names. The caller chooses them, and uses the same names in every operation of the branch.
//
// Errors: none; what a database answers is input.
// Threads: one at a time for each Barrier.
// Source: docs/barrier.md; Garcia-Molina & Salem 1987 (compensation).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "barrier/sql_text.h"
#include "base/result.h"

namespace assent::barrier {

enum class Operation : uint8_t { kTry, kConfirm, kCancel, kAction, kCompensate };

// As in Assent-Operation, and in the table's column `operation`.
const char* Name(Operation operation);
std::optional<Operation> ParseOperation(std::string_view name);

struct Call {
  Operation operation{};
  std::string transaction;  // Assent-Transaction: 40 hexadecimal digits
  std::string branch;       // Assent-Branch
  std::string name = {};    // of this barrier, if the call has several
  // Assent-Deadline has passed. Used for a try and for an action; must be false for an action after
  // the pivot.
  bool deadline_passed = false;
  bool effects_outside = false;  // used for a try and for an action
};

// Errors: kInvalid with the invalid field: transaction, branch or name.
Result<void> Validate(const Call& call);

enum class Verdict : uint8_t {
  kRun,           // run the business code, then commit, then answer 200
  kDone,          // nothing to run: 200
  kRefused,       // 409
  kConflict,      // 409, and a person must act: confirm and cancel contradict each other
  kStillRunning,  // 425: ask again
  kUndo           // given up while its outside effects happened: roll back, undo them, Refuse()
};
int HttpStatus(Verdict verdict);
// Whether the local transaction must be committed (the barrier's rows must last) or rolled back.
bool Commits(Verdict verdict);
// Whether the partner must alert a person.
bool Alarms(Verdict verdict);

// The reason for a verdict, for logs and tests.
enum class Reason : uint8_t {
  kNone,
  kFirst,          // no earlier call: this one runs
  kDuplicate,      // answered like the first call
  kNothingToUndo,  // an empty cancel, or a cancel after a refusal
  kSuspended,      // the try comes after its cancel
  kRefusedBefore,  // an earlier attempt was refused
  kDeadline,       // the call came after its deadline
  kJustRefused,    // this attempt was refused: Refuse() has recorded it
  kInProgress,     // another attempt with outside effects has started
  kNoTry,          // a confirm without an effective try
  kOtherEnd,       // both confirmed and cancelled
  kCancelled,      // cancelled while the outside effects happened
  kNotOurs         // the table has a row that no barrier writes, or lost one meanwhile
};
const char* Name(Reason reason);

// The result of a statement.
struct Given {
  uint64_t affected = 0;               // kInsert, kChange
  std::optional<std::string> cause{};  // the kinds that read: the row's cause, if there is a row
};

class Barrier {
 public:
  static Barrier Enter(Vendor vendor, Call call);

  // The business code of a try or action with verdict kRun has refused. Either in the same local
  // transaction, after a roll-back to a savepoint made after Enter() (preferred: no other call can
  // get in between) ...
  enum class Where : uint8_t {
    kSameTransaction,
    kNewTransaction  // ... or in a new one, after a full roll-back; always with outside effects
  };
  static Barrier Refuse(Vendor vendor, Call call, Where where);
  // The outside effects of a try or action have happened. Runs in a new local transaction.
  static Barrier Succeed(Vendor vendor, Call call);

  bool settled() const { return step_ == Step::kSettled; }
  // The statement to execute now. Must not be called once settled.
  Statement next() const;
  void Take(const Given& given);

  // Once settled.
  Verdict verdict() const;
  Reason reason() const { return reason_; }

 private:
  enum class Step : uint8_t {
    kInsertOwn,       // the row of the call's own operation
    kReadOwn,         // it exists: read its cause
    kInsertOriginal,  // a cancel also inserts the try's row, so that no try runs after it
    kReadOriginal,    // it exists, or must exist
    kReadOtherEnd,    // the row of the opposite end: cancel for a confirm, confirm for a cancel
    kChangeOwn,       // from its cause while the business code ran
    kSettled
  };
  enum class Stage : uint8_t { kEntering, kRefusing, kSucceeding };

  Barrier(Vendor vendor, Call call, Stage stage, Step first);
  void Settle(Verdict verdict, Reason reason);
  void TakeInsertOwn(bool was_new);
  void TakeInsertOriginal(bool was_new);
  void TakeOwn(const std::optional<std::string>& cause);
  void TakeOriginal(const std::optional<std::string>& cause);
  void TakeOtherEnd(bool is_there);
  void TakeChange(bool done);
  std::string_view CauseToInsert() const;

  Vendor vendor_;
  Call call_;
  std::string branch_;  // as in the table
  Stage stage_;
  Step step_;
  bool empty_ = false;  // a cancel that has nothing to undo
  Verdict verdict_{};
  Reason reason_ = Reason::kNone;
};

}  // namespace assent::barrier
