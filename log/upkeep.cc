// SPDX-License-Identifier: Apache-2.0
#include "log/upkeep.h"

#include <algorithm>
#include <chrono>

#include "base/event_log.h"
#include "log/io.h"
#include "log/quiet_thread.h"
#include "log/start.h"

namespace assent::log {
namespace {

constexpr std::chrono::milliseconds kCheckTime(500);
constexpr std::chrono::milliseconds kRetryTime(1000);

}  // namespace

Upkeep::Upkeep(Writer& writer, uint64_t oldest)
    : writer_(writer), oldest_(oldest), below_(oldest) {}

Upkeep::~Upkeep() { Stop(); }

void Upkeep::Start(std::function<void(const Error&)> fail, std::function<void()> tried) {
  fail_ = std::move(fail);
  tried_ = std::move(tried);
  thread_ = QuietThread([this] { Run(); });
}

void Upkeep::Wake() {
  {
    std::lock_guard lock(mutex_);
    woken_ = true;
  }
  wake_.notify_one();
}

void Upkeep::Want(uint64_t bytes) {
  uint64_t before = wanted_.load();
  while (before < bytes && !wanted_.compare_exchange_weak(before, bytes)) {
  }
  Wake();
}

std::string Upkeep::obstacle() const {
  std::lock_guard lock(mutex_);
  return obstacle_;
}

void Upkeep::RemoveBelow(uint64_t below) {
  below_.store(below);
  Wake();
}

void Upkeep::Stop() {
  cancelled_.store(true);
  writer_.spare().Cancel();
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

Result<void> Upkeep::Try(Result<void> done) {
  if (done || done.error().code == ErrorCode::kFenced) return done;
  unfinished_ = true;
  if (done.error().code != ErrorCode::kUnavailable && done.error().message != last_message_) {
    last_message_ = done.error().message;
    Event(LogEvent::kLogUpkeepFailed, {{"detail", last_message_}});
  }
  return {};
}

Result<void> Upkeep::RemoveReclaimed() {
  const uint64_t below = below_.load();
  if (oldest_ >= below) return {};
  const std::string& directory = writer_.options().directory;
  for (; oldest_ < below; ++oldest_) {
    auto removed = RemoveFile(writer_.files(), SegmentPath(directory, oldest_));
    if (!removed) return removed;
    Event(LogEvent::kLogReclaimed, {{"file", SegmentPath(directory, oldest_)}});
  }
  return SyncDirectory(writer_.files(), directory);
}

// A deleted segment may contain decisions, and the next start would refuse the log without it.
Result<void> Upkeep::CheckSegments() {
  const std::string& directory = writer_.options().directory;
  // Loaded before the listing. A segment that is reclaimed in between still exists, because this
  // thread removes the files.
  const uint64_t below = below_.load();
  const uint64_t next = writer_.spare().next();
  auto names = ListFiles(writer_.files(), directory);
  if (!names) return Try(names.error());
  for (uint64_t segment = below; segment < next; ++segment) {
    const std::string path = SegmentPath(directory, segment);
    const std::string name = path.substr(directory.size() + 1);
    if (std::binary_search(names->begin(), names->end(), name)) continue;
    return Error{ErrorCode::kFenced, path + " was deleted or renamed while it was in use"};
  }
  return {};
}

// Prepared segments occupy disk space before they are needed, so they are limited to a quarter of
// the log's size.
size_t Upkeep::MostAhead() const {
  const Options& options = writer_.options();
  const uint64_t quarter = options.max_bytes / options.segment_bytes / 4;
  return std::clamp<uint64_t>(quarter, 1, kMostAhead);
}

void Upkeep::NoteObstacle(const Result<void>& made) {
  std::lock_guard lock(mutex_);
  obstacle_ = made ? "" : made.error().message;
}

Result<void> Upkeep::PrepareAhead() {
  Spare& spare = writer_.spare();
  for (;;) {
    const size_t ready = spare.ready();
    const bool wanted = writer_.FreeBytes() < wanted_.load() && ready < MostAhead();
    if (!wanted) wanted_.store(0);
    if (ready >= ahead_ && !wanted) return {};
    const uint64_t before = spare.asked();
    auto made = spare.Prepare(ready + 1);
    const uint64_t used = spare.asked() - before;  // while one was created
    ahead_ = std::clamp<uint64_t>(std::max<uint64_t>(used + 1, ahead_ - 1), 1, MostAhead());
    if (!cancelled_.load()) {
      NoteObstacle(made);
      tried_();
    }
    if (!made) return made;
  }
}

Result<void> Upkeep::RunOnce() { return RunOnce(false); }

Result<void> Upkeep::RunOnce(bool threaded) {
  unfinished_ = false;
  auto done = threaded ? CheckSegments() : Result<void>{};
  if (done) done = Try(RemoveReclaimed());
  if (done) done = Try(threaded ? PrepareAhead() : writer_.spare().Prepare());
  if (done) done = Try(MakeBallast(writer_.files(), writer_.options(), &cancelled_));
  if (done && !unfinished_) last_message_.clear();
  return done;
}

void Upkeep::Run() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    woken_ = false;
    lock.unlock();
    auto done = RunOnce(true);
    lock.lock();
    if (!done) {
      lock.unlock();
      fail_(done.error());
      return;
    }
    const auto due = [this] { return stop_ || woken_; };
    wake_.wait_for(lock, unfinished_ ? kRetryTime : kCheckTime, due);
  }
}

}  // namespace assent::log
