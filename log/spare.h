// SPDX-License-Identifier: Apache-2.0
// Segments prepared ahead of the current one, so that the flusher need not wait for zero-filling.
//
// Contract: Prepare creates the files of the next segments, zero-filled and durable. Take hands out
// the first one, creating it if none is ready.
// Errors: those of log/io.h. kResourceExhausted, kIo and kUnavailable may be retried: the
// incomplete file has been removed. kFenced is permanent: a sync failed.
// Threads: any. Take blocks on a file that is being created only if none is ready; ready() does not
// block.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/result.h"
#include "log/file_system.h"

namespace assent::log {

class Spare {
 public:
  // `next`: the segment after the current one.
  Spare(FileSystem& files, std::string directory, uint64_t segment_bytes, uint64_t next);

  // Creates segments until `count` are ready.
  Result<void> Prepare(size_t count = 1);
  Result<std::unique_ptr<File>> Take(uint64_t segment);
  // The segment after the current one.
  uint64_t next() const;
  // How often Take has been called, calls that still wait included.
  uint64_t asked() const { return asked_.load(); }
  size_t ready() const { return ready_.load(std::memory_order_acquire); }
  // Makes running and later calls of Prepare return kUnavailable early.
  void Cancel() { cancelled_.store(true); }

 private:
  // Called with the lock held; releases it while it writes.
  Result<void> MakeOne(std::unique_lock<std::mutex>& lock, const std::atomic<bool>* cancel);

  FileSystem& files_;
  const std::string directory_;
  const uint64_t segment_bytes_;
  std::atomic<size_t> ready_{0};
  std::atomic<uint64_t> asked_{0};
  std::atomic<bool> cancelled_{false};
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable made_;
  bool making_ = false;
  uint64_t next_;
  std::deque<std::unique_ptr<File>> prepared_;  // segments next_, next_ + 1, ...
  std::optional<Error> fence_;
};

}  // namespace assent::log
