// SPDX-License-Identifier: Apache-2.0
// Scenario: somebody has copied the log directory, and the copy is started although the original
// has been used since: beside it, or in its place. Two coordinators with one id would each treat
// the other's branches as its own leftovers. So a copy must end with exit code 15 as soon as a
// database shows it a branch of a later start, and touch nothing; the original continues.
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <future>
#include <string>

#include "tests/crash/audit.h"
#include "tests/crash/bank.h"
#include "tests/crash/workload.h"
#include "tests/support/daemon.h"
#include "tests/support/servers.h"
#include "tests/support/temp.h"

namespace assent::test {
namespace {

constexpr auto kSoon = std::chrono::seconds(30);  // for polling; never expected to expire
constexpr int kStale = 15;
constexpr int kDamaged = 11;

class CopiedLog : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    bank_ = new Bank(SharedMySql(), SharedPostgreSql());
    auto created = bank_->Create();
    ASSERT_TRUE(created) << created.error().message;
  }
  static void TearDownTestSuite() { delete bank_; }
  void SetUp() override {
    daemon_ = std::make_unique<Daemon>(bank_->Tables());
    StartIt();
  }
  void TearDown() override {
    (void)kill(SharedMySql().pid(), SIGCONT);
    OpenPcToNewSessions(true);
    daemon_->Kill();
    for (Side side : {kMobile, kPc}) {
      EXPECT_TRUE(Sql(bank_->server(side), "DROP TABLE IF EXISTS assent_witness", "bank"));
    }
    if (HasFailure()) printf("the original's log:\n%s\n", daemon_->LogOutput().c_str());
  }

  void StartIt(const std::vector<std::string>& environment = {}) {
    auto started = daemon_->Start(environment);
    ASSERT_TRUE(started) << started.error().message;
  }
  std::string Copy(const std::string& name) {
    const std::string path = copies_.File(name);
    std::filesystem::copy(daemon_->log_directory(), path, std::filesystem::copy_options::recursive);
    return path;
  }
  Planned Transfer(const std::string& gid) { return bank_->Plan(gid, Kind::kTransfer, random_); }
  v1::Outcome Execute(Daemon& daemon, const Planned& plan) {
    const auto answer = daemon.NewClient().Execute(plan.request);
    return answer ? client::OutcomeOf(*answer) : v1::UNDECIDED;
  }
  static void ExpectStale(Daemon& copy) {
    const auto status = copy.Wait(kSoon);
    ASSERT_TRUE(status) << copy.LogOutput();
    EXPECT_FALSE(status->signalled);
    EXPECT_EQ(status->code, kStale) << copy.LogOutput();
    EXPECT_NE(copy.LogOutput().find("stale-log"), std::string::npos) << copy.LogOutput();
    EXPECT_EQ(copy.LogOutput().find("branch-resolved"), std::string::npos) << "it touched a branch";
  }
  void InstallWitness() {
    for (const char* resource : kResources) {
      const auto installed = daemon_->NewClient().Install(resource);
      ASSERT_TRUE(installed && installed->status == 200) << daemon_->LogOutput();
    }
  }
  std::string WitnessRows(Side side, const std::string& mark) {
    const auto rows =
        Sql(bank_->server(side), "SELECT count(*) FROM assent_witness WHERE mark = '" + mark + "'",
            "bank");
    return rows && rows->size() == 1 ? rows->front().front() : "nothing";
  }
  // Existing sessions stay connected.
  void OpenPcToNewSessions(bool open) {
    EXPECT_TRUE(Sql(bank_->server(kPc), std::string("ALTER DATABASE bank ALLOW_CONNECTIONS ") +
                                            (open ? "true" : "false")));
  }
  std::set<std::string> Prepared(Side side) {
    auto prepared = bank_->PreparedOfOurs(side);
    EXPECT_TRUE(prepared) << prepared.error().message;
    return prepared ? *prepared : std::set<std::string>();
  }
  std::vector<std::string> Faults(const std::vector<Account>& accounts = {}) {
    std::vector<std::string> faults;
    (void)Eventually(kRecoveryBound, [&] {
      faults = Audit(*bank_, accounts);
      return faults.empty();
    });
    return faults;
  }
  // Runs a transaction of `daemon` that is prepared in PostgreSQL and waits for MariaDB, which is
  // stopped. Returns its outcome once MariaDB continues.
  std::future<v1::Outcome> HangWhilePreparing(const std::string& gid);

