// SPDX-License-Identifier: Apache-2.0
// The thread that writes the log, with group commit: the records that queue during one sync form
// the next batch.
//
// Contract: usable alone over a Writer; DecisionLog adds reclaiming and upkeep. The sink and the
// observer are called on the flusher's thread with no lock held; they may append.
// Durability: after OnDurable(n) every record up to n is durable. After OnFailure nothing more is
// written, synced or reported, and appended records are dropped. A segment or lock file that no
// longer has its name is such a failure; an idle flusher detects it within a second.
// Threads: any thread may call Append and FreeBytes; neither waits for the disk. The owner calls
// Stop.
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
  kRide,   // join the next batch, within 5 ms
  kLazy,   // join the next batch, within 1 s
};

class DurableSink {
 public:
  virtual ~DurableSink() = default;
  // Every record up to `up_to` is durable. Called once for each batch.
  virtual void OnDurable(Lsn up_to) = 0;
  // The state of all records not yet reported durable is unknown: answer no request, send nothing,
  // exit. Called at most once.
  virtual void OnFailure(const Error& error) = 0;
  // The log exceeds its size limit: append a copy of each record below this LSN that is still
  // needed, then release all records below it.
  virtual void OnPressure(Lsn below) = 0;
  // An attempt to prepare a segment has ended: FreeBytes or Obstacle may have changed.
  virtual void OnSpace() {}
};

class Flusher {
 public:
  using Observer = std::function<void(const Written&)>;  // before OnDurable, for each batch

  // Starts the thread. The first record appended gets the writer's next LSN. The arguments must
  // outlive the flusher.
  Flusher(Writer& writer, DurableSink& sink, Counters& counters, Observer observer);
  ~Flusher();  // stops

  Lsn Append(RecordType type, std::string payload, Urgency urgency);
  // The writer's free space less the footprint of the queued records.
  uint64_t FreeBytes() const;
  // Reports a failure of another part of the log: nothing more is written, and OnFailure follows.
  void Fail(Error error);
  // Writes the queued records, unless the log has failed, and joins the thread. Records appended
  // later are dropped and never reported.
  void Stop();

 private:
  using Time = std::chrono::steady_clock::time_point;
  // Reserved for Reclaimed records, without which no space can be freed.
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
  Time check_at_{};  // when to check the names next, unless a batch does so earlier
  std::optional<Error> failure_;

  std::atomic<uint64_t> queued_bytes_{0};
  std::atomic<bool> closed_{false};  // the log has failed: FreeBytes is 0
  uint64_t seen_segment_ = 0;        // the flusher's thread only
  std::thread thread_;
};

}  // namespace assent::log
