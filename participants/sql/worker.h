// SPDX-License-Identifier: Apache-2.0
// One thread with a task queue: tasks run one after another, in the order in which they were
// posted.
//
// Contract: tasks posted before Finish() run before it returns; timed tasks that are not due are
// dropped. After Finish() every Post returns false and the task does not run.
// Threads: Post and PostAfter may be called from any thread, also from a task, and never block;
// Finish from any thread but the worker's own. An idle worker never wakes up.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

namespace assent::sql {

class Worker {
 public:
  using Task = std::function<void()>;

  Worker() : thread_([this] { Loop(); }) {}
  ~Worker() { Finish(); }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  bool Post(Task task);
  bool PostAfter(std::chrono::milliseconds delay, Task task);
  void Finish();

 private:
  using Clock = std::chrono::steady_clock;
  void Loop();
  // Waits for the next task; an empty task ends the thread.
  Task Take();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Task> tasks_;
  std::multimap<Clock::time_point, Task> timed_;
  bool finished_ = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace assent::sql
