// SPDX-License-Identifier: Apache-2.0
// Load generators, one thread for each client. In a closed loop an operation starts when the last
// one has ended. At a fixed pace it starts when it is due; the latency of a late one counts from
// that time.
//
// Contract: both sides of a comparison use the same clients, so that threads and wake-ups cost the
// same on both.
// Units and ranges: microseconds as double.
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
  std::chrono::microseconds every{0};  // each client's interval; 0: closed loops
};

struct Measured {
  uint64_t operations = 0;  // that ended within the measured time
  double seconds = 0;
  double cpu_us = 0;  // of this process, for each operation
  double p50_us = 0, p99_us = 0, max_us = 0;

  double rate() const { return static_cast<double>(operations) / seconds; }
};

// Called with false at the beginning of the measured time and with true at its end.
using Edge = std::function<void(bool end)>;

Measured Drive(const Load& load, const std::function<void(int client)>& operation,
               const Edge& edge = nullptr);

// A futex on which one client sleeps until another thread wakes it.
class Gate {
 public:
  void Open();
  // Blocks until Open has been called since the last Pass.
  void Pass();

 private:
  std::atomic<uint32_t> open_{0};
};

// The CPU time used so far, user and system, of this process or of all processes on this machine.
double ProcessCpuSeconds();
double MachineCpuSeconds();
// The share of the machine that other processes use, measured for half a second. Above a few
// percent the figures are not reliable.
double BusyPercent();

}  // namespace assent::bench
