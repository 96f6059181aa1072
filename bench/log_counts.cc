// SPDX-License-Identifier: Apache-2.0
#include "bench/log_counts.h"

#include <set>
#include <utility>

#include "assent/log/v1/records.pb.h"
#include "bench/report.h"
#include "log/file_system.h"
#include "log/verify.h"

namespace assent::bench {

LogCounts CountLog(const std::string& directory) {
  LogCounts counts;
  std::set<std::pair<uint64_t, uint64_t>> batches;
  const auto report =
      log::Dump(log::PosixFileSystem(), directory, [&](const log::DumpedRecord& dumped) {
        log::v1::Record record;
        const auto size = static_cast<int>(dumped.payload.size());
        if (dumped.type != log::RecordType::kPayload ||
            !record.ParseFromArray(dumped.payload.data(), size)) {
          return;
        }
        batches.emplace(dumped.segment, dumped.batch_offset);
        counts.opens += record.has_open();
        counts.commits += record.has_commit();
        counts.ends += record.has_end();
      });
  if (!report) GiveUp(report.error().message);
  counts.batches = batches.size();
  return counts;
}

}  // namespace assent::bench
