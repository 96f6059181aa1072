// SPDX-License-Identifier: Apache-2.0
// Benchmark: the effect of a misbehaving partner on other transactions, for every kind of
// misbehavior and every operation.
#include <atomic>
#include <cstdio>
#include <memory>
#include <thread>
#include <vector>

#include "bench/bad_partner.h"
#include "bench/booking.h"
#include "bench/certificates.h"
#include "bench/clients.h"
#include "bench/disk.h"
#include "bench/instant_partner.h"
#include "bench/report.h"
#include "bench/subject_daemon.h"

namespace assent::bench {
namespace {

constexpr char kAbout[] =
    "bench_bad_partner [--quick] [--json FILE] [--directory DIR]\n\n"
    "Transactions with two partners that answer immediately, at a fixed rate, while other clients\n"
    "send transactions with a partner that misbehaves at its try, confirm or cancel. Each slice\n"
    "with the bad partner is paired with a slice in which the same partner behaves well under the\n"
    "same load. A cell is the median p99 of the rounds with the bad partner divided by the median\n"
    "p99 without it. After each slice the partner is cured, every transaction must end, and an\n"
    "auditor checks the journals of all partners. The first row has a good partner on both sides\n"
    "and shows how much the machine alone changes the figures.\n"
    "--quick: one round of short slices; it checks that everything works, its figures are rough.";

using tcc::Operation;
constexpr Operation kOperations[] = {Operation::kTry, Operation::kConfirm, Operation::kCancel};

// A fixed rate well below the machine's capacity: with a queue in the benchmark itself, the effect
// would not be visible.
constexpr int kOthers = 16, kBad = 4;
constexpr std::chrono::milliseconds kEvery(20);
constexpr std::chrono::milliseconds kProbeEvery(2);

constexpr char kLimits[] = "[limits]\nretry_cap = \"1s\"\n[partners]\nrequest_timeout = \"1s\"\n";

struct Plan {
  int rounds;
  std::chrono::milliseconds first;  // the first slice of each daemon, not counted
  std::chrono::milliseconds warm_up, measured;
};

struct Slice {
  double p50_us = 0, p99_us = 0, probe_max_us = 0;
};

// Measures how long the engine is blocked, with requests that need neither a disk nor a partner.
class Probe {
 public:
  explicit Probe(const std::string& url) : connection_(PortOf(url)) {
    text_ = "GET /v1/transactions/nobody HTTP/1.1\r\nHost: assentd\r\n\r\n";
    thread_ = std::thread([this] { Run(); });
  }
  double Stop() {
    stop_ = true;
    thread_.join();
    return max_us_;
  }

 private:
  void Run() {
    while (!stop_) {
      const auto before = std::chrono::steady_clock::now();
      connection_.Send(text_);
      connection_.Receive();
      const std::chrono::duration<double, std::micro> took =
          std::chrono::steady_clock::now() - before;
      max_us_ = std::max(max_us_, took.count());
      std::this_thread::sleep_for(kProbeEvery);
    }
  }
  LeanConnection connection_;
  std::string text_;
  std::atomic<bool> stop_{false};
  double max_us_ = 0;
  std::thread thread_;
};

class Matrix {
 public:
  Slice Measure(const SubjectDaemon& daemon, Behavior behavior, Operation operation, bool cured,
                const Plan& plan);
  const Certificates& certificates() const { return certificates_; }
  const Verdict& total() const { return total_; }
  uint64_t busy() const { return busy_; }

 private:
  Booking BadBooking(const BadPartner& subject, const BadPartner& sibling,
                     const BadPartner& refuser, Operation operation) const;
  void Settle(const SubjectDaemon& daemon, const std::string& where);

