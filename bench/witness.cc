// SPDX-License-Identifier: Apache-2.0
// Benchmark: the cost of the witness rows.
#include <atomic>

#include "bench/bank.h"
#include "bench/report.h"
#include "bench/series.h"
#include "bench/subject_daemon.h"
#include "bench/transfer_client.h"

namespace assent::bench {
namespace {

constexpr char kAbout[] =
    "bench_witness [--quick] [--json FILE] [--directory DIR]\n\n"
    "The transfers of bench_xa through assentd, over two databases of the same servers: one with\n"
    "Assent's table on both sides, so that each branch writes a witness row, and one without.\n"
    "Rounds alternate. At the end an auditor checks the balances.";

int Run(const Options& options) {
  Report report("witness", options);
  const Bank bank({"bench", "witnessed"});
  report.Note("durability", bank.Durability());
  constexpr int kPool = kMostTransferClients + 2;
  const SubjectDaemon plain(BankTables(bank.places(), kPool), 2);
  const SubjectDaemon witnessed(BankTables(bank.places(), kPool, "witnessed"), 2);
  for (const char* resource : {"mariadb", "postgresql"}) Install(witnessed, resource);
  const Pace pace = options.quick
                        ? Pace{std::chrono::milliseconds(200), std::chrono::milliseconds(800)}
                        : Pace{std::chrono::milliseconds(500), std::chrono::milliseconds(2000)};
  Series without({{"assentd", [&] { return plain.CpuSeconds(); }}});
  Series with({{"assentd", [&] { return witnessed.CpuSeconds(); }}});
  std::atomic<int64_t> moved{0}, moved_witnessed{0};
  for (int round = 0; round < options.rounds(); ++round) {
    RunDaemon(plain, round, pace, moved, without);
    RunDaemon(witnessed, round, pace, moved_witnessed, with);
  }
  Print(report, "without witness rows", without);
  Print(report, "with witness rows", with);
  report.Note("auditor, without", bank.Audit(moved.load()));
  report.Note("auditor, with", bank.Audit(moved_witnessed.load(), "witnessed"));
  for (const int clients : kTransferClients) {
    const auto aim = clients == 8 ? std::optional<Aim>(Aim{'>', 0.90}) : std::nullopt;
    report.Add(Text("throughput_ratio_%d", clients), with.Rate(clients) / without.Rate(clients),
               "ratio", aim);
  }
  report.Add("p50_ratio_1", with.P50(1) / without.P50(1), "ratio");
  return report.Finish();
}

}  // namespace
}  // namespace assent::bench

int main(int argc, char** argv) {
  return assent::bench::Run(assent::bench::ParseOptions(argc, argv, assent::bench::kAbout));
}
