// SPDX-License-Identifier: Apache-2.0
// Two partners that answer at once, tried and confirmed through the daemon, against the same calls
// without one.
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
    "Two partners are tried and confirmed in one transaction, by 1, 8, 64 and 256 clients in "
    "closed\n"
    "loops. Through assentd: each client has a keep-alive connection and sends\n"
    "POST /v1/transactions:execute with a protobuf body. Bare: each client has a keep-alive\n"
    "connection to each partner and sends the same four calls itself, two at a time, without a "
    "log\n"
    "or a coordinator (bench/bare_calls.cc). Each partner is one thread of this process. Clients,\n"
    "partners and assentd share the machine. Rounds alternate over the same partners; then the\n"
    "auditor reads what the partners wrote down.";

constexpr int kClients[] = {1, 8, 64, 256};
constexpr int kMost = 256;
constexpr int kBar = 64;  // clients, of the figures with an aim

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
  // Waits until all is confirmed or cancelled; ends the process where that does not come.
  std::string Audit();

 private:
  InstantPartner flight_, hotel_;
  std::atomic<uint64_t> told_{0};  // committed, the bare ones too
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
      told_.fetch_add(1, std::memory_order_relaxed);
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
      told_.fetch_add(1, std::memory_order_relaxed);
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
      verdict.Text() + Text("; told committed %llu", static_cast<unsigned long long>(told_.load()));
  if (!settled || verdict.confirmed != 2 * told_ || verdict.cancelled != 0) {
    GiveUp("the auditor: " + found);
  }
  return found;
}

// In the log of a run of its own, short enough for one segment.
struct Forced {
  double records = 0, syncs = 0;  // of a transaction
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
  bench.RunDaemon(daemon, 0, {kBar},
                  {std::chrono::milliseconds(200), std::chrono::seconds(seconds)}, through);
  std::printf("%d clients: %s\n%s\n", kBar, through.Text(kBar).c_str(), bench.Audit().c_str());
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
    if (clients == kBar) {
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
                                FileSystemOf(directory.path()) + "; the partners keep nothing");
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
  const Forced many = CountForced(bench, options.rounds() + 1, kBar);
  report.Note("the disk's fdatasync", Text("%.0f us", Median(sync_us)));
  Print(report, "assentd (HTTP, protobuf)", through);
  Print(report, "bare", bare);
  Print(report, "plain (not the bar)", plain);
  report.Note("told to ask again", std::to_string(bench.busy()) + " times");
  report.Note("auditor", bench.Audit());
  AddFigures(report, through, bare);
  report.Add(Text("plain_ratio_%d", kBar), through.Rate(kBar) / plain.Rate(kBar), "ratio");
  report.Add("forced_writes", many.records, "records/transaction", Aim{'<', 2});
  report.Add("syncs_1", alone.syncs, "fdatasync/transaction");
  report.Add(Text("syncs_%d", kBar), many.syncs, "fdatasync/transaction");
  return report.Finish();
}

}  // namespace
}  // namespace assent::bench

int main(int argc, char** argv) {
  return assent::bench::Run(assent::bench::ParseOptions(argc, argv, assent::bench::kAbout));
}
