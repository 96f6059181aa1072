// SPDX-License-Identifier: Apache-2.0
// All interleavings of a branch's calls, statement by statement, over a modelled table with locks.
//
// Scenario: the coordinator sends try, then confirm or cancel, each of them twice (it got no answer
// to the first). Every call runs in a separate local transaction; after each statement any other
// call may continue, and the process may die before its commit. Others see the rows that a
// transaction wrote once it has committed; until then, a call that meets such a row waits, as with
// InnoDB or PostgreSQL. At the end of every history the ledger of the business code must add up
// (docs/protocol.md, invariants: every effective try ends in exactly one of confirmed, cancelled;
// each effect once).
#include "barrier/barrier.h"

#include <array>
#include <iostream>
#include <unordered_set>

#include <gtest/gtest.h>

#include "barrier/table_fixture.h"

namespace assent::barrier {
namespace {

enum class Refusal { kNone, kSame, kAnew };

struct Copy {
  Operation operation{};
  bool may_die = false;
  Refusal refuses = Refusal::kNone;
};

struct Scenario {
  Locks locks{};
  std::vector<Copy> copies;
  bool outside = false;
  SeededBug bug = SeededBug::kNone;
};

enum class Phase { kNotSent, kBarrier, kWork, kEffect, kUndo, kAnswered, kDead };

struct Process {
  Phase phase = Phase::kNotSent;
  std::optional<Barrier> barrier;
  std::string heard;  // the statements' results: with the call, all of the machine's state
  char part = 'e';    // entering, refusing, succeeding
  int status = 0;     // its answer
};

struct State {
  ModelledTable table;
  std::vector<Process> processes = {};
  std::array<int, kOperations> ran{};  // the committed ledger of the business code
  int outside = 0;                     // outside effects that exist now
  int made = 0;                        // and all that ever happened

  std::string Key() const {
    std::string key = table.Key();
    for (const Process& one : processes) {
      key += std::to_string(static_cast<int>(one.phase)) + one.part + one.heard + "," +
             std::to_string(one.status) + ";";
    }
    for (const int count : ran) key += std::to_string(count) + ",";
    return key + std::to_string(outside) + "," + std::to_string(made);
  }
};

class Search {
 public:
  explicit Search(Scenario scenario) : scenario_(std::move(scenario)) {
    State first{ModelledTable(scenario_.locks, scenario_.bug)};
    first.processes.resize(scenario_.copies.size());
    Visit(first);
  }

  const std::string& violation() const { return violation_; }
  size_t states() const { return seen_.size(); }
  size_t ends() const { return ends_; }

 private:
  Call CallOf(size_t who) const {
    Call call{scenario_.copies[who].operation, std::string(40, 'a'), "voucher"};
    call.effects_outside = scenario_.outside;
    return call;
  }
  bool BeginsAt(size_t who) const {
    return scenario_.copies[who].operation == Operation::kTry ||
           scenario_.copies[who].operation == Operation::kAction;
  }

  bool UndoesAt(size_t who) const {
    return scenario_.copies[who].operation == Operation::kCancel ||
           scenario_.copies[who].operation == Operation::kCompensate;
  }

  // A confirm is sent only after a yes.
  bool MaySend(const State& state, size_t who) const {
    if (scenario_.copies[who].operation != Operation::kConfirm) return true;
    for (size_t i = 0; i < state.processes.size(); ++i) {
      if (BeginsAt(i) && state.processes[i].status == 200) return true;
    }
    return false;
  }

  void Visit(const State& state) {
    if (!violation_.empty() || !seen_.insert(state.Key()).second) return;
    bool moved = false, blocked = false;
    for (size_t who = 0; who < state.processes.size(); ++who) {
      State after = state;
      if (!Move(after, who)) {
        blocked = blocked || state.processes[who].phase == Phase::kBarrier;
        continue;
      }
      moved = true;
      CheckAlways(after);
      Visit(after);
      if (!violation_.empty()) return;
      if (MayDie(state, who)) {
        State dead = state;
        dead.table.Release(static_cast<int>(who), false);
        dead.processes[who].phase = Phase::kDead;
        Visit(dead);
      }
    }
    if (blocked && !moved) violation_ = "a deadlock";
    if (!moved && !blocked) {
      ++ends_;
      CheckEnd(state);
    }
  }

  bool MayDie(const State& state, size_t who) const {
    const Phase phase = state.processes[who].phase;
    if (!scenario_.copies[who].may_die || phase == Phase::kNotSent) return false;
    if (!scenario_.outside || !BeginsAt(who)) return true;
    // If an attempt causes outside effects after its cancel has run, only the attempt itself can
    // undo them: the model assumes that it does not die just then (docs/barrier.md describes what
    // to do about it).
    const bool made = state.outside != 0;
    for (const Operation undo : {Operation::kCancel, Operation::kCompensate}) {
      if (made && state.table.Has(undo)) return false;
    }
    return true;
  }

