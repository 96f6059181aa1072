// SPDX-License-Identifier: Apache-2.0
// Benchmark: transfers between MariaDB and PostgreSQL through the daemon, compared with a tight
// loop without a coordinator.
#include <atomic>

#include "bench/bank.h"
#include "bench/bare_xa.h"
#include "bench/clients.h"
#include "bench/disk.h"
#include "bench/report.h"
#include "bench/series.h"
#include "bench/subject_daemon.h"
#include "bench/transfer_client.h"

namespace assent::bench {
namespace {

constexpr char kAbout[] =
    "bench_xa [--quick] [--json FILE] [--directory DIR]\n\n"
    "Transactions that update one row in MariaDB and one in PostgreSQL, by 1, 8 and 32 clients\n"
    "in closed loops. Through assentd: each client has a keep-alive connection and sends\n"
    "POST /v1/transactions:execute with a protobuf body. Bare: each client has its own database\n"
    "connections and prepares and commits both in parallel, without a log or a coordinator\n"
    "(bench/bare_xa.cc). Last resource: as through assentd, but PostgreSQL's branch is the last\n"
    "resource. Rounds alternate over the same servers. At the end an auditor checks the balances.";

void RunBare(const Places& places, const Pace& pace, Statements statements,
             std::atomic<int64_t>& moved, Series& series) {
  std::vector<std::unique_ptr<BareXa>> all;
  for (int i = 0; i < kMostTransferClients; ++i)
    all.push_back(std::make_unique<BareXa>(places, i, statements));
  for (const int clients : kTransferClients) RunTransfers(clients, pace, all, moved, series);
}

int Profile(int seconds) {
  const Bank bank;
  const SubjectDaemon daemon(BankTables(bank.places(), kMostTransferClients + 2), 2);
  std::printf("assentd is process %d\n", static_cast<int>(daemon.pid()));
  std::fflush(stdout);
  Series through({{"assentd", [&] { return daemon.CpuSeconds(); }}});
  std::atomic<int64_t> moved{0};
  RunDaemon(daemon, 0, {std::chrono::milliseconds(200), std::chrono::seconds(seconds) / 3}, moved,
            through);
  for (const int clients : kTransferClients) {
    std::printf("%d clients: %s\n", clients, through.Text(clients).c_str());
  }
  std::printf("%s\n", bank.Audit(moved.load()).c_str());
  return 0;
}

int Run(const Options& options) {
  if (options.profile_s > 0) return Profile(options.profile_s);
  Report report("xa", options);
  report.Note("this machine before the run", Text("%.0f %% busy", BusyPercent()));
  const test::TempDirectory directory;
  const Bank bank({"bench", "last"});
  report.Note("durability", bank.Durability() + "; assentd: commit record fdatasync'ed; all on " +
                                FileSystemOf(directory.path()));
  const SubjectDaemon daemon(BankTables(bank.places(), kMostTransferClients + 2), 2);
  const SubjectDaemon with_last(BankTables(bank.places(), kMostTransferClients + 2, "last"), 2);
  Install(with_last, "postgresql");
  const Pace pace = options.quick
                        ? Pace{std::chrono::milliseconds(200), std::chrono::milliseconds(800)}
                        : Pace{std::chrono::milliseconds(500), std::chrono::milliseconds(2000)};
  Series through({{"assentd", [&] { return daemon.CpuSeconds(); }}});
  Series last({{"assentd", [&] { return with_last.CpuSeconds(); }}});
  Series bare({{"the loop", ProcessCpuSeconds}});
  Series bare_at_once({{"the loop", ProcessCpuSeconds}});
  std::vector<double> sync_us;
  std::atomic<int64_t> moved{0}, moved_last{0};
  for (int round = 0; round < options.rounds(); ++round) {
    sync_us.push_back(MeasureDisk(directory.path(), 200).sync_us);
    RunBare(bank.places(), pace, Statements::kInTurn, moved, bare);
    RunDaemon(daemon, round, pace, moved, through);
    RunDaemon(with_last, round, pace, moved_last, last, true);
    RunBare(bank.places(), pace, Statements::kAtOnce, moved, bare_at_once);
  }
  report.Note("the disk's fdatasync", Text("%.0f us", Median(sync_us)));
  Print(report, "assentd (HTTP, protobuf)", through);
  Print(report, "assentd, last resource", last);
  Print(report, "bare", bare);
  Print(report, "bare, statements in parallel too (not the baseline)", bare_at_once);
  report.Note("auditor", bank.Audit(moved.load()));
  report.Note("auditor, last resource", bank.Audit(moved_last.load(), "last"));
  report.Add("throughput_8", through.Rate(8), "transactions/s");
  report.Add("throughput_32", through.Rate(32), "transactions/s");
  report.Add("bare_throughput_8", bare.Rate(8), "transactions/s");
  report.Add("bare_throughput_32", bare.Rate(32), "transactions/s");
  report.Add("p50_1", through.P50(1), "us");
  report.Add("bare_p50_1", bare.P50(1), "us");
  report.Add("throughput_ratio_8", through.Rate(8) / bare.Rate(8), "ratio", Aim{'>', 0.90});
  report.Add("throughput_ratio_32", through.Rate(32) / bare.Rate(32), "ratio", Aim{'>', 0.90});
  report.Add("p50_ratio_1", through.P50(1) / bare.P50(1), "ratio", Aim{'<', 1.15});
  report.Add("last_resource_ratio_1", last.Rate(1) / through.Rate(1), "ratio");
  report.Add("last_resource_ratio_8", last.Rate(8) / through.Rate(8), "ratio", Aim{'>', 1.20});
  report.Add("last_resource_ratio_32", last.Rate(32) / through.Rate(32), "ratio");
  return report.Finish();
}

}  // namespace
}  // namespace assent::bench

int main(int argc, char** argv) {
  return assent::bench::Run(assent::bench::ParseOptions(argc, argv, assent::bench::kAbout));
}
