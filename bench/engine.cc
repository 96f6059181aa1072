// SPDX-License-Identifier: Apache-2.0
// Benchmark: the engine compared with a bare flusher, that is, the cost of a transaction beyond its
// forced record.
#include <atomic>
#include <map>
#include <thread>

#include "base/event_log.h"
#include "base/random.h"
#include "bench/bare_log.h"
#include "bench/clients.h"
#include "bench/disk.h"
#include "bench/instant_resource.h"
#include "bench/report.h"
#include "coordinator/engine.h"
#include "coordinator/records.h"
#include "log/decision_log.h"
#include "log/directory.h"
#include "log/file_system.h"
#include "tests/support/temp.h"

namespace assent::bench {
namespace {

constexpr char kAbout[] =
    "bench_engine [--quick] [--json FILE] [--directory DIR]\n\n"
    "Transactions through the engine, in process, compared with a bare flusher.\n\n"
    "Engine: each client is a thread that executes one client-named transaction after the other,\n"
    "with two branches on resource managers that answer immediately, and sleeps until the\n"
    "transaction has ended. Each transaction writes one forced commit record and one lazy end\n"
    "record to a log on disk. Bare: the same number of threads append one forced record of the\n"
    "commit record's size to such a log and sleep until it is durable. Rounds alternate.";

constexpr int kClients[] = {1, 8, 64, 512};
constexpr int kMost = 512;

log::Options LogOptions(const std::string& directory) {
  log::Options options;
  options.directory = directory;
  options.ballast_bytes = 0;  // a start creates it in the background, disturbing short rounds
  return options;
}

log::Recovered OpenLog(const log::Options& options) {
  auto recovered = log::Open(log::PosixFileSystem(), options);
  if (!recovered) GiveUp(recovered.error().message);
  return std::move(*recovered);
}

// Waits until the second segment is prepared, so that nothing runs in the background.
void WaitUntilReady(const log::DecisionLog& log, const log::Options& options) {
  const bool ready = test::Eventually(std::chrono::seconds(30),
                                      [&] { return log.FreeBytes() > options.segment_bytes; });
  if (!ready) GiveUp("the log did not prepare its second segment");
}

v1::ExecuteRequest Template() {
  v1::ExecuteRequest request;
  for (const auto& [name, resource, sql] :
       {std::tuple{"pc", "pc_game", "UPDATE coupon SET used_by = ? WHERE code = ?"},
        std::tuple{"mobile", "mobile_game",
                   "UPDATE wallet SET gold = gold + ? WHERE user_id = ?"}}) {
    v1::Branch* branch = request.mutable_atomic()->add_branches();
    branch->set_name(name);
    branch->mutable_xa()->set_resource(resource);
    v1::Statement* statement = branch->mutable_xa()->add_statements();
    statement->set_sql(sql);
    statement->add_parameters()->set_integer(7);
    statement->add_parameters()->set_text("C42");
    statement->set_expect_rows(1);
  }
  return request;
}

// The engine with its resource managers and an empty log.
class Subject {
 public:
  Subject()
      : options_(LogOptions(directory_.File("log"))),
        engine_(coordinator::EngineOptions(), {&pc_, &mobile_}, nullptr, SystemClock(),
                SystemRandom(),
                [](coordinator::FatalReason, const std::string& why) { GiveUp(why); }),
        template_(Template()),
        clients_(kMost) {
    auto log = log::DecisionLog::Start(log::PosixFileSystem(), OpenLog(options_), {},
                                       SystemRandom(), engine_);
    if (!log) GiveUp(log.error().message);
    log_ = std::move(*log);
    engine_.Start(*log_, {});
    const bool ready = test::Eventually(std::chrono::seconds(30), [&] { return engine_.Ready(); });
    if (!ready) GiveUp("the engine did not become ready");
    WaitUntilReady(*log_, options_);
  }
  ~Subject() { Stop(); }

  void Stop() {
    engine_.Stop();
    log_->Stop();
  }

