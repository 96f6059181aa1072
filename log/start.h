// SPDX-License-Identifier: Apache-2.0
// Takes a log directory over: a new incarnation in a new segment, with what is still needed copied
// into it.
//
// Contract: `copies` holds, in order, the payloads of everything that the owner still needs of what
// was recovered; nothing else survives. They get consecutive LSNs from `first_copy` on.
// Durability: on return the new segment, the copies, the *copy complete* record and the directory
// are durable, and the older segments are gone. Until then nothing of the old log is touched: what
// was read of it need not even be on the disk (its process may have died before the sync), because
// a start that ends early leaves a half copy, which counts for nothing, and the next one removes
// it. Errors: those of log/io.h. kResourceExhausted: no free space for the new segment even without
// the ballast. kInvalid: the incarnations are used up.
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
  std::vector<Written> batches;  // what went into the new segment
};

Result<Started> StartWriter(FileSystem& files, Recovered recovered,
                            const std::vector<std::string>& copies, Random& random);

// Keeps `bytes` back on the disk, if there is space for twice that and a segment; 0 removes it.
// Errors: kResourceExhausted (try again later), kFenced, kIo.
Result<void> MakeBallast(FileSystem& files, const Options& options,
                         const std::atomic<bool>* cancel);

}  // namespace assent::log
