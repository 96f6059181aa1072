// SPDX-License-Identifier: Apache-2.0
// One transaction in the shard's table: the core's state, and what only its clients need.
//
// Threads: the shard's only.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "assent/v1/transactions.pb.h"
#include "coordinator/requests.h"
#include "core/atomic.h"
#include "log/format.h"
#include "tcc/port.h"
#include "xa/port.h"

namespace assent::coordinator {

inline constexpr uint32_t kNoBranch = UINT32_MAX;

// Somebody who waits for an answer about this transaction.
struct Waiter {
  enum class For : uint8_t { kOutcome, kRollBack, kView, kOpen, kRun };
  For kind{};
  uint32_t branch = 0;  // kOpen, kRun; kNoBranch: one that is not known
  uint64_t id = 0;
  uint64_t ticket = 0;        // of the request, for EndWait; 0: none
  Duration past_decision{0};  // how long phase two is waited for
  Reply reply;
};

// Where a branch of kind kTcc stands.
struct Partner {
  tcc::Urls urls;
  tcc::Payload payload;

  // What people are shown: where the three have one place in common that, without a query, in which
  // a secret may stand.
  std::string Shown() const;
  // What its record may take on the disk beyond that of any branch.
  size_t HeldBytes() const;
};

// What a client's branch needs beside core::AtomicBranch, by the same index.
struct BranchWork {
  std::shared_ptr<const std::vector<xa::Statement>> statements;  // what the next run sends
  xa::BranchOptions options;
  std::vector<xa::StatementResult> results;  // of the last run
  uint64_t seq = 0;                          // last run's number; 0: none
  std::string run_fingerprint;
  xa::ResourceManager* resource = nullptr;  // null: a partner, or not configured any more
  std::shared_ptr<const Partner> partner;   // null: a resource
  uint64_t call = 0;                        // to the partner, not answered yet; 0: none
  bool try_left = false;                    // an attempt at try may have left a process of ours
  std::string vote_fingerprint;             // of the vote that the client gave
  std::string refused;  // what its resource said to the last commit or roll-back of it
  uint64_t retry_generation = 0;
  std::vector<std::string> retries_said;  // kinds of answers that `branch-retry` was logged for
  WallTime since;
  core::BranchState shown = core::BranchState::kActive;
};

// True where an answer of this kind has not been logged for the branch. Two that alternate are two
// changes, not one at each attempt.
bool IsNewRetry(BranchWork& work, const std::string& kind);

struct Entry {
  uint64_t handle = 0;
  core::Atomic atomic;
  std::string gid;
  std::string fingerprint;
  WallTime begun_at, deadline_at, decided_at;
  std::vector<BranchWork> work;
  std::map<std::string, uint32_t> names;  // branch names and those that joined one
  std::vector<Waiter> waiters;
  uint64_t deadline_generation = 0, idle_generation = 0, operator_generation = 0;
  log::Lsn end_record = 0;
  log::Lsn record = 0;                                 // its commit or outcome record
  std::vector<log::Lsn> opens;                         // its open and enlist records
  std::vector<std::optional<uint32_t>> open_branches;  // which branch each is about; none: all
  uint64_t room = 0;                         // in the log, spoken for by its partners' payloads
  std::string traceparent;                   // of the request that began it
  std::vector<log::Lsn> heuristics;          // its heuristic records
  std::vector<uint32_t> heuristic_branches;  // which branch each of them is about
  core::State shown = core::State::kActive;
  bool gone = false;  // the core has forgotten it

  const std::string& CauseBranch() const {
    static const std::string none;
    const int32_t index = atomic.cause.branch;
    return index < 0 ? none : atomic.branches.at(static_cast<size_t>(index)).spec.name;
  }
};

}  // namespace assent::coordinator
