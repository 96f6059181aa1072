// SPDX-License-Identifier: Apache-2.0
// Reads one segment, batch by batch, and tells a cut last batch from damage.
//
// Contract: a segment whose successor says where it ends is *sealed*: it must consist of whole
// batches up to exactly that offset, and what follows is dead. The newest one is open: after its
// last whole batch everything must be zero, but for one *torn* batch, each of whose sectors is
// either right or zero and at least one of which is zero. Anything else is damage.
// Errors: kDamaged names the file and the offset. kIo, kNotFound as log/io.h. After an error or
// after kEnd or kTorn there is nothing more to read.
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
  uint64_t end = 0;     // behind its last sector
  std::string stream;   // the bodies of its sectors
};

class SegmentReader {
 public:
  enum class Step { kBatch, kEnd, kTorn };

  static Result<std::unique_ptr<SegmentReader>> Open(FileSystem& files,
                                                     const std::string& directory,
                                                     uint64_t segment);

  // None: nothing was ever written into this segment (it was prepared ahead).
  const std::optional<SegmentHeader>& header() const { return header_; }
  const std::string& path() const { return path_; }
  uint64_t file_bytes() const { return file_bytes_; }

  // The successor says that this segment ends at `end`. Before the first Next.
  Result<void> SealAt(uint64_t end);
  // Not for an unused segment.
  Result<Step> Next(Batch* batch);
  // Behind the last whole batch that Next returned.
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
  std::string window_;      // a piece of the file, whole sectors
  uint64_t window_at_ = 0;  // its first sector
};

// What a walk over a segment found.
struct SegmentSummary {
  uint64_t records = 0;  // of every type
  uint64_t payloads = 0;
  Lsn next_lsn = 0;         // behind the last record
  uint64_t end = 0;         // behind the last whole batch
  uint64_t last_batch = 0;  // where that one starts; 0: there is none
  bool torn = false;        // a cut batch starts at `end`
  bool copy_complete = false;
  uint64_t reclaimed_below = 0;
};

// Reads to the end. `summary` holds what was read until then also when an error is returned.
// `visit` may be null; its records point into memory that lives only during the call.
using RecordVisitor = std::function<void(const RecordView&, uint64_t batch_offset)>;
Result<void> WalkSegment(SegmentReader& reader, SegmentSummary* summary,
                         const RecordVisitor& visit);

}  // namespace assent::log