  // One step of one process; false: it has no step, or waits for a lock.
  bool Move(State& state, size_t who) {
    Process& self = state.processes[who];
    switch (self.phase) {
      case Phase::kNotSent:
        if (!MaySend(state, who)) return false;
        self.barrier = Barrier::Enter(Vendor::kMySql, CallOf(who));
        self.phase = Phase::kBarrier;
        return true;
      case Phase::kBarrier: return MoveBarrier(state, who);
      case Phase::kWork: Work(state, who); return true;
      case Phase::kEffect:
        ++state.outside;
        ++state.made;
        Restart(self, Barrier::Succeed(Vendor::kMySql, CallOf(who)), 's');
        return true;
      case Phase::kUndo:
        state.outside = 0;
        Restart(self, Barrier::Refuse(Vendor::kMySql, CallOf(who), Barrier::Where::kNewTransaction),
                'r');
        return true;
      case Phase::kAnswered:
      case Phase::kDead: break;
    }
    return false;
  }

  static void Restart(Process& self, Barrier barrier, char part) {
    self.barrier = std::move(barrier);
    self.part = part;
    self.heard.clear();
    self.phase = Phase::kBarrier;
  }

  bool MoveBarrier(State& state, size_t who) {
    Process& self = state.processes[who];
    if (!self.barrier->settled()) {
      const auto given = state.table.Execute(static_cast<int>(who), self.barrier->next());
      if (!given) return false;
      self.heard += std::to_string(given->affected) + given->cause.value_or("-") + "/";
      self.barrier->Take(*given);
      return true;
    }
    const Verdict verdict = self.barrier->verdict();
    if (verdict == Verdict::kRun && !(scenario_.outside && BeginsAt(who))) {
      self.phase = Phase::kWork;
      return true;
    }
    state.table.Release(static_cast<int>(who), Commits(verdict));
    if (verdict == Verdict::kRun) {
      self.phase = Phase::kEffect;
    } else if (verdict == Verdict::kUndo) {
      self.phase = Phase::kUndo;
    } else {
      Finish(self, HttpStatus(verdict));
    }
    return true;
  }

  // Runs the business code once in its local transaction. Its effect counts when that commits.
  void Work(State& state, size_t who) {
    Process& self = state.processes[who];
    const Refusal refusal = scenario_.copies[who].refuses;
    if (UndoesAt(who)) state.outside = 0;
    if (BeginsAt(who) && refusal != Refusal::kNone) {
      if (scenario_.bug == SeededBug::kRefusalIsNotRecorded) {
        state.table.Release(static_cast<int>(who), false);
        return Finish(self, 409);
      }
      const bool same = refusal == Refusal::kSame;
      if (!same) state.table.Release(static_cast<int>(who), false);
      return Restart(self,
                     Barrier::Refuse(
                         Vendor::kMySql, CallOf(who),
                         same ? Barrier::Where::kSameTransaction : Barrier::Where::kNewTransaction),
                     'r');
    }
    ++state.ran[static_cast<size_t>(scenario_.copies[who].operation)];
    state.table.Release(static_cast<int>(who), true);
    Finish(self, 200);
  }

  static void Finish(Process& self, int status) {
    self.status = status;
    self.phase = Phase::kAnswered;
    self.barrier.reset();
    self.heard.clear();
  }

  int Ran(const State& state, Operation operation) const {
    return state.ran[static_cast<size_t>(operation)];
  }

  void CheckAlways(const State& state) {
    for (const int count : state.ran) {
      if (count > 1) violation_ = "the business code of one operation ran twice";
    }
    if (state.made > 1) violation_ = "an outside effect happened twice";
    int answer = 0;
    for (size_t i = 0; i < state.processes.size(); ++i) {
      const int status = state.processes[i].status;
      if (!BeginsAt(i) || status == 0 || status == 425) continue;
      if (answer != 0 && answer != status) violation_ = "a duplicate was answered differently";
      answer = status;
    }
  }

  void CheckEnd(const State& state) {
    if (!violation_.empty()) return;
    const int tried = scenario_.outside
                          ? state.outside
                          : Ran(state, Operation::kTry) + Ran(state, Operation::kAction);
    const int confirmed = Ran(state, Operation::kConfirm);
    const int cancelled = Ran(state, Operation::kCancel) + Ran(state, Operation::kCompensate);
    if (scenario_.outside) {
      if (cancelled > 0 && tried != 0) violation_ = "cancelled, but an outside effect remains";
      if (confirmed > 0 && tried != 1) violation_ = "confirmed without its outside effect";
      return;
    }
    if (tried == 0 && confirmed + cancelled > 0) violation_ = "an end without an effective try";
    // A confirm that could never be sent ends nothing; the coordinator would cancel.
    bool end_was_sent = false;
    for (size_t i = 0; i < state.processes.size(); ++i) {
      end_was_sent = end_was_sent || (!BeginsAt(i) && state.processes[i].phase == Phase::kAnswered);
    }
    if (tried == 1 && end_was_sent && confirmed + cancelled != 1) {
      violation_ = "an effective try with " + std::to_string(confirmed) + " confirms and " +
                   std::to_string(cancelled) + " cancels";
    }
  }

