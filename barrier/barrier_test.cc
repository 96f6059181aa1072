// SPDX-License-Identifier: Apache-2.0
// Each rule of the barrier, one call after another on a table in memory.
#include "barrier/barrier.h"

#include <map>

#include <gtest/gtest.h>

namespace assent::barrier {
namespace {

const char kTransaction[] = "0123456789abcdef00000007000000000000002a";

Call MakeCall(Operation operation, const std::string& name = "") {
  return {operation, kTransaction, "voucher", name};
}

// One committed table; the rows of a barrier stay if its verdict commits.
class Table {
 public:
  Verdict Settle(Barrier barrier) {
    auto rows = rows_;
    while (!barrier.settled()) {
      const Statement statement = barrier.next();
      const size_t key = statement.kind == Kind::kChange ? 1 : 0;
      barrier.Take(Execute(
          rows, statement.parameters[key + 1] + ":" + statement.parameters[key + 2], statement));
    }
    if (Commits(barrier.verdict())) rows_ = rows;
    reason_ = barrier.reason();
    return barrier.verdict();
  }
  Verdict Enter(const Call& call) { return Settle(Barrier::Enter(Vendor::kMySql, call)); }
  Verdict Enter(Operation operation) { return Enter(MakeCall(operation)); }

  std::map<std::string, std::string>& rows() { return rows_; }
  Reason reason() const { return reason_; }

 private:
  static Given Execute(std::map<std::string, std::string>& rows, const std::string& key,
                       const Statement& statement) {
    const auto row = rows.find(key);
    if (statement.kind == Kind::kInsert) {
      return {rows.emplace(key, statement.cause).second ? 1u : 0u};
    }
    if (statement.kind == Kind::kChange) {
      if (row == rows.end() || row->second != statement.before) return {0};
      row->second = statement.cause;
      return {1};
    }
    if (row == rows.end()) return {};
    return {0, row->second};
  }

  std::map<std::string, std::string> rows_;
  Reason reason_ = Reason::kNone;
};

using Rows = std::map<std::string, std::string>;

TEST(Barrier, RunsEachOperationOnce) {
  for (const auto& [first, last] : {std::pair(Operation::kTry, Operation::kConfirm),
                                    std::pair(Operation::kTry, Operation::kCancel),
                                    std::pair(Operation::kAction, Operation::kCompensate)}) {
    Table table;
    for (const Operation operation : {first, last}) {
      EXPECT_EQ(table.Enter(operation), Verdict::kRun) << Name(operation);
      for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(table.Enter(operation), Verdict::kDone) << Name(operation);
        EXPECT_EQ(table.reason(), Reason::kDuplicate);
      }
    }
    EXPECT_EQ(table.Enter(first), Verdict::kDone) << "a late duplicate of the first";
    EXPECT_EQ(table.rows(), (Rows{{std::string("voucher:") + Name(first), Name(first)},
                                  {std::string("voucher:") + Name(last), Name(last)}}));
  }
}

TEST(Barrier, RecordsAnEmptyCancelAndRunsNothing) {
  for (const auto& [first, last] : {std::pair(Operation::kTry, Operation::kCancel),
                                    std::pair(Operation::kAction, Operation::kCompensate)}) {
    Table table;
    EXPECT_EQ(table.Enter(last), Verdict::kDone);
    EXPECT_EQ(table.reason(), Reason::kNothingToUndo);
    EXPECT_EQ(table.rows(), (Rows{{std::string("voucher:") + Name(first), "cancel"},
                                  {std::string("voucher:") + Name(last), Name(last)}}));
    EXPECT_EQ(table.Enter(last), Verdict::kDone) << "a repeated empty cancel runs nothing either";
    EXPECT_EQ(table.reason(), Reason::kDuplicate);
  }
}

TEST(Barrier, RefusesASuspendedTry) {
  for (const auto& [first, last] : {std::pair(Operation::kTry, Operation::kCancel),
                                    std::pair(Operation::kAction, Operation::kCompensate)}) {
    Table table;
    (void)table.Enter(last);
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(table.Enter(first), Verdict::kRefused);
      EXPECT_EQ(table.reason(), Reason::kSuspended);
    }
    EXPECT_EQ(table.Enter(last), Verdict::kDone);
  }
}

