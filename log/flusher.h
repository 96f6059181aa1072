// SPDX-License-Identifier: Apache-2.0
// The thread that writes the log, with natural batching: what queues while one sync runs is the
// next batch.
//
// Contract: usable alone over a Writer; DecisionLog adds reclaiming and upkeep to it. The sink's
// and the observer's functions are called on the flusher's thread, with no lock held; they may
// append. Durability: after OnDurable(n) every record up to n is durable. Once OnFailure was called
// nothing more is written, synced or reported; what is appended then is dropped. A segment or lock
// that has lost its name is such a failure; without a batch it is noticed within a second. Threads:
// Append and FreeBytes by any, neither waits for the disk. Stop by the owner.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "log/counters.h"
#include "log/writer.h"

namespace assent::log {

enum class Urgency {
  kForce,  // flush now
  kRide,   // with the next group, at the latest after 5 ms
  kLazy,   // with the next group, at the latest after 1 s
};

class DurableSink {
 public:
  virtual ~DurableSink() = default;
  // Every record up to `up_to` is durable. Once a batch.
  virtual void OnDurable(Lsn up_to) = 0;
  // What has not been reported durable is unknown: answer nobody, send nothing, exit. Once.
  virtual void OnFailure(const Error& error) = 0;
  // The log is over its size: append again what is still needed of the records below this LSN, then
  // release them.
  virtual void OnPressure(Lsn below) = 0;
  // A segment was prepared, or could not be: FreeBytes or Obstacle may have changed.
  virtual void OnSpace() {}
};

class Flusher {
 public:
  using Observer = std::function<void(const Written&)>;  // before OnDurable, for each batch

  // `first`: the LSN of the first record appended, which is the writer's next. The thread starts at
  // once. All referred to outlives it.
  Flusher(Writer& writer, DurableSink& sink, Counters& counters, Observer observer);
  ~Flusher();  // stops

  Lsn Append(RecordType type, std::string payload, Urgency urgency);
  // Of the writer's free space, what records that wait will not take.
  uint64_t FreeBytes() const;
  // Something else under the log failed: nothing more is written, and OnFailure follows.
  void Fail(Error error);
  // Writes what waits, unless the log failed, and joins the thread. What is appended
  // after is dropped, and never reported.
  void Stop();

 private:
  using Time = std::chrono::steady_clock::time_point;
  // Kept free for the log's own records, which free space.
  static constexpr uint64_t kReserveBytes = 4 * kSectorBytes;

  void Run();
  bool WaitForWork(std::unique_lock<std::mutex>& lock);
  void CheckNames(std::unique_lock<std::mutex>& lock);
  Result<void> WriteAll(const std::vector<Record>& records);
  void Count(const Written& written);

  Writer& writer_;
  DurableSink& sink_;
  Counters& counters_;
  const Observer observer_;

  std::mutex mutex_;  // guards what follows, up to the blank line
  std::condition_variable wake_;
  std::vector<Record> queue_;
  Lsn next_lsn_;
  bool force_ = false;
  bool sleeping_ = false;
  bool stop_ = false;
  bool failed_ = false;
  Time due_ = Time::max();
  Time check_at_{};  // when the names are looked at next, if no batch comes first
  std::optional<Error> failure_;

  std::atomic<uint64_t> queued_bytes_{0};
  std::atomic<bool> closed_{false};  // failed: no free space
  uint64_t seen_segment_ = 0;        // the flusher's thread only
  std::thread thread_;
};

}  // namespace assent::log
