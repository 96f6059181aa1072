// SPDX-License-Identifier: Apache-2.0
#include "participants/sql/worker.h"

#include <utility>

namespace assent::sql {

bool Worker::Post(Task task) {
  {
    const std::lock_guard lock(mutex_);
    if (finished_) return false;
    tasks_.push_back(std::move(task));
  }
  wake_.notify_one();
  return true;
}

bool Worker::PostAfter(std::chrono::milliseconds delay, Task task) {
  {
    const std::lock_guard lock(mutex_);
    if (finished_) return false;
    timed_.emplace(Clock::now() + delay, std::move(task));
  }
  wake_.notify_one();
  return true;
}

void Worker::Finish() {
  {
    const std::lock_guard lock(mutex_);
    finished_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

Worker::Task Worker::Take() {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (!timed_.empty() && timed_.begin()->first <= Clock::now() && !finished_) {
      return std::move(timed_.extract(timed_.begin()).mapped());
    }
    if (!tasks_.empty()) {
      Task task = std::move(tasks_.front());
      tasks_.pop_front();
      return task;
    }
    if (finished_) return {};
    if (timed_.empty()) {
      wake_.wait(lock);
    } else {
      wake_.wait_until(lock, timed_.begin()->first);
    }
  }
}

void Worker::Loop() {
  while (Task task = Take()) task();
}

}  // namespace assent::sql
