// SPDX-License-Identifier: Apache-2.0
// Looks through a log directory without changing it: what `assent log verify` and `dump` show.
//
// Contract: needs no lock, and works on a directory that is damaged, or in use: then the last batch
// may look cut because it is just being written.
// Errors: kNotFound: no such directory. kIo: it cannot be read. Damage is no error but part of the
// report.
// Threads: any, it is a plain function.
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
  kRight,
  kUnused,     // prepared ahead, nothing in it
  kHalfCopy,   // a start that did not end; the next one makes it anew
  kReclaimed,  // given up; only its removal was missed
  kDamaged,
};

struct SegmentReport {
  uint64_t segment = 0;
  std::string path;
  SegmentState state = SegmentState::kRight;
  std::optional<Identity> identity;  // none: unused, or the header cannot be read
  uint64_t records = 0;              // whole ones, the log's own too
  Lsn first_lsn = 0;                 // 0: no record
  Lsn last_lsn = 0;
  uint64_t end = 0;    // offset behind the last whole batch
  bool torn = false;   // a cut batch starts there
  std::string damage;  // with file and offset
};

struct DirectoryReport {
  std::string directory;
  std::vector<SegmentReport> segments;  // in order
  // What a start would refuse with; none: it would start.
  std::optional<Error> refusal;
};

Result<DirectoryReport> Verify(FileSystem& files, const std::string& directory);

struct DumpedRecord {
  uint64_t segment = 0;
  uint64_t batch_offset = 0;
  Lsn lsn = 0;
  RecordType type = RecordType::kPayload;
  std::string_view payload;  // lives only during the call
};

// Every whole record of every segment in order, those of reclaimed or half copied ones too. A
// damaged segment is read up to the damage, and the next one follows; the report says where. In a
// log that is being written that may be just the end.
Result<DirectoryReport> Dump(FileSystem& files, const std::string& directory,
                             const std::function<void(const DumpedRecord&)>& visit);

const char* ToString(SegmentState state);
const char* ToString(RecordType type);

}  // namespace assent::log