  static Bank* bank_;
  TempDirectory copies_;
  std::unique_ptr<Daemon> daemon_;
  Rng random_{1};
};

Bank* CopiedLog::bank_ = nullptr;

std::future<v1::Outcome> CopiedLog::HangWhilePreparing(const std::string& gid) {
  const Planned plan = Transfer(gid);
  auto api = std::make_shared<client::Client>(daemon_->NewClient());
  v1::BeginRequest begin;
  begin.set_gid(gid);
  begin.set_deadline("60s");
  const auto begun = api->Begin(begin);
  EXPECT_TRUE(begun && begun->status < 300);
  const std::string transaction = begun ? begun->message.transaction() : "";
  for (const v1::Branch& planned : plan.request.atomic().branches()) {
    v1::Branch branch = planned;
    branch.mutable_xa()->clear_statements();
    v1::RunRequest run;
    run.set_seq(1);
    *run.mutable_statements() = StatementsOf(planned);
    const auto enlisted = api->Enlist(gid, transaction, branch);
    const auto ran = api->Run(gid, transaction, branch.name(), run);
    EXPECT_TRUE(enlisted && enlisted->status < 300 && ran && ran->status < 300)
        << (ran && ran->problem ? ran->problem->ShortDebugString() : "");
  }
  EXPECT_TRUE(Freeze(SharedMySql().pid()));
  auto outcome = std::async(std::launch::async, [api, gid, transaction] {
    const auto answer = api->Commit(gid, transaction);
    return answer ? client::OutcomeOf(*answer) : v1::UNDECIDED;
  });
  EXPECT_TRUE(Eventually(kSoon, [&] { return Prepared(kPc).size() == 1; }));
  return outcome;
}

TEST_F(CopiedLog, StartedBesideTheOriginalStopsBeforeItTouchesAnything) {
  ASSERT_EQ(Execute(*daemon_, Transfer("beside-1")), v1::COMMITTED);
  daemon_->Kill(SIGTERM);
  Daemon copy(bank_->Tables(), Copy("copy"));
  StartIt();
  auto outcome = HangWhilePreparing("beside-2");
  const std::set<std::string> prepared = Prepared(kPc);
  ASSERT_TRUE(copy.Launch());
  ExpectStale(copy);
  EXPECT_EQ(Prepared(kPc), prepared);
  ASSERT_EQ(kill(SharedMySql().pid(), SIGCONT), 0);
  EXPECT_EQ(outcome.get(), v1::COMMITTED);
  EXPECT_EQ(Execute(*daemon_, Transfer("beside-3")), v1::COMMITTED);
  const auto faults = Faults();
  EXPECT_TRUE(faults.empty()) << Joined(faults);
}

TEST_F(CopiedLog, StartedBesideTheOriginalUnderLoadStops) {
  daemon_->Kill(SIGTERM);
  Daemon copy(bank_->Tables(), Copy("copy"));
  StartIt();
  Workload load(*bank_, *daemon_, "load-", Seed());
  load.Start(8);
  ASSERT_TRUE(Eventually(kSoon, [&] { return load.answered() > 20; }));
  ASSERT_TRUE(copy.Launch());
  ExpectStale(copy);
  const uint64_t then = load.answered();
  EXPECT_TRUE(Eventually(kSoon, [&] { return load.answered() > then + 20; }))
      << "the original does not continue";
  load.Finish();
  EXPECT_TRUE(load.Join(kSoon));
  const auto faults = Faults(load.accounts());
  EXPECT_TRUE(faults.empty()) << Joined(faults);
  EXPECT_TRUE(load.faults().empty()) << Joined(load.faults());
}

