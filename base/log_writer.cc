// SPDX-License-Identifier: Apache-2.0
#include "base/log_writer.h"

#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <thread>
#include <utility>

#include "base/event_log.h"
#include "base/line_queue.h"

namespace assent {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kMostLines = 16'384;
constexpr size_t kMostBytes = 8 << 20;
constexpr std::chrono::milliseconds kPollTime(1000);

enum class Wrote : uint8_t { kAll, kNotYet, kNever };

// Writes at most PIPE_BUF bytes, which a pipe accepts without blocking if poll reports it writable.
Wrote WriteSome(const char* from, size_t size, std::chrono::milliseconds wait, size_t* written) {
  pollfd place{STDERR_FILENO, POLLOUT, 0};
  const int ready = poll(&place, 1, static_cast<int>(wait.count()));
  if (ready < 0 && errno != EINTR) return Wrote::kNever;
  if (ready <= 0) return Wrote::kNotYet;
  const ssize_t count = write(STDERR_FILENO, from, std::min<size_t>(size, PIPE_BUF));
  if (count >= 0) {
    *written = static_cast<size_t>(count);
    return *written == size ? Wrote::kAll : Wrote::kNotYet;
  }
  const bool again = errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK;
  return again ? Wrote::kNotYet : Wrote::kNever;
}

class Writer {
 public:
  void Start() {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    std::thread([this] { Run(); }).detach();
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  void Push(bool is_error, std::string line) {
    {
      const std::lock_guard lock(mutex_);
      queue_.Push(is_error, std::move(line));
      if (!sleeping_) return;
      sleeping_ = false;
    }
    wake_.notify_one();
  }

  void Flush(std::chrono::milliseconds wait) {
    std::unique_lock lock(mutex_);
    queue_.PutErrorsFirst();
    written_.wait_for(lock, wait, [this] { return queue_.empty() && sleeping_; });
  }

 private:
  void Run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      if (queue_.is_at_gap()) {
        const auto dropped = queue_.TakeDropped();
        missing_.errors += dropped.errors;
        missing_.others += dropped.others;
        Report(&lock);
      }
      while (queue_.empty()) {
        sleeping_ = true;
        written_.notify_all();
        wake_.wait(lock, [this] { return !sleeping_; });
      }
      const std::string line = queue_.Pop();
      lock.unlock();
      const bool done = Write(line);
      lock.lock();
      if (!done) {
        ++not_written_;
      } else if (not_written_ + missing_.errors + missing_.others > 0) {
        Report(&lock);
      }
    }
  }

  // Writes the event `log-dropped`, bypassing the queue, which may be full again. If it cannot be
  // written, the counts are kept for the next report.
  void Report(std::unique_lock<std::mutex>* lock) {
    const auto missing = std::exchange(missing_, {});
    const uint64_t not_written = std::exchange(not_written_, 0);
    lock->unlock();
    const bool done =
        Write(LogLine(LogEvent::kLogDropped, {{"errors", std::to_string(missing.errors)},
                                              {"others", std::to_string(missing.others)},
                                              {"not_written", std::to_string(not_written)}}));
    lock->lock();
    if (done) return;
    missing_.errors += missing.errors;
    missing_.others += missing.others;
    not_written_ += not_written;
  }

  // Waits for the reader without a time limit. False if the line can never be written.
  static bool Write(const std::string& line) {
    for (size_t done = 0; done < line.size();) {
      size_t written = 0;
      const Wrote wrote = WriteSome(line.data() + done, line.size() - done, kPollTime, &written);
      if (wrote == Wrote::kNever) return false;
      done += written;
    }
    return true;
  }

  std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  std::condition_variable written_;
  LineQueue queue_{kMostLines, kMostBytes};
  LineQueue::Dropped missing_;  // not reported yet
  uint64_t not_written_ = 0;    // not reported yet
  bool sleeping_ = false;
};

std::atomic<Writer*> the_writer{nullptr};

}  // namespace

void StartLogWriter() {
  auto* writer = new Writer;  // never destroyed
  writer->Start();
  the_writer.store(writer);
}

bool LogWriterRuns() { return the_writer.load(std::memory_order_relaxed) != nullptr; }

void QueueLogLine(bool is_error, std::string line) {
  the_writer.load()->Push(is_error, std::move(line));
}

void FlushLog(std::chrono::milliseconds wait) {
  if (Writer* writer = the_writer.load()) writer->Flush(wait);
}

bool WriteToStandardError(const std::string& text, std::chrono::milliseconds wait) {
  const auto until = Clock::now() + wait;
  for (size_t done = 0; done < text.size();) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now());
    size_t written = 0;
    const Wrote wrote = WriteSome(text.data() + done, text.size() - done,
                                  std::max(left, std::chrono::milliseconds(0)), &written);
    if (wrote == Wrote::kNever || (written == 0 && left.count() <= 0)) return false;
    done += written;
  }
  return true;
}

}  // namespace assent
