// SPDX-License-Identifier: Apache-2.0
// Background maintenance of the log: prepares segments, removes reclaimed files, keeps the ballast,
// and checks that the live segments still exist.
//
// Contract: RunOnce does all of this except the check, and keeps one segment prepared; the
// simulation calls it. The daemon calls Start, which runs a thread. The thread also checks the
// segments every half second, and prepares one segment more than the log uses up while one is being
// created. A failure that may pass, such as a full disk, is logged once and retried after a second;
// obstacle() returns why no segment could be prepared.
// Errors: only kFenced, after a failed sync or when a live segment is missing: the log must stop.
// Start's `fail` is called with it, once.
// Threads: one thread at a time calls RunOnce; any thread calls RemoveBelow, Wake, Want and
// obstacle, which do not block.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "base/result.h"
#include "log/writer.h"

namespace assent::log {

class Upkeep {
 public:
  // `oldest`: the number of the oldest segment in the directory.
  Upkeep(Writer& writer, uint64_t oldest);
  ~Upkeep();  // stops

  // Starts the thread. It calls `tried` after each attempt to prepare a segment.
  void Start(std::function<void(const Error&)> fail, std::function<void()> tried);
  void Wake();
  // Requests that segments be prepared until the writer has `bytes` of free space, or kMostAhead
  // segments are ready.
  void Want(uint64_t bytes);
  // Why the last attempt to prepare a segment failed; empty if it did not.
  std::string obstacle() const;
  // Removes the files of the segments below `below`, oldest first. A Reclaimed record for them must
  // be durable.
  void RemoveBelow(uint64_t below);
  Result<void> RunOnce();
  void Stop();

 private:
  static constexpr size_t kMostAhead = 8;

  void Run();
  size_t MostAhead() const;
  Result<void> PrepareAhead();
  void NoteObstacle(const Result<void>& made);
  Result<void> RunOnce(bool threaded);
  // kFenced if a live segment is missing from the directory.
  Result<void> CheckSegments();
  Result<void> RemoveReclaimed();
  // Returns kFenced errors; logs any other error and schedules a retry.
  Result<void> Try(Result<void> done);

  Writer& writer_;
  uint64_t oldest_;
  bool unfinished_ = false;
  std::string last_message_;  // the last message, so that each is logged once
  size_t ahead_ = 1;          // segments
  std::function<void(const Error&)> fail_;
  std::function<void()> tried_;
  std::atomic<uint64_t> wanted_{0};
  std::atomic<uint64_t> below_;
  std::atomic<bool> cancelled_{false};
  mutable std::mutex mutex_;
  std::string obstacle_;  // guarded by mutex_
  std::condition_variable wake_;
  bool woken_ = true;  // guarded by mutex_
  bool stop_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace assent::log