TEST(Barrier, AnswersADuplicateOfARefusedTryAsTheFirst) {
  for (const auto where : {Barrier::Where::kSameTransaction, Barrier::Where::kNewTransaction}) {
    Table table;
    const Call call = MakeCall(Operation::kTry);
    ASSERT_EQ(table.Enter(call), Verdict::kRun);
    if (where == Barrier::Where::kNewTransaction) table.rows().clear();
    EXPECT_EQ(table.Settle(Barrier::Refuse(Vendor::kMySql, call, where)), Verdict::kRefused);
    EXPECT_EQ(table.Enter(call), Verdict::kRefused);
    EXPECT_EQ(table.reason(), Reason::kRefusedBefore);
    EXPECT_EQ(table.Enter(Operation::kCancel), Verdict::kDone);
    EXPECT_EQ(table.reason(), Reason::kNothingToUndo) << "a refused try had no effect";
    EXPECT_EQ(table.Enter(Operation::kConfirm), Verdict::kConflict);
  }
}

TEST(Barrier, AnswersARefusalThatCameTooLateAsTheRowSays) {
  Table table;
  const Call call = MakeCall(Operation::kTry);
  // Rolled back. Before the refusal is recorded, a duplicate runs and succeeds, or a cancel
  // arrives.
  ASSERT_EQ(table.Enter(call), Verdict::kRun);
  const auto refuse = Barrier::Refuse(Vendor::kMySql, call, Barrier::Where::kNewTransaction);
  EXPECT_EQ(table.Settle(refuse), Verdict::kDone);
  Table other;
  ASSERT_EQ(other.Enter(Operation::kCancel), Verdict::kDone);
  EXPECT_EQ(other.Settle(refuse), Verdict::kRefused);
}

TEST(Barrier, RefusesATryAfterItsDeadline) {
  for (const Operation operation : {Operation::kTry, Operation::kAction}) {
    Table table;
    Call late = MakeCall(operation);
    late.deadline_passed = true;
    EXPECT_EQ(table.Enter(late), Verdict::kRefused);
    EXPECT_EQ(table.reason(), Reason::kDeadline);
    EXPECT_EQ(table.Enter(operation), Verdict::kRefused) << "permanently, whatever its clock shows";
    EXPECT_EQ(table.reason(), Reason::kRefusedBefore);
  }
}

TEST(Barrier, AnswersADuplicateAfterTheDeadlineAsTheFirst) {
  Table table;
  ASSERT_EQ(table.Enter(Operation::kTry), Verdict::kRun);
  Call late = MakeCall(Operation::kTry);
  late.deadline_passed = true;
  EXPECT_EQ(table.Enter(late), Verdict::kDone);
}

TEST(Barrier, NeverRefusesAnEndForLateness) {
  for (const Operation end : {Operation::kConfirm, Operation::kCancel, Operation::kCompensate}) {
    Table table;
    ASSERT_EQ(table.Enter(end == Operation::kCompensate ? Operation::kAction : Operation::kTry),
              Verdict::kRun);
    Call late = MakeCall(end);
    late.deadline_passed = true;
    EXPECT_EQ(table.Enter(late), Verdict::kRun) << Name(end);
  }
}

TEST(Barrier, RefusesAConfirmWithoutTryAndAlertsAPerson) {
  Table table;
  EXPECT_EQ(table.Enter(Operation::kConfirm), Verdict::kConflict);
  EXPECT_EQ(table.reason(), Reason::kNoTry);
  EXPECT_TRUE(Alarms(Verdict::kConflict));
  EXPECT_TRUE(table.rows().empty());
  EXPECT_EQ(table.Enter(Operation::kTry), Verdict::kRun) << "the confirm left no row";
}