// The copy contains a decision that the original has applied since, and whose witness rows have
// been deleted; and it receives new transactions. At first the database that could reveal that it
// is a copy refuses its connections.
TEST_F(CopiedLog, ThatWaitedForADatabaseStopsBeforeItActsThere) {
  InstallWitness();
  daemon_->Kill(SIGTERM);
  StartIt({"ASSENT_CRASH_AT=call-commit.before:1"});
  EXPECT_EQ(Execute(*daemon_, Transfer("waited-1")), v1::UNDECIDED);
  ASSERT_TRUE(daemon_->Wait(kSoon));
  Daemon copy(bank_->Tables(), Copy("copy"));
  StartIt();
  ASSERT_TRUE(
      Eventually(kSoon, [&] { return Prepared(kMobile).empty() && Prepared(kPc).empty(); }));
  for (Side side : {kMobile, kPc}) {
    ASSERT_TRUE(Sql(bank_->server(side), "DELETE FROM assent_witness WHERE mark = 'C'", "bank"));
  }
  auto outcome = HangWhilePreparing("waited-2");
  const std::set<std::string> prepared = Prepared(kPc);
  OpenPcToNewSessions(false);
  ASSERT_TRUE(copy.Start());
  ASSERT_TRUE(Eventually(kSoon, [&] {
    return copy.LogOutput().find("resource-down resource=pc_game") != std::string::npos;
  }));
  auto committed = std::async(std::launch::async, [&copy] {
    int count = 0;
    for (int i = 0;; ++i) {
      v1::ExecuteRequest request;
      request.set_deadline("5s");
      v1::Branch* branch = request.mutable_atomic()->add_branches();
      branch->set_name("pc");
      branch->mutable_xa()->set_resource(kResources[kPc]);
      AddStatement(branch->mutable_xa(), "UPDATE account SET balance = balance WHERE id = 77");
      const auto answer = copy.NewClient().Execute(request);
      if (!answer) return count;
      count += client::OutcomeOf(*answer) == v1::COMMITTED ? 1 : 0;
    }
  });
  OpenPcToNewSessions(true);
  ExpectStale(copy);
  EXPECT_EQ(committed.get(), 0) << "the copy has committed new transactions";
  EXPECT_EQ(WitnessRows(kPc, "R"), "0")
      << "the copy has forbidden a commit that was already applied";
  EXPECT_EQ(Prepared(kPc), prepared);
  ASSERT_EQ(kill(SharedMySql().pid(), SIGCONT), 0);
  EXPECT_EQ(outcome.get(), v1::COMMITTED);
  const auto faults = Faults();
  EXPECT_TRUE(faults.empty()) << Joined(faults);
}

// No branch is prepared, but the witness rows of the last transactions exist.
TEST_F(CopiedLog, RestoredStopsAtTheWitnessRowsOfWhatCameSince) {
  InstallWitness();
  ASSERT_EQ(Execute(*daemon_, Transfer("rows-1")), v1::COMMITTED);
  daemon_->Kill(SIGTERM);
  Daemon restored(bank_->Tables(), Copy("copy"));
  StartIt();
  ASSERT_EQ(Execute(*daemon_, Transfer("rows-2")), v1::COMMITTED);
  daemon_->Kill(SIGTERM);
  ASSERT_TRUE(restored.Launch());
  ExpectStale(restored);
  EXPECT_NE(restored.LogOutput().find("witness row"), std::string::npos) << restored.LogOutput();
  StartIt();
  EXPECT_EQ(Execute(*daemon_, Transfer("rows-3")), v1::COMMITTED);
  const auto faults = Faults();
  EXPECT_TRUE(faults.empty()) << Joined(faults);
}

