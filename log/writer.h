// SPDX-License-Identifier: Apache-2.0
// Writes batches into segments and syncs them: the log without a thread.
//
// Contract: StartWriter (log/start.h) creates it. WriteSome writes a batch of as many records, from
// the first on, as fit, and starts a new segment if the first does not fit; call it again with the
// rest. LSNs are consecutive across calls.
// Durability: when WriteSome returns, its batch is durable, and after the sync the paths of the
// segment and of the lock file still resolved to the open files.
// Errors: after any error the state of the batch is unknown; every later call returns kFenced, and
// nothing is written or synced again.
// Threads: one thread at a time calls WriteSome; any thread calls FreeBytes and identity, which do
// not block.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"
#include "log/batch.h"
#include "log/directory.h"
#include "log/file_system.h"
#include "log/format.h"
#include "log/spare.h"

namespace assent::log {

struct Written {
  uint64_t segment = 0;
  Lsn first = 0;
  size_t records = 0;
  uint64_t bytes = 0;                    // of the batch on disk
  std::chrono::nanoseconds sync_time{};  // of its fdatasync
  Lsn last() const { return first + records - 1; }
};

class Writer {
 public:
  // The most record bytes in one batch, unless a single record is larger.
  static constexpr uint64_t kBatchStreamBytes = 1 << 20;

  // Call Begin before any other function.
  Writer(FileSystem& files, Options options, std::unique_ptr<FileLock> lock, Identity identity,
         uint64_t segment, Lsn next_lsn);

  // Writes `header` into a prepared file and makes it the current segment. Durable on return.
  Result<void> Begin(std::unique_ptr<File> file, const SegmentHeader& header);
  Result<Written> WriteSome(std::span<const Record> records);
  // kFenced unless the paths of the current segment and of the lock file still resolve to the open
  // files.
  // Threads: as WriteSome.
  Result<void> CheckNames();

  // Free bytes that are guaranteed to be writable, at FootprintBytes for each record: the rest of
  // the current segment and the prepared ones. At each segment boundary the footprint of the widest
  // record seen, at first a guess of 64 KiB, is deducted; a wider record may waste as many bytes
  // again as it occupies, once.
  uint64_t FreeBytes() const;
  // The maximum size of a record's payload.
  uint64_t MaxPayload() const;

  const Identity& identity() const { return identity_; }
  const Options& options() const { return options_; }
  FileSystem& files() const { return files_; }
  Spare& spare() { return spare_; }
  Lsn next_lsn() const { return next_lsn_; }
  uint64_t segment() const { return segment_; }
  uint64_t segment_bytes() const { return segment_bytes_; }  // of the current one

 private:
  Result<void> Rotate();
  Result<Written> WriteBatch(std::span<const Record> records);
  size_t Fill(std::span<const Record> records);
  uint64_t SectorsLeft() const { return segment_bytes_ / kSectorBytes - sector_; }

  FileSystem& files_;
  const Options options_;
  std::unique_ptr<FileLock> lock_;
  const Identity identity_;
  Spare spare_;
  BatchBuilder builder_;
  std::unique_ptr<File> file_;
  std::string path_;
  uint64_t segment_ = 0;
  uint64_t segment_bytes_ = 0;
  uint64_t sector_ = 0;  // where the next batch starts
  Lsn next_lsn_;
  bool failed_ = false;
  std::atomic<uint64_t> left_bytes_{0};  // of the current segment
  std::atomic<uint64_t> widest_bytes_;   // the largest footprint seen; initially a guess
};

}  // namespace assent::log
