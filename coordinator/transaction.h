// SPDX-License-Identifier: Apache-2.0
// One transaction in the shard's table: the core's state, and the data for its clients, timers and
// log records.
//
// Threads: the shard's only.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/branch_work.h"
#include "coordinator/requests.h"
#include "core/atomic.h"
#include "log/format.h"

namespace assent::coordinator {

inline constexpr uint32_t kNoBranch = UINT32_MAX;

// A client that waits for an answer about this transaction.
struct Waiter {
  enum class For : uint8_t { kOutcome, kRollBack, kView, kOpen, kRun };
  For kind{};
  uint32_t branch = 0;  // kOpen, kRun; kNoBranch: an unknown one
  uint64_t id = 0;
  uint64_t ticket = 0;        // of the request, for EndWait; 0: none
  Duration past_decision{0};  // how long to wait for phase two
  Reply reply;
};

struct Entry {
  uint64_t handle = 0;
  core::Atomic atomic;
  std::string gid;
  std::string fingerprint;
  WallTime begun_at, deadline_at, decided_at;
  std::vector<BranchWork> work;           // by the index of atomic.branches
  std::map<std::string, uint32_t> names;  // of branches, and of those that joined one
  std::vector<Waiter> waiters;
  uint64_t deadline_generation = 0, idle_generation = 0, operator_generation = 0;

  // The records of the transaction.
  struct OpenRecord {
    log::Lsn lsn = 0;
    std::optional<uint32_t> branch;  // the branch in the record; none: all branches
  };
  struct HeuristicRecord {
    log::Lsn lsn = 0;
    uint32_t branch = 0;  // the branch in the record
  };
  log::Lsn record = 0;  // commit or outcome
  log::Lsn end_record = 0;
  std::vector<OpenRecord> opens;  // open and enlist
  std::vector<HeuristicRecord> heuristics;
  uint64_t partner_bytes = 0;  // reserved in the log for its partners' payloads

  std::string traceparent;  // of the request that began it
  core::State shown = core::State::kActive;
  bool gone = false;  // the core has forgotten it

  // The generation of the armed timer; 0: not armed. `branch`: of kRetry.
  uint64_t& Generation(core::Timer timer, uint32_t branch) {
    switch (timer) {
      case core::Timer::kDeadline: return deadline_generation;
      case core::Timer::kIdle: return idle_generation;
      case core::Timer::kOperator: return operator_generation;
      case core::Timer::kRetry: break;
    }
    return work.at(branch).retry_generation;
  }

  const std::string& CauseBranch() const {
    static const std::string none;
    const int32_t index = atomic.cause.branch;
    return index < 0 ? none : atomic.branches.at(static_cast<size_t>(index)).spec.name;
  }
};

}  // namespace assent::coordinator
