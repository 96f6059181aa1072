// SPDX-License-Identifier: Apache-2.0
// Writes batches into segments and syncs them: the log without a thread.
//
// Contract: StartWriter (log/start.h) makes it. WriteSome writes as many of the records, from the
// first on, as one batch takes, going on to a new segment when not even the first fits; call it
// again with the rest. Records have consecutive LSNs and continue where the last call ended.
// Durability: when WriteSome returns, its batch is durable, and the segment and the lock were still
// found under their names after the sync.
// Errors: any error means that the batch is unknown; every later call gives kFenced, and nothing is
// written or synced again.
// Threads: WriteSome by one thread at a time; FreeBytes and identity by any, without blocking.
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
  // Of one batch, unless a single record is larger.
  static constexpr uint64_t kBatchStreamBytes = 1 << 20;

  // Begin comes before anything else.
  Writer(FileSystem& files, Options options, std::unique_ptr<FileLock> lock, Identity identity,
         uint64_t segment, Lsn next_lsn);

  // Writes `header` into a prepared file and goes on in it. Durable on return.
  Result<void> Begin(std::unique_ptr<File> file, const SegmentHeader& header);
  Result<Written> WriteSome(std::span<const Record> records);
  // kFenced unless the current segment and the lock are still found under their names. Threads: as
  // WriteSome.
  Result<void> CheckNames();

  // Bytes on disk that can certainly still be written, at FootprintBytes a record: what is left of
  // the current segment and of the next ones that are prepared. (Where two meet, the bytes of one
  // record are set aside, of the widest seen or 64 KiB; a wider one may cost as many bytes again,
  // once.)
  uint64_t FreeBytes() const;
  // A record's payload may have no more bytes than this.
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
  uint64_t sector_ = 0;  // where the next batch goes
  Lsn next_lsn_;
  bool failed_ = false;
  std::atomic<uint64_t> left_bytes_{0};  // of the current segment
  std::atomic<uint64_t> widest_bytes_;   // the largest record seen, on disk; at first a guess
};

}  // namespace assent::log
