// SPDX-License-Identifier: Apache-2.0
// Connects the judge with the shard: collects what the shard knows about the listed branches, and
// applies the verdicts.
//
// Contract: the first complete scan of a resource that has a witness table also purges the rows of
// earlier incarnations. Threads: the shard's only; no timer of its own.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "coordinator/shard.h"
#include "recovery/judge.h"

namespace assent::recovery {

class ScanHandler {
 public:
  explicit ScanHandler(SweeperOptions options) : judge_(options) {}

  // Registers for the answers to calls for orphans. Call once, before the first Take.
  void Attach(coordinator::Shard& shard);
  // Handles the result of a scan that was requested at `started`. Returns the delay before the next
  // scan; nullopt: none, because the log directory is stale and Shard::Fatal was called.
  std::optional<Duration> Take(coordinator::Shard& shard, const std::string& resource,
                               const xa::ScanResult& scan, Monotonic started);

 private:
  void TakeAnswer(const xa::Completion& completion);

  Judge judge_;
  std::set<std::string> purged_;  // resources
};

}  // namespace assent::recovery
