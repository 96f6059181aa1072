// SPDX-License-Identifier: Apache-2.0
#include "bench/series.h"

#include <algorithm>

#include "bench/clients.h"
#include "bench/report.h"

namespace assent::bench {

void Series::Run(int clients, const Pace& pace, const std::function<void(int client)>& operation) {
  std::vector<double> used(meters_.size());
  double machine = 0;
  Load load;
  load.clients = clients;
  load.warm_up = pace.warm_up;
  load.measured = pace.measured;
  const Measured measured = Drive(load, operation, [&](bool end) {
    for (size_t i = 0; i < meters_.size(); ++i) used[i] = meters_[i].cpu() - (end ? used[i] : 0);
    machine = MachineCpuSeconds() - (end ? machine : 0);
  });
  const auto operations = static_cast<double>(std::max<uint64_t>(1, measured.operations));
  Rounds& rounds = rounds_[clients];
  rounds.rate.push_back(measured.rate());
  rounds.p50_us.push_back(measured.p50_us);
  rounds.p99_us.push_back(measured.p99_us);
  rounds.machine_us.push_back(machine * 1e6 / operations);
  rounds.cpu_us.resize(meters_.size());
  for (size_t i = 0; i < meters_.size(); ++i) {
    rounds.cpu_us[i].push_back(used[i] * 1e6 / operations);
  }
}

double Series::Rate(int clients) const { return Median(rounds_.at(clients).rate); }
double Series::P50(int clients) const { return Median(rounds_.at(clients).p50_us); }
double Series::CpuUs(int clients, size_t meter) const {
  return Median(rounds_.at(clients).cpu_us.at(meter));
}

std::string Series::Text(int clients) const {
  const Rounds& rounds = rounds_.at(clients);
  std::string text = bench::Text("%.0f /s, p50 %.0f us, p99 %.0f us; CPU each: ", Rate(clients),
                                 P50(clients), Median(rounds.p99_us));
  for (size_t i = 0; i < meters_.size(); ++i) {
    text += bench::Text("%.0f us of %s, ", CpuUs(clients, i), meters_[i].whose.c_str());
  }
  return text + bench::Text("%.0f us of the whole machine", Median(rounds.machine_us));
}

}  // namespace assent::bench
