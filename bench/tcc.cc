// SPDX-License-Identifier: Apache-2.0
// Benchmark: tries and confirms of two partners through the daemon, compared with the same calls
// without a coordinator. The partners answer immediately.
#include <atomic>
#include <memory>
#include <vector>

#include "bench/bare_calls.h"
#include "bench/booking.h"
#include "bench/clients.h"
#include "bench/disk.h"
#include "bench/instant_partner.h"
#include "bench/log_counts.h"
#include "bench/report.h"
#include "bench/series.h"
#include "bench/subject_daemon.h"

namespace assent::bench {
namespace {

constexpr char kAbout[] =
    "bench_tcc [--quick] [--json FILE] [--directory DIR]\n\n"
    "Transactions that try and confirm two partners, by 1, 8, 64 and 256 clients in closed\n"
    "loops. Through assentd: each client has a keep-alive connection and sends\n"
    "POST /v1/transactions:execute with a protobuf body. Bare: each client has a keep-alive\n"
    "connection to each partner and sends the same four calls itself, two at a time, without a\n"
    "log or a coordinator (bench/bare_calls.cc). Each partner is one thread of this process.\n"
    "Clients, partners and assentd share the machine. Rounds alternate over the same partners.\n"
    "At the end an auditor checks the partners' journals.";

constexpr int kClients[] = {1, 8, 64, 256};
constexpr int kMost = 256;
constexpr int kAimedClients = 64;  // the figures with an aim are for this many

class Bench {
 public:
  std::vector<std::string> urls() const { return {flight_.url(), hotel_.url()}; }
  double PartnersCpu() const { return flight_.CpuSeconds() + hotel_.CpuSeconds(); }
  double ClientsCpu() const { return ProcessCpuSeconds() - PartnersCpu(); }
  std::vector<Meter> Meters(const SubjectDaemon* daemon) const;

  // Calls: BareCalls or PlainCalls.
  template <typename Calls>
  void RunAlone(int round, const Pace& pace, Series& series);
  void RunDaemon(const SubjectDaemon& daemon, int round, const std::vector<int>& clients,
                 const Pace& pace, Series& series);
  uint64_t busy() const { return busy_; }
  // Waits until every try is confirmed or cancelled; ends the process if that does not happen.
  std::string Audit();

