// SPDX-License-Identifier: Apache-2.0
// Starts a new incarnation of a log: creates a segment and copies the records still needed into it.
//
// Contract: `copies` holds, in order, the payloads that the owner still needs of those recovered;
// all others are dropped. The copies get consecutive LSNs from `first_copy` on.
// Durability: on return the new segment, the copies, the *copy complete* record and the directory
// are durable, and the older segments have been removed. Until then the old log is not modified. It
// need not be durable itself (its process may have died before the sync): an interrupted start
// leaves a half copy, which the next start ignores and removes.
// Errors: those of log/io.h. kResourceExhausted: not enough space for the new segment even without
// the ballast. kInvalid: no incarnation number is left.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "log/recovered.h"
#include "log/writer.h"

namespace assent::log {

struct Started {
  std::unique_ptr<Writer> writer;
  Lsn first_copy = 0;
  std::vector<Written> batches;  // those written into the new segment
};

Result<Started> StartWriter(FileSystem& files, Recovered recovered,
                            const std::vector<std::string>& copies, Random& random);

// Creates the ballast, a file of options.ballast_bytes, or removes it if that is 0.
// Errors: kResourceExhausted (free space for twice the ballast and one segment is required; try
// again later), kFenced, kIo.
Result<void> MakeBallast(FileSystem& files, const Options& options,
                         const std::atomic<bool>* cancel);

}  // namespace assent::log
