// SPDX-License-Identifier: Apache-2.0
// The coordinator's data of a branch beside core::AtomicBranch: its resource or partner, its
// statements, and its client's requests.
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

// The URLs and the payload of a branch of kind kTcc.
struct Partner {
  tcc::Urls urls;
  tcc::Payload payload;

  // The URL to display: the try URL without "/try" and without its query, which may contain a
  // secret.
  std::string Shown() const;
  // The bytes that this partner may add to the log records of its transaction.
  size_t HeldBytes() const;
};

struct BranchWork {
  std::shared_ptr<const std::vector<xa::Statement>> statements;  // of the next run
  xa::BranchOptions options;
  std::vector<xa::StatementResult> results;  // of the last run
  uint64_t seq = 0;                          // of the last run; 0: none
  std::string run_fingerprint;
  std::string run_name;  // the name under which the last run was sent: several may share the branch
  xa::ResourceManager* resource = nullptr;  // null: a partner, or no longer configured
  std::shared_ptr<const Partner> partner;   // null: a resource
  uint64_t call = 0;                        // the unanswered call to the partner; 0: none
  bool try_left = false;                    // a try may have been sent, also by an earlier process
  std::string vote_fingerprint;             // of the client's vote
  std::string refused;  // the resource's error for the last commit or roll-back of the branch
  uint64_t retry_generation = 0;
  std::vector<std::string> logged_retry_kinds;  // kinds of answers logged as `branch-retry`
  WallTime since;
  core::BranchState shown = core::BranchState::kActive;
};

// Returns true the first time that the branch has an answer of this kind. So two kinds that
// alternate are logged twice, not at each attempt.
bool IsNewRetry(BranchWork& work, const std::string& kind);

// A branch that joins a transaction, as the Validator read it from the request.
struct NewBranch {
  core::BranchSpec spec;  // `resource` of a partner is Partner::Shown
  BranchWork work;

  bool IsTcc() const { return spec.kind == core::BranchKind::kTcc; }
  bool IsLast() const { return spec.kind == core::BranchKind::kLast; }
};

}  // namespace assent::coordinator
