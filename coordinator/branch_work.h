// SPDX-License-Identifier: Apache-2.0
// What the coordinator keeps of a branch beside core::AtomicBranch: where it is, what it runs, what
// its client has asked for.
//
// Threads: plain values; once in the table, the shard's only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/time.h"
#include "core/effects.h"
#include "tcc/port.h"
#include "xa/port.h"

namespace assent::coordinator {

// Where a branch of kind kTcc is called, and with what.
struct Partner {
  tcc::Urls urls;
  tcc::Payload payload;

  // What people are shown: where the three have one place in common that, without a query, which
  // may hold a secret.
  std::string Shown() const;
  // What its record may take on the disk beyond that of any branch.
  size_t HeldBytes() const;
};

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

// A branch that is to join a transaction, as the checks of its request have read it.
struct NewBranch {
  core::BranchSpec spec;  // a partner's resource is the place that people are shown
  BranchWork work;

  bool IsTcc() const { return spec.kind == core::BranchKind::kTcc; }
};

}  // namespace assent::coordinator