 private:
  InstantPartner flight_, hotel_;
  std::atomic<uint64_t> committed_{0};  // transactions reported committed, the bare ones included
  uint64_t busy_ = 0;
};

std::vector<Meter> Bench::Meters(const SubjectDaemon* daemon) const {
  std::vector<Meter> meters;
  if (daemon != nullptr) meters.push_back({"assentd", [=] { return daemon->CpuSeconds(); }});
  meters.push_back({"the partners", [this] { return PartnersCpu(); }});
  meters.push_back({"the clients", [this] { return ClientsCpu(); }});
  return meters;
}

template <typename Calls>
void Bench::RunAlone(int round, const Pace& pace, Series& series) {
  std::vector<Calls> all;
  all.reserve(kMost);
  for (int i = 0; i < kMost; ++i) all.emplace_back(urls(), round, i);
  for (const int clients : kClients) {
    series.Run(clients, pace, [&](int i) {
      all[static_cast<size_t>(i)].Run();
      committed_.fetch_add(1, std::memory_order_relaxed);
    });
  }
}

void Bench::RunDaemon(const SubjectDaemon& daemon, int round, const std::vector<int>& steps,
                      const Pace& pace, Series& series) {
  Booking booking;
  for (const std::string& url : urls()) booking.partners.push_back(tcc::Urls::FromBase(url));
  std::vector<BookingClient> all;
  all.reserve(kMost);
  for (int i = 0; i < kMost; ++i) all.emplace_back(daemon.url(), booking, round, i);
  for (const int clients : steps) {
    series.Run(clients, pace, [&](int i) {
      all[static_cast<size_t>(i)].MustBook();
      committed_.fetch_add(1, std::memory_order_relaxed);
    });
  }
  for (const BookingClient& client : all) busy_ += client.busy();
}

std::string Bench::Audit() {
  Verdict verdict;
  const bool settled = test::Eventually(std::chrono::seconds(20), [&] {
    verdict = Auditor::Judge({&flight_.journal(), &hotel_.journal()});
    return verdict.ok();
  });
  const std::string found =
      verdict.Text() +
      Text("; reported committed %llu", static_cast<unsigned long long>(committed_.load()));
  if (!settled || verdict.confirmed != 2 * committed_ || verdict.cancelled != 0) {
    GiveUp("the audit failed: " + found);
  }
  return found;
}

// The forced writes of a transaction, counted in the log of a separate run that fits into one
// segment.
struct Forced {
  double records = 0, syncs = 0;  // per transaction
};
Forced CountForced(Bench& bench, int round, int clients) {
  const SubjectDaemon daemon("");
  Series series({});
  const LogCounts before = CountLog(daemon.log_directory());
  bench.RunDaemon(daemon, round, {clients},
                  {std::chrono::milliseconds(100), std::chrono::milliseconds(400)}, series);
  const LogCounts after = CountLog(daemon.log_directory());
  const auto commits = static_cast<double>(after.commits - before.commits);
  const auto forced = static_cast<double>(after.opens - before.opens) + commits;
  return {forced / commits, static_cast<double>(after.batches - before.batches) / commits};
}

int Profile(int seconds) {
  Bench bench;
  const SubjectDaemon daemon("");
  std::printf("assentd is process %d\n", static_cast<int>(daemon.pid()));
  std::fflush(stdout);
  Series through(bench.Meters(&daemon));
  bench.RunDaemon(daemon, 0, {kAimedClients},
                  {std::chrono::milliseconds(200), std::chrono::seconds(seconds)}, through);
  std::printf("%d clients: %s\n%s\n", kAimedClients, through.Text(kAimedClients).c_str(),
              bench.Audit().c_str());
  return 0;
}

void Print(Report& report, const std::string& side, const Series& series) {
  for (const int clients : kClients) {
    report.Note(side + Text(", %d clients", clients), series.Text(clients));
  }
}

void AddFigures(Report& report, const Series& through, const Series& bare) {
  for (const int clients : kClients) {
    const auto name = [&](const char* what) { return Text("%s_%d", what, clients); };
    report.Add(name("throughput"), through.Rate(clients), "transactions/s");
    report.Add(name("partners_throughput"), bare.Rate(clients), "transactions/s");
    std::optional<Aim> share, cpu;
    if (clients == kAimedClients) {
      share = Aim{'>', 0.70};
      cpu = Aim{'<', 120};
    }
    report.Add(name("throughput_ratio"), through.Rate(clients) / bare.Rate(clients), "ratio",
               share);
    report.Add(name("cpu_us"), through.CpuUs(clients, 0), "us/transaction", cpu);
  }
}

int Run(const Options& options) {
  if (options.profile_s > 0) return Profile(options.profile_s);
  Report report("tcc", options);
  report.Note("this machine before the run", Text("%.0f %% busy", BusyPercent()));
  const test::TempDirectory directory;
  report.Note("durability", "assentd: open and commit record fdatasync'ed on " +
                                FileSystemOf(directory.path()) + "; the partners store nothing");
  Bench bench;
  const SubjectDaemon daemon("");
  const Pace pace = options.quick
                        ? Pace{std::chrono::milliseconds(150), std::chrono::milliseconds(600)}
                        : Pace{std::chrono::milliseconds(500), std::chrono::milliseconds(2000)};
  Series through(bench.Meters(&daemon));
  Series bare(bench.Meters(nullptr));
  Series plain(bench.Meters(nullptr));
  std::vector<double> sync_us;
  const std::vector<int> steps(std::begin(kClients), std::end(kClients));
  for (int round = 0; round < options.rounds(); ++round) {
    sync_us.push_back(MeasureDisk(directory.path(), 200).sync_us);
    bench.RunAlone<BareCalls>(2 * round, pace, bare);
    bench.RunDaemon(daemon, round, steps, pace, through);
    bench.RunAlone<PlainCalls>(2 * round + 1, pace, plain);
  }
  const Forced alone = CountForced(bench, options.rounds(), 1);
  const Forced many = CountForced(bench, options.rounds() + 1, kAimedClients);
  report.Note("the disk's fdatasync", Text("%.0f us", Median(sync_us)));
  Print(report, "assentd (HTTP, protobuf)", through);
  Print(report, "bare", bare);
  Print(report, "plain (not the baseline)", plain);
  report.Note("retried when busy", std::to_string(bench.busy()) + " times");
  report.Note("auditor", bench.Audit());
  AddFigures(report, through, bare);
  report.Add(Text("plain_ratio_%d", kAimedClients),
             through.Rate(kAimedClients) / plain.Rate(kAimedClients), "ratio");
  report.Add("forced_writes", many.records, "records/transaction", Aim{'<', 2});
  report.Add("syncs_1", alone.syncs, "fdatasync/transaction");
  report.Add(Text("syncs_%d", kAimedClients), many.syncs, "fdatasync/transaction");
  return report.Finish();
}

}  // namespace
}  // namespace assent::bench

int main(int argc, char** argv) {
  return assent::bench::Run(assent::bench::ParseOptions(argc, argv, assent::bench::kAbout));
}
