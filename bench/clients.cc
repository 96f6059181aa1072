// SPDX-License-Identifier: Apache-2.0
#include "bench/clients.h"

#include <linux/futex.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <thread>

namespace assent::bench {
namespace {

using Clock = std::chrono::steady_clock;
enum Phase : int { kWarmUp, kMeasured, kEnd };

double SecondsOf(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

// The start time of the next operation.
Clock::time_point WaitUntilDue(const Load& load, Clock::time_point* due) {
  const auto now = Clock::now();
  if (load.every.count() == 0) return now;
  const auto at = *due;
  *due += load.every;
  if (at <= now) return at;
  std::this_thread::sleep_until(at);
  return Clock::now();
}

double At(std::vector<float>& sorted, double fraction) {
  if (sorted.empty()) return 0;
  const auto index = static_cast<size_t>(fraction * static_cast<double>(sorted.size() - 1));
  return sorted[index];
}

}  // namespace

double ProcessCpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return SecondsOf(usage.ru_utime) + SecondsOf(usage.ru_stime);
}

double MachineCpuSeconds() {
  std::ifstream stat("/proc/stat");
  std::string word;
  double user = 0, nice = 0, system = 0, idle = 0, wait = 0, hard = 0, soft = 0;
  stat >> word >> user >> nice >> system >> idle >> wait >> hard >> soft;
  return (user + nice + system + hard + soft) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

double BusyPercent() {
  constexpr std::chrono::milliseconds kLook{500};
  const double before = MachineCpuSeconds();
  std::this_thread::sleep_for(kLook);
  const double used = MachineCpuSeconds() - before;
  return 100 * used / std::chrono::duration<double>(kLook).count() /
         std::thread::hardware_concurrency();
}

void Gate::Open() {
  open_.store(1, std::memory_order_release);
  syscall(SYS_futex, &open_, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

void Gate::Pass() {
  while (open_.load(std::memory_order_acquire) == 0) {
    syscall(SYS_futex, &open_, FUTEX_WAIT_PRIVATE, 0, nullptr, nullptr, 0);
  }
  open_.store(0, std::memory_order_relaxed);
}

Measured Drive(const Load& load, const std::function<void(int client)>& operation,
               const Edge& edge) {
  std::atomic<int> phase{kWarmUp};
  std::vector<std::vector<float>> latencies(static_cast<size_t>(load.clients));
  std::vector<std::thread> threads;
  const auto begin = Clock::now();
  for (int i = 0; i < load.clients; ++i) {
    threads.emplace_back([&, i] {
      std::vector<float>& mine = latencies[static_cast<size_t>(i)];
      mine.reserve(1 << 12);
      auto due = begin + load.every * i / load.clients;
      while (phase.load(std::memory_order_relaxed) != kEnd) {
        const auto before = WaitUntilDue(load, &due);
        operation(i);
        if (phase.load(std::memory_order_relaxed) != kMeasured) continue;
        mine.push_back(std::chrono::duration<float, std::micro>(Clock::now() - before).count());
      }
    });
  }
  std::this_thread::sleep_for(load.warm_up);
  if (edge) edge(false);
  const double cpu_before = ProcessCpuSeconds();
  const auto before = Clock::now();
  phase.store(kMeasured);
  std::this_thread::sleep_for(load.measured);
  phase.store(kEnd);
  const auto after = Clock::now();
  const double cpu_after = ProcessCpuSeconds();
  if (edge) edge(true);
  for (std::thread& thread : threads) thread.join();

  Measured measured;
  std::vector<float> all;
  for (const auto& mine : latencies) all.insert(all.end(), mine.begin(), mine.end());
  std::sort(all.begin(), all.end());
  measured.operations = all.size();
  measured.seconds = std::chrono::duration<double>(after - before).count();
  measured.cpu_us =
      all.empty() ? 0 : (cpu_after - cpu_before) * 1e6 / static_cast<double>(all.size());
  measured.p50_us = At(all, 0.5);
  measured.p99_us = At(all, 0.99);
  measured.max_us = At(all, 1);
  return measured;
}

}  // namespace assent::bench
