// SPDX-License-Identifier: Apache-2.0
#include "log/flusher.h"

#include <algorithm>
#include <span>

#include "base/check.h"
#include "base/event_log.h"
#include "log/quiet_thread.h"

namespace assent::log {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::steady_clock::duration kRideTime = 5ms;
constexpr std::chrono::steady_clock::duration kLazyTime = 1s;
constexpr std::chrono::steady_clock::duration kCheckTime = 500ms;  // of the names, while idle

}  // namespace

Flusher::Flusher(Writer& writer, DurableSink& sink, Counters& counters, Observer observer)
    : writer_(writer),
      sink_(sink),
      counters_(counters),
      observer_(std::move(observer)),
      next_lsn_(writer.next_lsn()),
      seen_segment_(writer.segment()) {
  thread_ = QuietThread([this] { Run(); });
}

Flusher::~Flusher() { Stop(); }

Lsn Flusher::Append(RecordType type, std::string payload, Urgency urgency) {
  CHECK(payload.size() <= writer_.MaxPayload()) << "a record of " << payload.size() << " bytes";
  const uint64_t footprint = FootprintBytes(payload.size());
  Time due = Time::max();
  if (urgency != Urgency::kForce) {
    due = std::chrono::steady_clock::now() + (urgency == Urgency::kRide ? kRideTime : kLazyTime);
  }
  bool wake = false;
  Lsn lsn = 0;
  {
    std::lock_guard lock(mutex_);
    lsn = next_lsn_++;
    if (failed_ || stop_) return lsn;
    queue_.push_back({type, std::move(payload)});
    queued_bytes_.fetch_add(footprint, std::memory_order_relaxed);
    const bool sooner = urgency == Urgency::kForce ? !force_ : due < due_;
    if (urgency == Urgency::kForce) force_ = true;
    if (due < due_) due_ = due;
    if (sooner && sleeping_) {
      sleeping_ = false;
      wake = true;
    }
  }
  if (wake) wake_.notify_one();
  return lsn;
}

uint64_t Flusher::FreeBytes() const {
  if (closed_.load(std::memory_order_acquire)) return 0;
  // Queued bytes first: a batch that completes in between is deducted twice rather than not at all.
  const uint64_t taken = queued_bytes_.load(std::memory_order_acquire) + kReserveBytes;
  const uint64_t free = writer_.FreeBytes();
  return free > taken ? free - taken : 0;
}

void Flusher::Fail(Error error) {
  {
    std::lock_guard lock(mutex_);
    if (!failure_) failure_ = std::move(error);
    sleeping_ = false;
  }
  wake_.notify_one();
}

void Flusher::Stop() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
    sleeping_ = false;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

// Returns true if there is something to write, false if the thread must end.
bool Flusher::WaitForWork(std::unique_lock<std::mutex>& lock) {
  for (;;) {
    if (failure_) return false;
    if (stop_) return !queue_.empty();
    const Time now = std::chrono::steady_clock::now();
    if (!queue_.empty() && (force_ || due_ <= now)) return true;
    if (check_at_ <= now) {
      CheckNames(lock);
      continue;
    }
    sleeping_ = true;
    wake_.wait_until(lock, std::min(due_, check_at_));
    sleeping_ = false;
  }
}

void Flusher::CheckNames(std::unique_lock<std::mutex>& lock) {
  lock.unlock();
  auto named = writer_.CheckNames();
  lock.lock();
  check_at_ = std::chrono::steady_clock::now() + kCheckTime;
  if (!named && !failure_) failure_ = named.error();
}

void Flusher::Run() {
  std::vector<Record> records;
  std::unique_lock lock(mutex_);
  while (WaitForWork(lock)) {
    records.swap(queue_);
    force_ = false;
    due_ = Time::max();
    lock.unlock();
    auto written = WriteAll(records);
    records.clear();
    lock.lock();
    check_at_ = std::chrono::steady_clock::now() + kCheckTime;  // each batch checks the names
    if (!written && !failure_) failure_ = written.error();
  }
  if (!failure_) return;
  failed_ = true;
  closed_.store(true, std::memory_order_release);
  queue_.clear();
  const Error error = *failure_;
  lock.unlock();
  Event(LogEvent::kLogFailed, {{"detail", error.message}});
  sink_.OnFailure(error);
}

Result<void> Flusher::WriteAll(const std::vector<Record>& records) {
  std::span<const Record> rest(records);
  while (!rest.empty()) {
    auto written = writer_.WriteSome(rest);
    if (!written) return written.error();
    uint64_t footprint = 0;
    for (const Record& r : rest.first(written->records)) {
      footprint += FootprintBytes(r.payload.size());
    }
    queued_bytes_.fetch_sub(footprint, std::memory_order_release);
    rest = rest.subspan(written->records);
    Count(*written);
    if (observer_) observer_(*written);
    sink_.OnDurable(written->last());
  }
  return {};
}

void Flusher::Count(const Written& written) {
  counters_.records.fetch_add(written.records, std::memory_order_relaxed);
  counters_.batches.fetch_add(1, std::memory_order_relaxed);
  counters_.bytes.fetch_add(written.bytes, std::memory_order_relaxed);
  counters_.CountSync(static_cast<uint64_t>(written.sync_time.count()));
  if (written.segment != seen_segment_) {
    seen_segment_ = written.segment;
    counters_.segments.fetch_add(1, std::memory_order_relaxed);
  }
}

}  // namespace assent::log
