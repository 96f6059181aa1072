// SPDX-License-Identifier: Apache-2.0
// The operations that the partner of a branch executed, and the auditor that checks all branches
// together.
//
// A partner of a benchmark has no reservations and no barrier: it records each operation that it
// executed. The auditor counts the kinds of operations regardless of their order: only a barrier
// would refuse a try after its cancel (docs/barrier.md).
// Threads: any thread calls Add. Auditor::Judge during concurrent Adds gives an intermediate state.
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
  // `gtrid`: the value of the header Assent-Transaction.
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

// The auditor's counts over all branches of the transactions.
struct Verdict {
  uint64_t transactions = 0;  // with an effective try
  uint64_t tries = 0, confirmed = 0, cancelled = 0;
  uint64_t repeated = 0;  // repetitions of an operation
  // Violations.
  uint64_t left = 0;     // tries that are neither confirmed nor cancelled
  uint64_t both = 0;     // confirmed and cancelled
  uint64_t untried = 0;  // confirmed without a try
  uint64_t split = 0;    // transactions with both confirmed and unconfirmed branches

  void Add(const Verdict& other);
  bool ok() const { return left + both + untried + split == 0; }
  std::string Text() const;
};

class Auditor {
 public:
  // One journal for each branch.
  static Verdict Judge(const std::vector<const Journal*>& branches);
};

}  // namespace assent::bench
