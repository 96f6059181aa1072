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

// A segment that was deleted takes decisions with it, and the next start would refuse the log.
Result<void> Upkeep::CheckSegments() {
  const std::string& directory = writer_.options().directory;
  const uint64_t below = below_.load();  // before the list: what is given up meanwhile is there yet
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

Result<void> Upkeep::RunOnce() { return RunOnce(false); }

Result<void> Upkeep::RunOnce(bool check) {
  unfinished_ = false;
  auto done = check ? CheckSegments() : Result<void>{};
  if (done) done = Try(RemoveReclaimed());
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
