#include "log/spare.h"

#include "base/check.h"
#include "log/format.h"
#include "log/io.h"

namespace assent::log {

Spare::Spare(FileSystem& files, std::string directory, uint64_t segment_bytes, uint64_t next)
    : files_(files), directory_(std::move(directory)), segment_bytes_(segment_bytes), next_(next) {}

Result<void> Spare::PrepareLocked(const std::atomic<bool>* cancel) {
  if (file_ != nullptr) return {};
  if (fence_) return *fence_;
  auto made =
      CreateZeroed(files_, directory_, SegmentPath(directory_, next_), segment_bytes_, cancel);
  if (!made) {
    if (made.error().code == ErrorCode::kFenced) fence_ = made.error();
    return made.error();
  }
  file_ = std::move(*made);
  ready_.store(true, std::memory_order_release);
  return {};
}

Result<void> Spare::Prepare() {
  std::lock_guard lock(mutex_);
  return PrepareLocked(&cancelled_);
}

uint64_t Spare::next() const {
  std::lock_guard lock(mutex_);
  return next_;
}

Result<std::unique_ptr<File>> Spare::Take(uint64_t segment) {
  std::lock_guard lock(mutex_);
  CHECK(segment == next_) << "segment " << segment << " is not the next one, " << next_;
  auto prepared = PrepareLocked(nullptr);
  if (!prepared) return prepared.error();
  ++next_;
  ready_.store(false, std::memory_order_release);
  return std::move(file_);
}

}  // namespace assent::log
