// SPDX-License-Identifier: Apache-2.0
// All rounds of one side of a comparison, by number of clients, and their medians.
//
// Threads: one at a time.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace assent::bench {

struct Pace {
  std::chrono::milliseconds warm_up{300}, measured{1500};
};

// Whose CPU time is counted, and how much it has used so far, in seconds.
struct Meter {
  std::string whose;
  std::function<double()> cpu;
};

class Series {
 public:
  // The CPU time of the whole machine is always counted.
  explicit Series(std::vector<Meter> meters) : meters_(std::move(meters)) {}

  // Runs `operation` with `clients` clients (bench/clients.h) for one round.
  void Run(int clients, const Pace& pace, const std::function<void(int client)>& operation);

  double Rate(int clients) const;  // operations per second
  double P50(int clients) const;   // us
  // The CPU time of one operation in us; `meter`: the index in the constructor's argument.
  double CpuUs(int clients, size_t meter) const;
  // A one-line summary for people.
  std::string Text(int clients) const;

 private:
  struct Rounds {
    std::vector<double> rate, p50_us, p99_us, machine_us;
    std::vector<std::vector<double>> cpu_us;  // by meter
  };
  std::vector<Meter> meters_;
  std::map<int, Rounds> rounds_;
};

}  // namespace assent::bench