// Copied file by file while the daemon writes. The copy may be invalid, or stale.
TEST_F(CopiedLog, MadeWhileTheDaemonRanStopsOnceTheOriginalWasStartedAgain) {
  Workload load(*bank_, *daemon_, "running-", Seed());
  load.Start(4);
  ASSERT_TRUE(Eventually(kSoon, [&] { return load.answered() > 20; }));
  Daemon copy(bank_->Tables(), Copy("copy"));
  load.Finish();
  EXPECT_TRUE(load.Join(kSoon));
  daemon_->Kill(SIGTERM);
  StartIt({"ASSENT_CRASH_AT=call-commit.before:1"});
  const Planned last = Transfer("running-last");
  EXPECT_EQ(Execute(*daemon_, last), v1::UNDECIDED);
  ASSERT_TRUE(daemon_->Wait(kSoon));
  const auto prepared = std::make_pair(Prepared(kMobile), Prepared(kPc));
  ASSERT_EQ(prepared.first.size() + prepared.second.size(), 2u);
  ASSERT_TRUE(copy.Launch());
  const auto status = copy.Wait(kSoon);
  ASSERT_TRUE(status) << copy.LogOutput();
  EXPECT_FALSE(status->signalled);
  EXPECT_TRUE(status->code == kStale || status->code == kDamaged) << copy.LogOutput();
  EXPECT_EQ(std::make_pair(Prepared(kMobile), Prepared(kPc)), prepared) << copy.LogOutput();
  StartIt();
  EXPECT_EQ(Execute(*daemon_, last), v1::COMMITTED);
  const auto faults = Faults(load.accounts());
  EXPECT_TRUE(faults.empty()) << Joined(faults);
}

// What must never be done: a copy of a running daemon's directory is started beside it. It counts
// as the later start, so nothing shows it that the branches that it finds are in use. The damage
// cannot be prevented, but no success is reported.
TEST_F(CopiedLog, MadeWhileTheDaemonRunsAndStartedBesideItIsNotHidden) {
  ASSERT_EQ(Execute(*daemon_, Transfer("harm-1")), v1::COMMITTED);
  Daemon copy(bank_->Tables(), Copy("copy"));
  auto outcome = HangWhilePreparing("harm-2");
  ASSERT_TRUE(copy.Start());
  EXPECT_TRUE(Eventually(kSoon, [&] { return Prepared(kPc).empty(); })) << copy.LogOutput();
  copy.Kill();
  ASSERT_EQ(kill(SharedMySql().pid(), SIGCONT), 0);
  EXPECT_EQ(outcome.get(), v1::HAZARD) << "one side is committed, the other is rolled back";
  EXPECT_TRUE(Eventually(kSoon, [&] { return Prepared(kMobile).empty(); }));
  const auto books = bank_->Read();
  ASSERT_TRUE(books);
  EXPECT_EQ(books->ledger[kMobile].count("harm-2"), 1u);
  EXPECT_EQ(books->ledger[kPc].count("harm-2"), 0u);
  // Repairs the data as an operator would: what only one side has is reversed there.
  ASSERT_TRUE(Sql(bank_->server(kMobile),
                  "UPDATE account SET balance = balance - (SELECT amount FROM ledger WHERE id = "
                  "'harm-2') WHERE id = 1; DELETE FROM ledger WHERE id = 'harm-2'",
                  "bank"));
  const auto faults = Faults();
  EXPECT_TRUE(faults.empty()) << Joined(faults);
}

// If everything since the copy has been finished, the copy finds no trace of it when it is started:
// it works, and does not know the transactions made in between.
TEST_F(CopiedLog, RestoredWhenNothingIsLeftPreparedKnowsNothingOfWhatCameSince) {
  ASSERT_EQ(Execute(*daemon_, Transfer("known")), v1::COMMITTED);
  daemon_->Kill(SIGTERM);
  const std::string old = Copy("copy");
  StartIt();
  ASSERT_EQ(Execute(*daemon_, Transfer("since")), v1::COMMITTED);
  daemon_->Kill(SIGTERM);
  Daemon restored(bank_->Tables(), old);
  auto started = restored.Start();
  ASSERT_TRUE(started) << started.error().message;
  const auto known = restored.NewClient().Get("known");
  ASSERT_TRUE(known);
  EXPECT_EQ(known->message.outcome(), v1::COMMITTED);
  const auto since = restored.NewClient().Get("since");
  ASSERT_TRUE(since);
  EXPECT_EQ(since->status, 404) << "unknown, and not `rolled back`";
  EXPECT_EQ(Execute(restored, Transfer("afterwards")), v1::COMMITTED);
  restored.Kill();
}

}  // namespace
}  // namespace assent::test
