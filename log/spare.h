// SPDX-License-Identifier: Apache-2.0
// The segments after the current one, prepared ahead so that the flusher need not wait for zeros.
//
// Contract: Prepare makes the files of the next segments, zero-filled and durable; Take hands the
// first one out, and makes it on the spot if none is there.
// Errors: those of log/io.h. After kResourceExhausted, kIo or kUnavailable it may be tried again:
// what was half made has been removed. kFenced: a sync failed, and so it goes on.
// Threads: any. Take waits for a file that is being made only where none is ready; ready() never
// blocks.
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

  // Until so many are ready.
  Result<void> Prepare(size_t count = 1);
  Result<std::unique_ptr<File>> Take(uint64_t segment);
  // The segment after the current one.
  uint64_t next() const;
  // How often Take was called: one that waits for its file counts.
  uint64_t asked() const { return asked_.load(); }
  size_t ready() const { return ready_.load(std::memory_order_acquire); }
  // Prepare, running or yet to come, ends early with kUnavailable.
  void Cancel() { cancelled_.store(true); }

 private:
  // With the lock, which it leaves while it writes.
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
  std::deque<std::unique_ptr<File>> prepared_;  // next_ and on
  std::optional<Error> fence_;
};

}  // namespace assent::log
