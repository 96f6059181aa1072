// SPDX-License-Identifier: Apache-2.0
// The barrier: what a partner asks its own database before it runs the business code of a try,
// confirm, cancel, action or compensation, so that each runs once, in whatever order calls come.
//
// A pure machine. It says which statement comes next, is told what that statement gave, and ends
// in one verdict:
//
//   Barrier barrier = Barrier::Enter(Vendor::kPostgreSql, call);
//   while (!barrier.settled()) barrier.Take(Execute(connection, barrier.next()));
//   if (barrier.verdict() == Verdict::kRun) RunTheBusinessCode(connection);
//   if (Commits(barrier.verdict())) Commit(connection); else RollBack(connection);
//   Answer(HttpStatus(barrier.verdict()));          // only after the commit has succeeded
//
// Contract: all statements of one barrier, and the business code behind it, run in one local
// transaction at READ COMMITTED, which is not the one of another call. A local transaction that
// fails in whatever way is answered 503: the coordinator asks again. `Validate` has accepted the
// call. Where the business code of a try or action refuses, Refuse() records that, so that a
// duplicate is answered as the first one was.
//
// Effects outside of the database (`effects_outside`: a mail, another service) cannot stand in the
// local transaction: Enter, commit, and only then the effects; then Succeed() or Refuse() in a
// local transaction of its own. Duplicates that come between are told that it is still running.
//
// Several barriers in one call (two databases, two pieces of work that end apart) have names of
// their own, given by the caller, the same ones in every operation of the branch.
//
// Errors: none; what a database answers is input. Threads: a Barrier belongs to one at a time.
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
  std::string name = {};    // of this barrier, where the call has several
  // Assent-Deadline has passed. Heeded for a try, and for an action; of an action behind the pivot
  // it must be false.
  bool deadline_passed = false;
  bool effects_outside = false;  // heeded for a try and for an action
};

// kInvalid with the field at fault: transaction, branch or name.
Result<void> Validate(const Call& call);

enum class Verdict : uint8_t {
  kRun,           // run the business code, then commit, then answer 200
  kDone,          // nothing to run: 200
  kRefused,       // 409
  kConflict,      // 409, and a person must look: confirm and cancel contradict each other
  kStillRunning,  // 425: ask again
  kUndo           // given up while the effects outside were made: roll back, undo them, Refuse()
};
int HttpStatus(Verdict verdict);
// Whether the local transaction is committed (what the barrier wrote must last) or rolled back.
bool Commits(Verdict verdict);
// Whether the partner must call a person.
bool Alarms(Verdict verdict);

// Why, for logs and tests.
enum class Reason : uint8_t {
  kNone,
  kFirst,          // nothing of it was there: it is this call's to run
  kDuplicate,      // answered as the first time
  kNothingToUndo,  // an empty cancel, or a cancel of what was refused
  kSuspended,      // the try comes after its cancel
  kRefusedBefore,  // an earlier attempt was refused
  kDeadline,       // it comes after its deadline
  kJustRefused,    // this attempt: Refuse() has recorded it
  kInProgress,     // another attempt has started, and its effects are outside
  kNoTry,          // a confirm without an effective try
  kOtherEnd,       // confirmed and cancelled both
  kCancelled,      // while the effects outside were made
  kNotOurs         // the table holds what no barrier writes, or has lost a row meanwhile
};
const char* Name(Reason reason);

// What a statement gave.
struct Given {
  uint64_t affected = 0;               // kInsert, kChange
  std::optional<std::string> cause{};  // the kinds that read: of the row, if there is one
};

class Barrier {
 public:
  static Barrier Enter(Vendor vendor, Call call);

  // The business code of a try or action that was told to run has refused. In the same local
  // transaction, after a roll-back to a savepoint made behind Enter() (best: nobody can come
  // between) ...
  enum class Where : uint8_t {
    kSameTransaction,
    kNewTransaction  // ... or in a new one, after all was rolled back. With effects outside: always
  };
  static Barrier Refuse(Vendor vendor, Call call, Where where);
  // The effects outside of a try or action are made. In a new local transaction.
  static Barrier Succeed(Vendor vendor, Call call);

  bool settled() const { return step_ == Step::kSettled; }
  // The statement to execute now. Not to be asked once settled.
  Statement next() const;
  void Take(const Given& given);

  // Once settled.
  Verdict verdict() const;
  Reason reason() const { return reason_; }

 private:
  enum class Step : uint8_t {
    kInsertOwn,       // the row of the call's own operation
    kReadOwn,         // it was there: why?
    kInsertOriginal,  // a cancel leaves the try's row behind, so that no try comes after it
    kReadOriginal,    // it was there, or must be
    kReadOtherEnd,    // the row of the other of confirm and cancel
    kChangeOwn,       // from what it was when the business code ran
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
  std::string branch_;  // as it stands in the table
  Stage stage_;
  Step step_;
  bool empty_ = false;  // a cancel that has nothing to undo
  Verdict verdict_{};
  Reason reason_ = Reason::kNone;
};

}  // namespace assent::barrier
