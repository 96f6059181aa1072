// SPDX-License-Identifier: Apache-2.0
// Counts what the coordinator wrote to its log for the transactions of a benchmark.
//
// Contract: the daemon may be running. Reclaimed segments are not counted, so the run must be
// short.
// Errors: any error ends the process.
// Threads: any.
#pragma once

#include <cstdint>
#include <string>

namespace assent::bench {

struct LogCounts {
  uint64_t opens = 0, commits = 0;  // records that are forced
  uint64_t ends = 0;                // not forced
  uint64_t batches = 0;             // each is one write and one fdatasync
};
LogCounts CountLog(const std::string& directory);

}  // namespace assent::bench
