// SPDX-License-Identifier: Apache-2.0
// For tests: a barrier table in memory, for one branch, with the locks of InnoDB or of PostgreSQL.
//
// Contract: a process runs its statements in one local transaction, which Release ends. Others see
// the rows that it wrote once it has committed; until then, a process that meets such a row waits.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "barrier/barrier.h"

namespace assent::barrier {

enum class Locks { kInnoDb, kPostgreSql };

// Deliberate mistakes, each of which the tests must detect.
enum class SeededBug {
  kNone,
  kCancelWithoutItsOwnRow,
  kCancelWithoutTheTrysRow,
  kReadsHoldNothing,
  kRefusalIsNotRecorded,
  kSuccessIsNotChecked  // outside effects: no check for a cancel that came meanwhile
};

inline constexpr size_t kOperations = 5;

class ModelledTable {
 public:
  ModelledTable(Locks locks, SeededBug bug) : locks_(locks), bug_(bug) {}

  // Runs a statement of process `who`; nullopt: it waits for a lock.
  std::optional<Given> Execute(int who, const Statement& statement) {
    Row& row = rows_[static_cast<size_t>(*ParseOperation(statement.operation))];
    const bool original = statement.operation == "try" && statement.cause == "cancel";
    switch (statement.kind) {
      case Kind::kInsert:
        if (bug_ == SeededBug::kCancelWithoutItsOwnRow && statement.operation == "cancel") {
          return Given{1};
        }
        if (bug_ == SeededBug::kCancelWithoutTheTrysRow && original) {
          if (row.SeenBy(who).empty()) return Given{1};
        }
        return Insert(row, who, statement);
      case Kind::kRead: return Seen(row.SeenBy(who), statement);
      case Kind::kReadAndHold:
        if (bug_ == SeededBug::kReadsHoldNothing) return Seen(row.SeenBy(who), statement);
        if (!Exists(row, who)) return Given{};
        if (row.LockedByOthers(who)) return std::nullopt;
        row.holders |= 1u << who;
        return Given{0, row.SeenBy(who)};
      case Kind::kReadAndLock:
      case Kind::kChange:
        if (statement.kind == Kind::kReadAndLock && bug_ == SeededBug::kReadsHoldNothing) {
          return Seen(row.SeenBy(who), statement);
        }
        if (!Exists(row, who)) return Given{};
        if (row.LockedByOthers(who) || row.HeldByOthers(who)) return std::nullopt;
        row.lock = who;
        if (statement.kind == Kind::kReadAndLock) return Given{0, row.SeenBy(who)};
        if (row.SeenBy(who) != statement.before) return Given{0};
        row.pending = statement.cause;
        return Given{1};
    }
    return std::nullopt;
  }

  // Ends the local transaction of process `who`.
  void Release(int who, bool commit) {
    for (Row& row : rows_) {
      row.holders &= ~(1u << who);
      if (row.lock != who) continue;
      if (commit && !row.pending.empty()) row.committed = row.pending;
      row.pending.clear();
      row.lock = -1;
    }
  }

  // Is there a row of this operation, committed or not?
  bool Has(Operation operation) const {
    const Row& row = rows_[static_cast<size_t>(operation)];
    return !row.committed.empty() || !row.pending.empty();
  }

  // The same only for tables in the same state.
  std::string Key() const {
    std::string key;
    for (const Row& row : rows_) {
      key += row.committed + "," + row.pending + "," + std::to_string(row.lock) + "," +
             std::to_string(row.holders) + ";";
    }
    return key;
  }

 private:
  struct Row {
    std::string committed;  // the cause; empty: there is no row
    std::string pending;    // of the owner of the lock
    int lock = -1;          // the process that changes it or has locked it
    unsigned holders = 0;   // the processes that hold it against changes, one bit each

    bool HeldByOthers(int who) const { return (holders & ~(1u << who)) != 0; }
    bool LockedByOthers(int who) const { return lock >= 0 && lock != who; }
    const std::string& SeenBy(int who) const {
      return lock == who && !pending.empty() ? pending : committed;
    }
  };

  // InnoDB waits for an insert of another transaction; PostgreSQL does not see it.
  bool Exists(const Row& row, int who) const {
    if (!row.SeenBy(who).empty()) return true;
    return locks_ == Locks::kInnoDb && row.LockedByOthers(who);
  }

  Given Seen(const std::string& cause, const Statement& statement) const {
    if (bug_ == SeededBug::kSuccessIsNotChecked && statement.operation == "cancel") return {};
    if (cause.empty()) return {};
    return {0, cause};
  }

  std::optional<Given> Insert(Row& row, int who, const Statement& statement) const {
    const bool there = !row.SeenBy(who).empty();
    // Both wait for another transaction's insert; InnoDB's duplicate check waits for a lock and
    // takes it.
    if (row.LockedByOthers(who) && (!there || locks_ == Locks::kInnoDb)) return std::nullopt;
    if (there) {
      if (locks_ == Locks::kInnoDb && row.lock != who) row.holders |= 1u << who;
      return Given{0};
    }
    if (row.HeldByOthers(who)) return std::nullopt;
    row.lock = who;
    row.pending = statement.cause;
    return Given{1};
  }

  Locks locks_;
  SeededBug bug_;
  std::array<Row, kOperations> rows_;  // by operation
};

}  // namespace assent::barrier
