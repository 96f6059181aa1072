// What the log needs beside writing: the next segment prepared, reclaimed files removed, ballast,
// and a look at the older segments.
//
// Contract: RunOnce does all that is to be done but for that look; a simulation calls it, the
// daemon gives it a thread with Start, which also looks every half second. What cannot be done for
// want of room, or of something else that may come back, is tried again after a second, and said
// once. Errors: kFenced alone, when a sync failed or a segment that still counts is missing: the
// log must not go on. Start's `fail` gets it, once. Threads: RunOnce by one at a time; RemoveBelow
// and Wake by any.
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

  void Start(std::function<void(const Error&)> fail);
  void Wake();
  // A durable record has given these segments up: their files go, oldest first.
  void RemoveBelow(uint64_t below);
  Result<void> RunOnce();
  void Stop();

 private:
  void Run();
  Result<void> RunOnce(bool check);
  // Are the segments that still count in the directory?
  Result<void> CheckSegments();
  Result<void> RemoveReclaimed();
  // kFenced comes through; anything else is noted, and tried again.
  Result<void> Try(Result<void> done);

  Writer& writer_;
  uint64_t oldest_;
  bool unfinished_ = false;
  std::string said_;  // the last message, so that each is logged once
  std::function<void(const Error&)> fail_;
  std::atomic<uint64_t> below_;
  std::atomic<bool> cancelled_{false};
  std::mutex mutex_;
  std::condition_variable wake_;
  bool woken_ = true;  // guarded by mutex_
  bool stop_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace assent::log