  // Retries when the engine is busy: the log prepares its segments in the background and may
  // briefly have no free space.
  void Execute(int client) {
    Client& mine = clients_[static_cast<size_t>(client)];
    ++mine.count;
    while (!ExecuteOnce(client, mine)) {
      busy_.fetch_add(1, std::memory_order_relaxed);
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }

  const log::Counters& counters() const { return log_->counters(); }
  const log::Options& options() const { return options_; }
  const coordinator::ShardCounters Counted() const { return engine_.Counters(); }
  uint64_t busy() const { return busy_.load(); }

 private:
  struct alignas(64) Client {
    Gate gate;
    uint64_t count = 0;
    int refused = 0;
  };

  // Returns false if the engine is busy.
  bool ExecuteOnce(int client, Client& mine) {
    mine.refused = 0;
    coordinator::Request request;
    request.route = coordinator::Route::kExecute;
    request.fingerprint.assign(16, 'f');
    v1::ExecuteRequest body = template_;
    body.set_gid("bench-" + std::to_string(client) + "-" + std::to_string(mine.count));
    request.body = std::move(body);
    engine_.Submit(std::move(request), [&mine](const coordinator::Answer& answer) {
      if (answer.status != 200) mine.refused = answer.status;
      mine.gate.Open();
    });
    mine.gate.Pass();
    if (mine.refused != 0 && mine.refused != 503) {
      GiveUp("a transaction was answered with " + std::to_string(mine.refused));
    }
    return mine.refused == 0;
  }

  test::TempDirectory directory_;
  const log::Options options_;
  InstantResource pc_{"pc_game"};
  InstantResource mobile_{"mobile_game"};
  coordinator::Engine engine_;
  std::unique_ptr<log::DecisionLog> log_;
  const v1::ExecuteRequest template_;
  std::vector<Client> clients_;
  std::atomic<uint64_t> busy_{0};
};

struct RecordSizes {
  size_t commit = 0, end = 0;
};

// The sizes of the records that the engine writes for one transaction, read from its log.
RecordSizes MeasureRecords() {
  RecordSizes sizes;
  Subject subject;
  subject.Execute(1);
  subject.Stop();
  // The subject still holds the log's lock, so read the files without taking it.
  const auto survey = log::SurveyDirectory(log::PosixFileSystem(), subject.options().directory);
  if (!survey) GiveUp(survey.error().message);
  const log::Recovered recovered(log::PosixFileSystem(), subject.options(), nullptr, *survey);
  const auto read = recovered.ForEach([&](log::Lsn, std::string_view payload) {
    const auto decoded = coordinator::Decode(payload);
    if (!decoded) GiveUp(decoded.error().message);
    if (decoded->record.has_commit()) sizes.commit = payload.size();
    if (decoded->record.has_end()) sizes.end = payload.size();
  });
  if (!read) GiveUp(read.error().message);
  if (sizes.commit == 0) GiveUp("the engine wrote no commit record");
  return sizes;
}

// The figures of all rounds of one side, by number of clients.
struct Series {
  std::map<int, std::vector<double>> rate, cpu_us, p50_us, records_per_sync;
  double Rate(int clients) const { return Median(rate.at(clients)); }
};

struct Pace {
  std::chrono::milliseconds warm_up, measured;
};

Measured RunStep(int clients, const Pace& pace, const log::Counters& counters,
                 const std::function<void(int)>& operation, Series& series) {
  uint64_t records = 0;
  uint64_t syncs = 0;
  const Measured measured = Drive({clients, pace.warm_up, pace.measured}, operation, [&](bool end) {
    records = counters.records.load() - (end ? records : 0);
    syncs = counters.syncs.load() - (end ? syncs : 0);
  });
  series.rate[clients].push_back(measured.rate());
  series.cpu_us[clients].push_back(measured.cpu_us);
  series.p50_us[clients].push_back(measured.p50_us);
  series.records_per_sync[clients].push_back(static_cast<double>(records) /
                                             static_cast<double>(std::max<uint64_t>(1, syncs)));
  return measured;
}

// Returns how often a client retried because the engine was busy.
uint64_t RunEngine(const Pace& pace, Series& series) {
  Subject subject;
  for (const int clients : kClients) {
    RunStep(
        clients, pace, subject.counters(), [&](int i) { subject.Execute(i); }, series);
  }
  // Every transaction has committed, and none is still open.
  const bool settled = test::Eventually(std::chrono::seconds(10), [&] {
    const auto counted = subject.Counted();
    return counted.open == 0 && counted.committed == counted.begun;
  });
  if (!settled) GiveUp("transactions are left open");
  return subject.busy();
}

void RunBare(const Pace& pace, size_t record_bytes, Waker waker, Series& series) {
  test::TempDirectory directory;
  const log::Options options = LogOptions(directory.File("log"));
  BareLog bare(OpenLog(options), record_bytes, kMost, waker);
  WaitUntilReady(bare.log(), options);
  for (const int clients : kClients) {
    RunStep(
        clients, pace, bare.log().counters(), [&](int i) { bare.Write(i); }, series);
  }
}

void Print(Report& report, const char* side, const Series& series) {
  for (const int clients : kClients) {
    report.Note(
        Text("%s, %d clients", side, clients),
        Text("%.0f /s, p50 %.0f us, CPU %.1f us each, %.1f records a sync", series.Rate(clients),
             Median(series.p50_us.at(clients)), Median(series.cpu_us.at(clients)),
             Median(series.records_per_sync.at(clients))));
  }
}

int Profile(int seconds) {
  Subject subject;
  const Measured measured =
      Drive({kMost, std::chrono::milliseconds(200), std::chrono::seconds(seconds)},
            [&](int i) { subject.Execute(i); });
  std::printf("%.0f transactions/s, CPU %.1f us each\n", measured.rate(), measured.cpu_us);
  return 0;
}

int Run(const Options& options) {
  if (options.profile_s > 0) return Profile(options.profile_s);
  Report report("engine", options);
  report.Note("this machine before the run", Text("%.0f %% busy", BusyPercent()));
  const test::TempDirectory directory;
  const RecordSizes sizes = MeasureRecords();
  report.Note("durability", "every commit record fdatasync'ed before its commit is sent; " +
                                FileSystemOf(directory.path()) + ", no ballast file");
  report.Note("records", Text("commit %zu bytes, end %zu bytes; bare: %zu bytes", sizes.commit,
                              sizes.end, sizes.commit));
  const Pace pace = options.quick
                        ? Pace{std::chrono::milliseconds(150), std::chrono::milliseconds(450)}
                        : Pace{std::chrono::milliseconds(300), std::chrono::milliseconds(1500)};
  Series engine;
  Series bare[2];
  std::vector<double> sync_us;
  std::vector<double> with_write_us;
  uint64_t busy = 0;
  for (int round = 0; round < options.rounds(); ++round) {
    const DiskSync disk = MeasureDisk(directory.path(), 500);
    sync_us.push_back(disk.sync_us);
    with_write_us.push_back(disk.with_write_us);
    RunBare(pace, sizes.commit, Waker::kFlusher, bare[0]);
    busy += RunEngine(pace, engine);
    RunBare(pace, sizes.commit, Waker::kOwnThread, bare[1]);
  }
  report.Note("the disk's fdatasync",
              Text("%.0f us, with the write %.0f us", Median(sync_us), Median(with_write_us)));
  Print(report, "engine", engine);
  report.Note("retried when busy", std::to_string(busy) + " times");
  Print(report, "bare, woken by the flusher", bare[0]);
  Print(report, "bare, woken by a separate thread", bare[1]);
  const double limit = std::max(bare[0].Rate(kMost), bare[1].Rate(kMost));
  report.Add("limit_ratio_512", engine.Rate(kMost) / limit, "ratio", Aim{'>', 0.90});
  report.Add("records_per_sync_512", Median(engine.records_per_sync.at(kMost)), "records");
  report.Add("latency_syncs_1", Median(engine.p50_us.at(1)) / Median(sync_us), "syncs",
             Aim{'<', 2});
  report.Add("cpu_us_512", Median(engine.cpu_us.at(kMost)), "us", Aim{'<', 15});
  return report.Finish();
}

}  // namespace
}  // namespace assent::bench

int main(int argc, char** argv) {
  const auto options = assent::bench::ParseOptions(argc, argv, assent::bench::kAbout);
  assent::SetLogLevel(assent::Level::kWarning);
  return assent::bench::Run(options);
}