TEST(Barrier, LetsNoBranchHaveBothEnds) {
  for (const auto& [one, other] : {std::pair(Operation::kConfirm, Operation::kCancel),
                                   std::pair(Operation::kCancel, Operation::kConfirm)}) {
    Table table;
    ASSERT_EQ(table.Enter(Operation::kTry), Verdict::kRun);
    ASSERT_EQ(table.Enter(one), Verdict::kRun);
    EXPECT_EQ(table.Enter(other), Verdict::kConflict);
    EXPECT_EQ(table.reason(), Reason::kOtherEnd);
    EXPECT_EQ(table.Enter(one), Verdict::kDone) << "the first end holds";
  }
}

// ---- Effects outside of the database ----------

Call Outside(Operation operation) {
  Call call = MakeCall(operation);
  call.effects_outside = true;
  return call;
}

TEST(BarrierOutside, AnswersDuplicatesThatItIsStillRunning) {
  for (const Operation operation : {Operation::kTry, Operation::kAction}) {
    Table table;
    const Call call = Outside(operation);
    EXPECT_EQ(table.Enter(call), Verdict::kRun);
    EXPECT_EQ(table.rows().begin()->second, "started") << "durable before any effect";
    EXPECT_EQ(table.Enter(call), Verdict::kStillRunning);
    EXPECT_EQ(table.Settle(Barrier::Succeed(Vendor::kMySql, call)), Verdict::kDone);
    EXPECT_EQ(table.Enter(call), Verdict::kDone);
    EXPECT_EQ(table.Settle(Barrier::Succeed(Vendor::kMySql, call)), Verdict::kDone)
        << "recorded again, because the first commit went unanswered";
  }
}

TEST(BarrierOutside, RemembersARefusal) {
  Table table;
  const Call call = Outside(Operation::kTry);
  ASSERT_EQ(table.Enter(call), Verdict::kRun);
  EXPECT_EQ(table.Settle(Barrier::Refuse(Vendor::kMySql, call, Barrier::Where::kNewTransaction)),
            Verdict::kRefused);
  EXPECT_EQ(table.Enter(call), Verdict::kRefused);
  EXPECT_EQ(table.Enter(Operation::kCancel), Verdict::kDone);
  EXPECT_EQ(table.reason(), Reason::kNothingToUndo);
}

TEST(BarrierOutside, UndoesWhatWasGivenUpMeanwhile) {
  Table table;
  const Call call = Outside(Operation::kTry);
  const auto refuse = Barrier::Refuse(Vendor::kMySql, call, Barrier::Where::kNewTransaction);
  ASSERT_EQ(table.Enter(call), Verdict::kRun);
  ASSERT_EQ(table.Settle(refuse), Verdict::kRefused);  // dropped at its deadline, by another thread
  EXPECT_EQ(table.Settle(Barrier::Succeed(Vendor::kMySql, call)), Verdict::kUndo);
  EXPECT_EQ(table.Settle(refuse), Verdict::kRefused);
}

TEST(BarrierOutside, CancelsWhatHasOnlyStarted) {
  for (const auto& [first, last] : {std::pair(Operation::kTry, Operation::kCancel),
                                    std::pair(Operation::kAction, Operation::kCompensate)}) {
    Table table;
    const Call call = Outside(first);
    ASSERT_EQ(table.Enter(call), Verdict::kRun);
    EXPECT_EQ(table.Enter(last), Verdict::kRun) << "its effects may exist";
    EXPECT_EQ(table.Enter(last), Verdict::kDone);
    // The attempt that caused them meanwhile undoes them itself.
    EXPECT_EQ(table.Settle(Barrier::Succeed(Vendor::kMySql, call)), Verdict::kUndo);
    EXPECT_FALSE(Commits(Verdict::kUndo));
    EXPECT_EQ(table.Settle(Barrier::Refuse(Vendor::kMySql, call, Barrier::Where::kNewTransaction)),
              Verdict::kRefused);
    EXPECT_EQ(table.Enter(call), Verdict::kRefused);
  }
}

