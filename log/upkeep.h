// SPDX-License-Identifier: Apache-2.0
// What the log needs beside writing: the next segments prepared, reclaimed files removed, ballast,
// and a look at the older segments.
//
// Contract: RunOnce does all that is to be done but for that look, with one segment prepared ahead;
// a simulation calls it. The daemon gives it a thread with Start, which also looks every half
// second, and prepares as many segments ahead as are used up while one is made, and one more. What
// cannot be done for want of space, or of something else that may come back, is tried again after a
// second, and said once; obstacle() says why no segment could be prepared.
// Errors: kFenced alone, when a sync failed or a segment that still counts is missing: the log must
// not go on. Start's `fail` gets it, once.
// Threads: RunOnce by one at a time; RemoveBelow, Wake, Want and obstacle by any, without blocking.
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
  // The directory holds no segment below `oldest`.
  Upkeep(Writer& writer, uint64_t oldest);
  ~Upkeep();  // stops

  // `tried`: after each segment that was prepared, or could not be.
  void Start(std::function<void(const Error&)> fail, std::function<void()> tried);
  void Wake();
  // Prepares until the writer has so many bytes of free space, or kMostAhead segments ahead.
  void Want(uint64_t bytes);
  // Why the last try to prepare a segment failed; empty: it did not.
  std::string obstacle() const;
  // A durable record has given these segments up: their files go, oldest first.
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
  // Are the segments that still count in the directory?
  Result<void> CheckSegments();
  Result<void> RemoveReclaimed();
  // kFenced comes through; anything else is noted, and tried again.
  Result<void> Try(Result<void> done);

  Writer& writer_;
  uint64_t oldest_;
  bool unfinished_ = false;
  std::string said_;  // the last message, so that each is logged once
  size_t ahead_ = 1;  // segments
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
