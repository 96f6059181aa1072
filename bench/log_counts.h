// SPDX-License-Identifier: Apache-2.0
// What the coordinator wrote into its log for the transactions of a bench.
//
// Contract: the daemon may go on meanwhile. Segments that it gave up are not counted: for short
// runs. Errors: any ends the process. Threads: any.
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
