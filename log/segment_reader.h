// SPDX-License-Identifier: Apache-2.0
// Reads one segment batch by batch and distinguishes a torn last batch from damage.
//
// Contract: a segment whose end is recorded in its successor is *sealed*: it must consist of whole
// batches up to exactly that offset, and the rest is ignored. The newest segment is open: after its
// last whole batch everything must be zero except for one *torn* batch, whose sectors are each
// valid or zero, at least one of them zero. Anything else is damage.
// Errors: kDamaged names the file and the offset. kIo and kNotFound as in log/io.h. After an error,
// kEnd or kTorn, do not call Next again.
// Threads: one at a time. It only reads, and needs no lock.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "log/batch.h"
#include "log/file_system.h"
#include "log/format.h"

namespace assent::log {

struct Batch {
  Lsn first_lsn = 0;
  uint64_t offset = 0;  // of its first sector
  uint64_t end = 0;     // after its last sector
  std::string stream;   // the concatenated bodies of its sectors
};

class SegmentReader {
 public:
  enum class Step { kBatch, kEnd, kTorn };

  static Result<std::unique_ptr<SegmentReader>> Open(FileSystem& files,
                                                     const std::string& directory,
                                                     uint64_t segment);

  // Empty if nothing has been written into this segment: it was prepared ahead.
  const std::optional<SegmentHeader>& header() const { return header_; }
  const std::string& path() const { return path_; }
  uint64_t file_bytes() const { return file_bytes_; }

  // Seals the segment at `end`, the offset recorded in its successor. Call it before Next.
  Result<void> SealAt(uint64_t end);
  // Reads the next batch. The segment must have a header.
  Result<Step> Next(Batch* batch);
  // The offset after the last batch that Next returned.
  uint64_t end() const { return sector_ * kSectorBytes; }

 private:
  SegmentReader(std::unique_ptr<File> file, std::string path, uint64_t segment,
                uint64_t file_bytes);
  Result<void> ReadHeader();
  Result<void> ExpectUnused();
  Result<SectorState> Load(uint64_t sector, SectorHead* head);
  Result<Step> Tail();
  Result<void> CheckFirst(const SectorHead& head) const;
  Error DamageAt(uint64_t sector, std::string_view what) const;
  const char* Bytes(uint64_t sector) const;

  std::unique_ptr<File> file_;
  const std::string path_;
  const uint64_t segment_;
  const uint64_t file_bytes_;
  std::optional<SegmentHeader> header_;
  std::optional<uint64_t> sealed_;
  uint64_t sector_ = 1;     // where the next batch starts
  Lsn expected_ = 1;        // its first LSN
  std::string window_;      // a buffered range of whole sectors
  uint64_t window_at_ = 0;  // its first sector
};

// Totals of one segment.
struct SegmentSummary {
  uint64_t records = 0;  // of every type
  uint64_t payloads = 0;
  Lsn next_lsn = 0;         // after the last record
  uint64_t end = 0;         // offset after the last whole batch
  uint64_t last_batch = 0;  // offset of that batch; 0 if the segment has no batch
  bool torn = false;        // a torn batch starts at `end`
  bool copy_complete = false;
  uint64_t reclaimed_below = 0;
};

// Reads a segment to its end. On an error `summary` covers what was read before it. `visit` may be
// null; the records that it gets are valid only during the call.
using RecordVisitor = std::function<void(const RecordView&, uint64_t batch_offset)>;
Result<void> WalkSegment(SegmentReader& reader, SegmentSummary* summary,
                         const RecordVisitor& visit);

}  // namespace assent::log
