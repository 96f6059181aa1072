#include "log/upkeep.h"

#include <chrono>

#include "base/event_log.h"
#include "log/io.h"
#include "log/quiet_thread.h"
#include "log/start.h"

namespace assent::log {

Upkeep::Upkeep(Writer& writer, uint64_t oldest)
    : writer_(writer), oldest_(oldest), below_(oldest) {}

Upkeep::~Upkeep() { Stop(); }

void Upkeep::Start(std::function<void(const Error&)> fail) {
  fail_ = std::move(fail);
  thread_ = QuietThread([this] { Run(); });
}

void Upkeep::Wake() {
  {
    std::lock_guard lock(mutex_);
    woken_ = true;
  }
  wake_.notify_one();
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
  if (done.error().code != ErrorCode::kUnavailable && done.error().message != said_) {
    said_ = done.error().message;
    Log(LogEvent::kWarned, {{"what", said_}});
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
    Log(LogEvent::kLogReclaimed, {{"file", SegmentPath(directory, oldest_)}});
  }
  return SyncDirectory(writer_.files(), directory);
}

Result<void> Upkeep::RunOnce() {
  unfinished_ = false;
  auto done = Try(RemoveReclaimed());
  if (done) done = Try(writer_.spare().Prepare());
  if (done) done = Try(MakeBallast(writer_.files(), writer_.options(), &cancelled_));
  if (done && !unfinished_) said_.clear();
  return done;
}

void Upkeep::Run() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    woken_ = false;
    lock.unlock();
    auto done = RunOnce();
    lock.lock();
    if (!done) {
      lock.unlock();
      fail_(done.error());
      return;
    }
    const auto due = [this] { return stop_ || woken_; };
    if (unfinished_) {
      wake_.wait_for(lock, std::chrono::seconds(1), due);
    } else {
      wake_.wait(lock, due);
    }
  }
}

}  // namespace assent::log
