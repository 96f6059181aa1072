// SPDX-License-Identifier: Apache-2.0
// Inspects a log directory without changing it, for `assent log verify` and `assent log dump`.
//
// Contract: needs no lock, and works on a directory that is damaged or in use. In a directory in
// use the last batch may appear torn because it is being written.
// Errors: kNotFound: no such directory. kIo: it cannot be read. Damage is not an error but part of
// the report.
// Threads: any.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "log/file_system.h"
#include "log/format.h"

namespace assent::log {

enum class SegmentState {
  kValid,
  kUnused,     // prepared ahead, nothing written
  kHalfCopy,   // left by an interrupted start; the next start replaces it
  kReclaimed,  // no longer needed, but not yet removed
  kDamaged,
};

struct SegmentReport {
  uint64_t segment = 0;
  std::string path;
  SegmentState state = SegmentState::kValid;
  std::optional<Identity> identity;  // empty: unused, or the header cannot be read
  uint64_t records = 0;              // whole records of every type
  Lsn first_lsn = 0;                 // 0: no record
  Lsn last_lsn = 0;
  uint64_t end = 0;    // offset after the last whole batch
  bool torn = false;   // a torn batch starts there
  std::string damage;  // with file and offset
};

struct DirectoryReport {
  std::string directory;
  std::vector<SegmentReport> segments;  // in order
  // The error that a start would return; empty if it would succeed.
  std::optional<Error> refusal;
};

Result<DirectoryReport> Verify(FileSystem& files, const std::string& directory);

struct DumpedRecord {
  uint64_t segment = 0;
  uint64_t batch_offset = 0;
  Lsn lsn = 0;
  RecordType type = RecordType::kPayload;
  std::string_view payload;  // valid only during the call
};

// Visits every whole record of every segment in order, reclaimed segments and half copies included.
// Reads a damaged segment up to the damage and continues with the next one; the report names the
// place. In a log that is in use, the damage may be the batch being written.
Result<DirectoryReport> Dump(FileSystem& files, const std::string& directory,
                             const std::function<void(const DumpedRecord&)>& visit);

const char* ToString(SegmentState state);
const char* ToString(RecordType type);

}  // namespace assent::log
