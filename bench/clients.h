// SPDX-License-Identifier: Apache-2.0
// Clients, a thread each. In closed loops the next operation begins when the last one has ended; at
// a pace it begins when it is due, and one that is late counts from then.
//
// Contract: every side of a comparison is driven by the same clients, so that what threads and
// their wake-ups cost is the same on both. Units: microseconds as double.
// Threads: Drive blocks until its threads have ended; `operation` of client i runs on thread i.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

namespace assent::bench {

struct Load {
  int clients = 1;
  std::chrono::milliseconds warm_up{300};
  std::chrono::milliseconds measured{1500};
  std::chrono::microseconds every{0};  // each client's pace; 0: closed loops
};

struct Measured {
  uint64_t operations = 0;  // that ended within the measured time
  double seconds = 0;
  double cpu_us = 0;  // of this process, an operation
  double p50_us = 0, p99_us = 0, max_us = 0;

  double rate() const { return static_cast<double>(operations) / seconds; }
};

// Called at the edges of the measured time: false at its begin, true at its end.
using Edge = std::function<void(bool end)>;

Measured Drive(const Load& load, const std::function<void(int client)>& operation,
               const Edge& edge = nullptr);

// One client sleeps on it, somebody else wakes it: a futex, no more.
class Gate {
 public:
  void Open();
  // Returns once Open was called since the last Pass.
  void Pass();

 private:
  std::atomic<uint32_t> open_{0};
};

// CPU of this process so far, user and system; of all processes of this machine.
double ProcessCpuSeconds();
double MachineCpuSeconds();
// How much of the machine others use now: looks for half a second. Above a few percent the figures
// say more about the others.
double BusyPercent();

}  // namespace assent::bench