  const Certificates certificates_;
  InstantPartner flight_, hotel_;
  Journal bad_, refused_;  // the branch of the bad partner, and of one that refuses
  int slices_ = 0;
  uint64_t busy_ = 0;
  Verdict total_;
};

// Only `operation` goes to the bad partner; the branch's other operations go to a good sibling.
Booking Matrix::BadBooking(const BadPartner& subject, const BadPartner& sibling,
                           const BadPartner& refuser, Operation operation) const {
  Booking booking;
  tcc::Urls urls = tcc::Urls::FromBase(sibling.url());
  const tcc::Urls bad = tcc::Urls::FromBase(subject.url());
  switch (operation) {
    case Operation::kTry: urls.try_url = bad.try_url; break;
    case Operation::kConfirm: urls.confirm_url = bad.confirm_url; break;
    case Operation::kCancel: urls.cancel_url = bad.cancel_url; break;
  }
  booking.partners.push_back(urls);
  booking.partners.push_back(tcc::Urls::FromBase(flight_.url()));
  if (operation == Operation::kCancel) {
    booking.partners.push_back(tcc::Urls::FromBase(refuser.url()));
  }
  booking.deadline = operation == Operation::kTry ? "300ms" : "5s";
  booking.wait = "20ms";
  return booking;
}

bool NothingRuns(client::Client& client) {
  for (const char* state : {"ACTIVE", "PREPARING", "DECIDING", "COMMITTING", "ROLLING_BACK"}) {
    client::ListQuery query;
    query.state = state;
    query.limit = 1;
    const auto answer = client.List(query);
    if (!answer || answer->problem) GiveUp("assentd does not list its transactions");
    if (answer->message.transactions_size() > 0) return false;
  }
  return true;
}

void Matrix::Settle(const SubjectDaemon& daemon, const std::string& where) {
  client::Client client = ClientOf(daemon.url());
  Verdict verdict;
  const bool settled = test::Eventually(std::chrono::seconds(60), [&] {
    verdict = Auditor::Judge({&flight_.journal(), &hotel_.journal(), &bad_, &refused_});
    return verdict.ok() && NothingRuns(client);
  });
  if (!settled) GiveUp("the audit failed, " + where + ": " + verdict.Text());
  total_.Add(verdict);
  for (Journal* journal : {&flight_.journal(), &hotel_.journal(), &bad_, &refused_}) {
    journal->Clear();
  }
}

Slice Matrix::Measure(const SubjectDaemon& daemon, Behavior behavior, Operation operation,
                      bool cured, const Plan& plan) {
  ++slices_;
  BadPartner subject(behavior, bad_, certificates_);
  BadPartner sibling(Behavior::kGood, bad_, certificates_);
  BadPartner refuser(Behavior::kRefusesTries, refused_, certificates_);
  if (cured) subject.Cure();
  const Booking bad = BadBooking(subject, sibling, refuser, operation);
  Booking good;
  for (const InstantPartner* partner : {&flight_, &hotel_}) {
    good.partners.push_back(tcc::Urls::FromBase(partner->url()));
  }
  std::vector<BookingClient> clients;
  for (int i = 0; i < kOthers + kBad; ++i) {
    clients.emplace_back(daemon.url(), i < kOthers ? good : bad, slices_, i);
  }
  Load load;
  load.warm_up = plan.warm_up;
  load.measured = plan.measured;
  load.every = kEvery;
  std::thread beside([&, load]() mutable {
    load.clients = kBad;
    Drive(load, [&](int i) { clients[static_cast<size_t>(kOthers + i)].Book(); });
  });
  std::unique_ptr<Probe> probe;
  Slice slice;
  load.clients = kOthers;
  const Measured measured = Drive(
      load, [&](int i) { clients[static_cast<size_t>(i)].MustBook(); },
      [&](bool end) {
        if (!end) probe = std::make_unique<Probe>(daemon.url());
        if (end) slice.probe_max_us = probe->Stop();
      });
  beside.join();
  for (const BookingClient& client : clients) busy_ += client.busy();
  slice.p50_us = measured.p50_us;
  slice.p99_us = measured.p99_us;
  subject.Cure();
  Settle(daemon, std::string(Name(behavior)) + " at " + tcc::Name(operation));
  return slice;
}

// The p99 of all rounds of one cell.
struct Cell {
  std::vector<double> with_us, without_us;
  double ratio() const { return Median(with_us) / Median(without_us); }
};
struct Row {
  Behavior behavior{};
  Cell cells[3];
  double probe_max_us = 0;
};

void MeasureRow(const SubjectDaemon& daemon, Matrix& matrix, int round, const Plan& plan,
                Row& row) {
  for (const Operation operation : kOperations) {
    Cell& cell = row.cells[static_cast<size_t>(operation)];
    for (const bool first : {true, false}) {
      const bool without = first == (round % 2 == 0);  // the order alternates
      const Slice slice = matrix.Measure(daemon, row.behavior, operation, without, plan);
      (without ? cell.without_us : cell.with_us).push_back(slice.p99_us);
      if (!without) row.probe_max_us = std::max(row.probe_max_us, slice.probe_max_us);
    }
  }
}

void MeasureRound(Matrix& matrix, int round, const Plan& plan, std::vector<Row>& rows) {
  const SubjectDaemon daemon(std::string(kLimits) + "ca_file = \"" +
                             matrix.certificates().authority() + "\"\n");
  // An uncounted slice first: the daemon still prepares its log.
  Plan first = plan;
  first.measured = plan.first;
  matrix.Measure(daemon, Behavior::kGood, Operation::kTry, true, first);
  for (Row& row : rows) {
    MeasureRow(daemon, matrix, round, plan, row);
    std::fprintf(stderr, "round %d of %d: %s\n", round + 1, plan.rounds, Name(row.behavior));
  }
}

void PrintTable(const std::vector<Row>& rows) {
  std::printf("\np99 of others, us: with / without the bad partner = ratio\n%-20s", "");
  for (const Operation operation : kOperations) std::printf(" %-22s", tcc::Name(operation));
  std::printf(" engine blocked at most\n");
  for (const Row& row : rows) {
    std::printf("%-20s", Name(row.behavior));
    for (const Cell& cell : row.cells) {
      const std::string text =
          Text("%.0f / %.0f = %.2f", Median(cell.with_us), Median(cell.without_us), cell.ratio());
      std::printf(" %-22s", text.c_str());
    }
    std::printf(" %.1f ms\n", row.probe_max_us / 1000);
  }
  std::fflush(stdout);
}

void AddFigures(Report& report, const std::vector<Row>& rows) {
  double worst = 0;
  double blocked_us = 0;
  for (const Row& row : rows) {
    const bool is_control = row.behavior == Behavior::kGood;
    for (const Operation operation : kOperations) {
      const Cell& cell = row.cells[static_cast<size_t>(operation)];
      const std::string name = std::string(Name(row.behavior)) + "_" + tcc::Name(operation);
      std::optional<Aim> aim;
      if (!is_control) aim = Aim{'<', 1.20};
      report.Add("p99_ratio_" + name, cell.ratio(), "ratio", aim);
      if (!is_control) worst = std::max(worst, cell.ratio());
    }
    blocked_us = std::max(blocked_us, row.probe_max_us);
  }
  report.Add("p99_ratio_worst", worst, "ratio", Aim{'<', 1.20});
  report.Add("engine_blocked_max", blocked_us / 1000, "ms", Aim{'<', 50});
}

int Run(const Options& options) {
  Report report("bad-partner", options);
  report.Note("this machine before the run", Text("%.0f %% busy", BusyPercent()));
  const test::TempDirectory directory;
  report.Note("the disk's fdatasync",
              Text("%.0f us, ", MeasureDisk(directory.path(), 200).sync_us) +
                  FileSystemOf(directory.path()));
  report.Note("load", Text("others: %d transactions/s of %d clients; with the bad partner: %d/s of "
                           "%d clients",
                           static_cast<int>(kOthers * (1000 / kEvery.count())), kOthers,
                           static_cast<int>(kBad * (1000 / kEvery.count())), kBad));
  using std::chrono::milliseconds;
  Plan plan{5, milliseconds(3000), milliseconds(250), milliseconds(1000)};
  if (options.quick) plan = {1, milliseconds(500), milliseconds(50), milliseconds(150)};
  Matrix matrix;
  std::vector<Row> rows(1);
  rows[0].behavior = Behavior::kGood;
  for (const Behavior behavior : BadBehaviors()) rows.emplace_back().behavior = behavior;
  for (int round = 0; round < plan.rounds; ++round) MeasureRound(matrix, round, plan, rows);
  report.Note("retried when busy", std::to_string(matrix.busy()) + " times");
  report.Note("auditor", matrix.total().Text());
  PrintTable(rows);
  AddFigures(report, rows);
  return report.Finish();
}

}  // namespace
}  // namespace assent::bench

int main(int argc, char** argv) {
  return assent::bench::Run(assent::bench::ParseOptions(argc, argv, assent::bench::kAbout));
}
