// The segment after the current one, prepared ahead so that the flusher need not wait for zeros.
//
// Contract: Prepare makes the file of the next segment, zero-filled and durable; Take hands it out,
// making it on the spot if Prepare has not. The segment after that is the next one then.
// Errors: those of log/io.h. After kResourceExhausted, kIo or kUnavailable it may be tried again:
// what was half made has been removed. kFenced: a sync failed, and so it goes on.
// Threads: any; while one prepares, Take waits for it. ready() never blocks.
#pragma once

#include <atomic>
#include <cstdint>
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

  Result<void> Prepare();
  Result<std::unique_ptr<File>> Take(uint64_t segment);
  // The segment after the current one.
  uint64_t next() const;
  bool ready() const { return ready_.load(std::memory_order_acquire); }
  // Prepare, running or yet to come, ends early with kUnavailable.
  void Cancel() { cancelled_.store(true); }

 private:
  Result<void> PrepareLocked(const std::atomic<bool>* cancel);

  FileSystem& files_;
  const std::string directory_;
  const uint64_t segment_bytes_;
  std::atomic<bool> ready_{false};
  std::atomic<bool> cancelled_{false};
  mutable std::mutex mutex_;
  uint64_t next_;               // guarded by mutex_
  std::unique_ptr<File> file_;  // guarded by mutex_
  std::optional<Error> fence_;  // guarded by mutex_
};

}  // namespace assent::log
