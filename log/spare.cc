// SPDX-License-Identifier: Apache-2.0
#include "log/spare.h"

#include "base/check.h"
#include "log/format.h"
#include "log/io.h"

namespace assent::log {

Spare::Spare(FileSystem& files, std::string directory, uint64_t segment_bytes, uint64_t next)
    : files_(files), directory_(std::move(directory)), segment_bytes_(segment_bytes), next_(next) {}

Result<void> Spare::MakeOne(std::unique_lock<std::mutex>& lock, const std::atomic<bool>* cancel) {
  if (fence_) return *fence_;
  // A concurrent Take leaves this sum unchanged: it shortens prepared_ and increments next_.
  const std::string path = SegmentPath(directory_, next_ + prepared_.size());
  making_ = true;
  lock.unlock();
  auto made = CreateZeroed(files_, directory_, path, segment_bytes_, cancel);
  lock.lock();
  making_ = false;
  made_.notify_all();
  if (!made) {
    if (made.error().code == ErrorCode::kFenced) fence_ = made.error();
    return made.error();
  }
  prepared_.push_back(std::move(*made));
  ready_.store(prepared_.size(), std::memory_order_release);
  return {};
}

Result<void> Spare::Prepare(size_t count) {
  std::unique_lock lock(mutex_);
  for (;;) {
    made_.wait(lock, [this] { return !making_; });
    if (prepared_.size() >= count) return {};
    auto made = MakeOne(lock, &cancelled_);
    if (!made) return made;
  }
}

uint64_t Spare::next() const {
  std::lock_guard lock(mutex_);
  return next_;
}

Result<std::unique_ptr<File>> Spare::Take(uint64_t segment) {
  ++asked_;
  std::unique_lock lock(mutex_);
  CHECK(segment == next_) << "segment " << segment << " is not the next one, " << next_;
  made_.wait(lock, [this] { return !prepared_.empty() || !making_; });
  if (prepared_.empty()) {
    auto made = MakeOne(lock, nullptr);
    if (!made) return made.error();
  }
  std::unique_ptr<File> file = std::move(prepared_.front());
  prepared_.pop_front();
  ++next_;
  ready_.store(prepared_.size(), std::memory_order_release);
  return file;
}

}  // namespace assent::log
