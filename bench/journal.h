// SPDX-License-Identifier: Apache-2.0
// What a branch's partner was asked and did, and the auditor that judges all branches together.
//
// A partner of a bench keeps no reservations and no barrier: it writes down each operation that it
// carried out. The auditor counts kinds, in whatever order they came: a try that was carried out
// behind its cancel is what a barrier refuses (docs/barrier.md).
// Threads: Add by any; the others while nobody adds, or as a look in between.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "tcc/operation.h"

namespace assent::bench {

class Journal {
 public:
  // `gtrid`: as it stands in Assent-Transaction.
  void Add(std::string_view gtrid, tcc::Operation operation);
  void Clear();

 private:
  friend class Auditor;
  struct Line {
    std::array<uint8_t, 20> gtrid;
    tcc::Operation operation;
    auto operator<=>(const Line&) const = default;
  };
  mutable std::mutex mutex_;
  std::vector<Line> lines_;
};

// Over all branches of the transactions, one journal each.
struct Verdict {
  uint64_t transactions = 0;  // that had an effective try
  uint64_t tries = 0, confirmed = 0, cancelled = 0;
  uint64_t repeated = 0;  // operations that came once more
  // What must not be.
  uint64_t left = 0;     // tries that are neither confirmed nor cancelled
  uint64_t both = 0;     // confirmed and cancelled
  uint64_t untried = 0;  // confirmed without a try
  uint64_t split = 0;    // transactions of which one branch was confirmed and another was not

  void Add(const Verdict& other);
  bool ok() const { return left + both + untried + split == 0; }
  std::string Text() const;
};

class Auditor {
 public:
  static Verdict Judge(const std::vector<const Journal*>& branches);
};

}  // namespace assent::bench
