// SPDX-License-Identifier: Apache-2.0
// Connects the judge with the shard: collects what the shard knows of the branches that a scan has
// listed, and has it carry out the verdicts.
//
// Contract: with the first complete scan of a resource that has a witness table, rows of earlier
// incarnations in it are purged. Threads: the shard's only; no timer of its own.
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

  // Takes the answers to calls for orphans. Once, before the first Take.
  void Attach(coordinator::Shard& shard);
  // `started`: when the scan was asked for. Returns after how long to scan again; nullopt: never,
  // because the log directory is stale and the shard was told to end the process.
  std::optional<Duration> Take(coordinator::Shard& shard, const std::string& resource,
                               const xa::ScanResult& scan, Monotonic started);

 private:
  void TakeAnswer(const xa::Completion& completion);

  Judge judge_;
  std::set<std::string> purged_;  // resources
};

}  // namespace assent::recovery