  const Scenario scenario_;
  std::unordered_set<std::string> seen_;
  std::string violation_;
  size_t ends_ = 0;
};

constexpr Copy kTry{Operation::kTry, true, Refusal::kNone};
constexpr Copy kTryThatLives{Operation::kTry, false, Refusal::kNone};
constexpr Copy kCancel{Operation::kCancel, true, Refusal::kNone};
constexpr Copy kCancelThatLives{Operation::kCancel, false, Refusal::kNone};
constexpr Copy kAction{Operation::kAction, true, Refusal::kNone};
constexpr Copy kCompensate{Operation::kCompensate, true, Refusal::kNone};
constexpr Copy kCompensateThatLives{Operation::kCompensate, false, Refusal::kNone};
constexpr Copy kConfirm{Operation::kConfirm, true, Refusal::kNone};
constexpr Copy kConfirmThatLives{Operation::kConfirm, false, Refusal::kNone};

// The last copy of the end is the one that arrives.
std::vector<std::vector<Copy>> Decisions() {
  return {{kTry, kTry, kCancel, kCancelThatLives},
          {kTry, kTryThatLives, kConfirm, kConfirmThatLives},
          {kAction, kAction, kCompensate, kCompensateThatLives}};
}

void ExpectHolds(const Scenario& scenario) {
  const Search search(scenario);
  EXPECT_EQ(search.violation(), "");
  EXPECT_GT(search.ends(), 1u);
  std::cout << (scenario.locks == Locks::kInnoDb ? "InnoDB: " : "PostgreSQL: ") << search.states()
            << " states, " << search.ends() << " ends\n";
}

class Interleavings : public testing::TestWithParam<Locks> {};
INSTANTIATE_TEST_SUITE_P(All, Interleavings, testing::Values(Locks::kInnoDb, Locks::kPostgreSql),
                         [](const auto& which) {
                           return which.param == Locks::kInnoDb ? "InnoDb" : "PostgreSql";
                         });

TEST_P(Interleavings, EndEveryEffectiveTryOnce) {
  for (const auto& copies : Decisions()) ExpectHolds({GetParam(), copies});
}

TEST_P(Interleavings, AnswerEveryDuplicateOfARefusedTryAlike) {
  for (const Refusal refusal : {Refusal::kSame, Refusal::kAnew}) {
    const Copy refused{Operation::kTry, true, refusal};
    // The second attempt alone would succeed.
    ExpectHolds({GetParam(), {refused, kTry, kCancel, kCancelThatLives}});
    ExpectHolds({GetParam(), {refused, refused, kCancelThatLives}});
  }
}

// A coordinator that sends both ends is broken; the first one still holds.
TEST_P(Interleavings, KeepOnlyTheFirstEndIfBothAreSent) {
  ExpectHolds({GetParam(), {kTry, kTryThatLives, kConfirm, kCancelThatLives}});
  ExpectHolds({GetParam(), {kTryThatLives, kConfirmThatLives, kCancel, kCancelThatLives}});
}

TEST_P(Interleavings, LeaveNoEffectOutsideBehind) {
  for (const auto& copies : Decisions()) ExpectHolds({GetParam(), copies, true});
}

TEST_P(Interleavings, CatchAMistake) {
  const std::vector<Copy> cancel = Decisions()[0];
  const std::vector<Copy> both = {kTryThatLives, kConfirmThatLives, kCancelThatLives};
  const std::vector<Copy> refused = {
      {Operation::kTry, false, Refusal::kSame}, kTryThatLives, kCancelThatLives};
  const Scenario with_bugs[] = {{GetParam(), cancel, false, SeededBug::kCancelWithoutItsOwnRow},
                                {GetParam(), cancel, false, SeededBug::kCancelWithoutTheTrysRow},
                                {GetParam(), both, false, SeededBug::kReadsHoldNothing},
                                {GetParam(), refused, false, SeededBug::kRefusalIsNotRecorded},
                                {GetParam(), cancel, true, SeededBug::kSuccessIsNotChecked}};
  for (const Scenario& scenario : with_bugs) {
    const Search search(scenario);
    EXPECT_NE(search.violation(), "") << "seeded bug " << static_cast<int>(scenario.bug);
    std::cout << "seeded bug " << static_cast<int>(scenario.bug) << ": " << search.violation()
              << "\n";
  }
}

}  // namespace
}  // namespace assent::barrier