TEST(BarrierOutside, ConfirmsNothingThatHasOnlyStarted) {
  Table table;
  ASSERT_EQ(table.Enter(Outside(Operation::kTry)), Verdict::kRun);
  EXPECT_EQ(table.Enter(Operation::kConfirm), Verdict::kConflict);
}

// ---- Names, statuses, rows that are not ours ----------

TEST(Barrier, KeepsBarriersOfDifferentNamesSeparate) {
  Table table;
  for (const char* name : {"", "stock", "points"}) {
    EXPECT_EQ(table.Enter(MakeCall(Operation::kTry, name)), Verdict::kRun) << name;
  }
  EXPECT_EQ(table.Enter(MakeCall(Operation::kCancel, "stock")), Verdict::kRun);
  EXPECT_EQ(table.Enter(MakeCall(Operation::kConfirm, "points")), Verdict::kRun);
  EXPECT_EQ(table.rows().count("voucher/stock:cancel"), 1u);
}

TEST(Barrier, ChecksTheNamesThatItIsGiven) {
  const auto field = [](Call call) {
    const auto valid = Validate(call);
    return valid ? std::string("none") : valid.error().field;
  };
  Call good = MakeCall(Operation::kTry, "stock");
  EXPECT_EQ(field(good), "none");
  Call bad = good;
  bad.transaction.back() = 'G';
  EXPECT_EQ(field(bad), "transaction");
  bad.transaction.pop_back();
  EXPECT_EQ(field(bad), "transaction");
  for (const std::string& name :
       {std::string("a/b"), std::string(".a"), std::string("a b"), std::string(65, 'a')}) {
    bad = good;
    bad.branch = name;
    EXPECT_EQ(field(bad), "branch") << name;
    bad = good;
    bad.name = name;
    EXPECT_EQ(field(bad), "name") << name;
  }
  bad = good;
  bad.branch.clear();
  EXPECT_EQ(field(bad), "branch");
}

TEST(Barrier, RunsNothingOnAnUnknownRow) {
  for (const Operation operation : {Operation::kTry, Operation::kCancel, Operation::kConfirm}) {
    Table table;
    table.rows()["voucher:try"] = "surprise";
    EXPECT_EQ(table.Enter(operation), Verdict::kConflict) << Name(operation);
  }
}

TEST(Barrier, RunsNothingIfARowWasDeletedMeanwhile) {
  for (const Operation operation : {Operation::kTry, Operation::kCancel}) {
    Barrier barrier = Barrier::Enter(Vendor::kPostgreSql, MakeCall(operation));
    barrier.Take({0});
    barrier.Take({});
    EXPECT_EQ(barrier.verdict(), Verdict::kStillRunning);
    EXPECT_EQ(barrier.reason(), Reason::kNotOurs);
  }
}

TEST(Barrier, HasAStatusForEachVerdict) {
  EXPECT_EQ(HttpStatus(Verdict::kRun), 200);
  EXPECT_EQ(HttpStatus(Verdict::kDone), 200);
  EXPECT_EQ(HttpStatus(Verdict::kRefused), 409);
  EXPECT_EQ(HttpStatus(Verdict::kConflict), 409);
  EXPECT_EQ(HttpStatus(Verdict::kUndo), 409);
  EXPECT_EQ(HttpStatus(Verdict::kStillRunning), 425);
}

TEST(Barrier, ReadsTheNamesOfItsOperations) {
  for (const Operation operation : {Operation::kTry, Operation::kConfirm, Operation::kCancel,
                                    Operation::kAction, Operation::kCompensate}) {
    EXPECT_EQ(ParseOperation(Name(operation)), operation);
  }
  EXPECT_EQ(ParseOperation("Try"), std::nullopt);
  EXPECT_EQ(ParseOperation(""), std::nullopt);
}

}  // namespace
}  // namespace assent::barrier
