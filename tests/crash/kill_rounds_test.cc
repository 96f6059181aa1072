// SPDX-License-Identifier: Apache-2.0
// Scenario: eight clients move amounts between accounts in MariaDB and PostgreSQL through one
// assentd, many of them with HTTP partners as well. They do so in one call or step by step; the
// coordinator or the client itself calls try, and some partners enlist another one. Some clients
// die in the middle, also between a try and its vote. One partner is a script with SQLite; two use
// the server for partners, with a barrier in MariaDB and in PostgreSQL.
//
// At a random moment something is killed with SIGKILL and restarted: the daemon, a database, a
// partner, or the daemon or a partner together with one of these; sometimes the daemon again while
// it starts. The clients repeat unanswered requests until they are answered. Within ten seconds of
// the restart none of the coordinator's branches may be prepared or held, the books of both
// databases and of each partner must balance, each try that took effect must be confirmed or
// cancelled but never both, and every outcome that a client received must hold. A database that
// ends on its own is restarted, as its service manager would do, and its log is printed.
//
// ASSENT_KILL_ROUNDS sets the number of rounds of each kind (5); ASSENT_SEED replays the plan of a
// run.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <functional>
#include <sstream>

#include "tests/crash/audit.h"
#include "tests/crash/bank.h"
#include "tests/crash/workload.h"
#include "tests/support/daemon.h"
#include "tests/support/servers.h"
#include "tests/support/temp.h"

namespace assent::test {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kClients = 8;
constexpr auto kLong = seconds(60);

int Rounds() {
  const char* text = getenv("ASSENT_KILL_ROUNDS");
  return text != nullptr && atoi(text) > 0 ? atoi(text) : 5;
}

void ShowEnd(const std::string& who, const std::string& output) {
  printf("%s; the end of the log:\n%s\n", who.c_str(),
         output.substr(output.size() > 6000 ? output.size() - 6000 : 0).c_str());
}

class KillRounds : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    partner_ = new HttpPartner();
    auto partner = partner_->Start();
    ASSERT_TRUE(partner) << partner.error().message;
    for (Side side : {kMobile, kPc}) {
      others_[side] = new BarrierPartner(side == kMobile ? SharedMySql() : SharedPostgreSql());
      for (auto& result : {others_[side]->Create(), others_[side]->Start()}) {
        ASSERT_TRUE(result) << result.error().message;
      }
    }
    bank_ = new Bank(SharedMySql(), SharedPostgreSql(), partner_, others_);
    auto created = bank_->Create();
    ASSERT_TRUE(created) << created.error().message;
    daemon_ = new Daemon(bank_->Tables());
    // Small segments, so that the log starts new ones and reclaims old ones under load.
    const int segment_kib = 128 << Seed() % 4;
    daemon_->SetLogOptions("segment_bytes = " + std::to_string(segment_kib << 10) + "\n");
    auto started = daemon_->Start();
    ASSERT_TRUE(started) << started.error().message;
    // MySQL does not promise to keep prepared branches over a crash, so a commit whose answer was
    // lost is a hazard without the witness tables.
    if (MySqlKind() == ServerKind::kMySql) InstallWitness();
    printf("seed %llu, %d rounds of each kind, segments of %d KiB\n",
           static_cast<unsigned long long>(Seed()), Rounds(), segment_kib);
  }
  static void TearDownTestSuite() {
    delete daemon_;
    delete bank_;
    for (BarrierPartner* other : others_) delete other;
    delete partner_;
  }

  static void InstallWitness() {
    for (const char* resource : kResources) {
      const auto installed = daemon_->NewClient().Install(resource);
      ASSERT_TRUE(installed) << installed.error().message;
      ASSERT_EQ(installed->status, 200)
          << (installed->problem ? installed->problem->ShortDebugString() : "");
    }
    has_witness_ = true;
  }

  struct Victims {
    bool daemon = false;
    int starts_killed = 0;  // how many times it is killed again while it starts
    std::vector<Side> databases = {};
    std::vector<Booker> partners = {};
  };

  void Play(const char* name, int rounds, const std::function<Victims(Rng&)>& choose);
  void Round(const std::string& prefix, const Victims& victims, Rng& random);
  void KillAll(const Victims& victims);
  void StartAll(const Victims& victims, Rng& random);
  void KillPartner(Booker booker);
  Result<void> StartPartner(Booker booker);
  size_t RestartEndedServers();
  void Count(const std::vector<Account>& accounts);
  // Whether `check` becomes true within the bound after `restarted`, or after the restart of a
  // database that has ended on its own.
  bool Settles(Clock::time_point& restarted, const std::function<bool()>& check);

  static HttpPartner* partner_;
  static std::array<BarrierPartner*, kSides> others_;
  static Bank* bank_;
  static Daemon* daemon_;
  static bool has_witness_;
  uint64_t hazards_ = 0, transactions_ = 0, committed_ = 0, rolled_back_ = 0, unknown_ = 0,
           in_doubt_ = 0, unanswered_ = 0, resent_ = 0, ended_ = 0;
  uint64_t last_resources_ = 0, steps_ = 0, tried_by_client_ = 0, nested_ = 0, died_ = 0,
           left_unvoted_ = 0;
};

HttpPartner* KillRounds::partner_ = nullptr;
std::array<BarrierPartner*, kSides> KillRounds::others_ = {};
Bank* KillRounds::bank_ = nullptr;
Daemon* KillRounds::daemon_ = nullptr;
bool KillRounds::has_witness_ = false;

void KillRounds::KillPartner(Booker booker) {
  if (booker == kInSqlite) {
    partner_->Kill();
  } else {
    others_[booker - kInMariaDb]->Kill();
  }
}

Result<void> KillRounds::StartPartner(Booker booker) {
  return booker == kInSqlite ? partner_->Start() : others_[booker - kInMariaDb]->Start();
}

void KillRounds::KillAll(const Victims& victims) {
  if (victims.daemon) daemon_->Kill();
  for (Booker booker : victims.partners) KillPartner(booker);
  for (Side side : victims.databases) {
    auto killed = bank_->server(side).Kill();
    ASSERT_TRUE(killed) << killed.error().message;
  }
}

void KillRounds::StartAll(const Victims& victims, Rng& random) {
  if (!victims.partners.empty()) {
    std::this_thread::sleep_for(milliseconds(random() % 2'000));  // calls find no server
  }
  for (Booker booker : victims.partners) {
    auto started = StartPartner(booker);
    ASSERT_TRUE(started) << started.error().message;
  }
  for (Side side : victims.databases) {
    auto started = bank_->server(side).Restart();
    ASSERT_TRUE(started) << started.error().message;
  }
  for (Side side : {kMobile, kPc}) {
    const auto prepared = bank_->PreparedOfOurs(side);
    if (prepared) in_doubt_ += prepared->size();
  }
  if (!victims.daemon) return;
  for (int i = 0; i < victims.starts_killed; ++i) {
    auto launched = daemon_->Launch();
    ASSERT_TRUE(launched) << launched.error().message;
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 200'000));  // any moment
    daemon_->Kill();
  }
  auto started = daemon_->Start();
  ASSERT_TRUE(started) << started.error().message;
}

size_t KillRounds::RestartEndedServers() {
  size_t dead = 0;
  for (Side side : {kMobile, kPc}) {
    Server& server = bank_->server(side);
    if (server.Running()) continue;
    ++dead;
    std::ostringstream log;
    log << std::ifstream(server.directory() + "/log").rdbuf();
    const std::string output = log.str();
    const size_t start = output.rfind("--- start on port");
    printf("a database has ended on its own; its log:\n%s\n",
           output.substr(start == std::string::npos ? 0 : start).c_str());
    auto started = server.Restart();
    EXPECT_TRUE(started) << started.error().message;
  }
  ended_ += dead;
  return dead;
}

bool KillRounds::Settles(Clock::time_point& restarted, const std::function<bool()>& check) {
  const auto left =
      std::chrono::duration_cast<milliseconds>(restarted + kRecoveryBound - Clock::now());
  if (Eventually(std::max(left, milliseconds(1)), check)) return true;
  if (RestartEndedServers() == 0) return false;
  restarted = Clock::now();
  return Eventually(kRecoveryBound, check);
}

void KillRounds::Round(const std::string& prefix, const Victims& victims, Rng& random) {
  Workload load(*bank_, *daemon_, prefix, random());
  if (!has_witness_) load.AllowHazards();
  load.Start(kClients);
  const uint64_t moment = 20 + random() % 300;
  ASSERT_TRUE(Eventually(kLong, [&] { return load.answered() >= moment; }))
      << "the load makes no progress: " << load.answered() << " answers" << Joined(load.faults());
  unanswered_ += load.open();
  KillAll(victims);
  if (HasFatalFailure()) return;
  load.Finish();
  StartAll(victims, random);
  if (HasFatalFailure()) return;
  auto restarted = Clock::now();

  EXPECT_TRUE(Settles(restarted, [&] { return load.running() == 0; }))
      << "a client has no definite answer yet";
  load.Join(milliseconds(1));
  std::vector<Account> accounts = load.accounts();
  std::vector<std::string> faults;
  EXPECT_TRUE(Settles(restarted, [&] {
    faults = Audit(*bank_, accounts);
    return faults.empty();
  })) << Joined(faults);
  faults = AskAgain(daemon_->NewClient(), accounts);
  EXPECT_TRUE(faults.empty()) << Joined(faults);
  faults = Audit(*bank_, accounts);  // the repeated requests have changed nothing
  EXPECT_TRUE(faults.empty()) << Joined(faults);
  EXPECT_TRUE(load.faults().empty()) << Joined(load.faults());
  hazards_ += load.hazards();
  Count(accounts);
}

void KillRounds::Count(const std::vector<Account>& accounts) {
  for (const Account& account : accounts) {
    ++transactions_;
    resent_ += account.sends > 1;
    committed_ += account.reported == Reported::kCommitted;
    rolled_back_ += account.reported == Reported::kRolledBack;
    unknown_ += account.reported == Reported::kNothing;
    last_resources_ += account.plan.has_last_resource;
    steps_ += account.plan.way == Way::kSteps;
    tried_by_client_ += account.plan.way == Way::kClientTries;
    nested_ += account.plan.nested;
    died_ += account.died;
    left_unvoted_ += account.left_unvoted;
  }
}

void KillRounds::Play(const char* name, int rounds, const std::function<Victims(Rng&)>& choose) {
  Rng random(Seed() ^ std::hash<std::string>{}(name));
  int round = 0;
  for (; round < rounds && !HasFailure(); ++round) {
    Round(std::string(name) + "-" + std::to_string(round) + "-", choose(random), random);
  }
  std::ostringstream line;
  line << name << ": " << round << " rounds, " << transactions_ << " transactions: " << committed_
       << " committed, " << rolled_back_ << " rolled back, " << unknown_
       << " unknown (without a gid), " << hazards_ << " of them hazards; " << unanswered_
       << " unanswered at a kill, " << resent_ << " sent again, " << in_doubt_
       << " branches found prepared; " << ended_ << " databases ended on their own; "
       << last_resources_ << " with a last resource, " << steps_ << " step by step, "
       << tried_by_client_ << " tried by the client, " << nested_ << " nested; " << died_
       << " left by a client that died, " << left_unvoted_ << " tries left without a vote";
  printf("%s\n", line.str().c_str());
  if (transactions_ >= 500) {  // too many for one of these to be missing by chance
    for (uint64_t count : {steps_, tried_by_client_, nested_, died_}) {
      EXPECT_GT(count, 0u);
    }
  }
  if (HasFailure()) {
    for (BarrierPartner* other : others_) ShowEnd("a partner", other->LogOutput());
    ShowEnd("seed " + std::to_string(Seed()) + "; the daemon", daemon_->LogOutput());
  }
}

TEST_F(KillRounds, TheDaemon) {
  Play("daemon", Rounds(), [](Rng& random) {
    return Victims{.daemon = true, .starts_killed = static_cast<int>(random() % 3)};
  });
}

TEST_F(KillRounds, MariaDbOrMySql) {
  Play("mysql", Rounds(), [](Rng&) { return Victims{.databases = {kMobile}}; });
}

TEST_F(KillRounds, PostgreSql) {
  Play("postgresql", Rounds(), [](Rng&) { return Victims{.databases = {kPc}}; });
}

TEST_F(KillRounds, TheDaemonAndADatabase) {
  Play("both", Rounds(), [](Rng& random) {
    if (random() % 4 == 0) return Victims{.daemon = true, .databases = {kMobile, kPc}};
    return Victims{.daemon = true, .databases = {random() % 2 == 0 ? kMobile : kPc}};
  });
}

TEST_F(KillRounds, ThePartner) {
  Play("partner", Rounds(), [](Rng&) { return Victims{.partners = {kInSqlite}}; });
}

// One of them, the other, both, or one and the database of its barrier.
TEST_F(KillRounds, APartnerWithABarrier) {
  Play("barrier", Rounds(), [](Rng& random) {
    const uint64_t dice = random() % 5;
    if (dice == 0) return Victims{.partners = {kInMariaDb, kInPostgreSql}};
    const bool mobile = random() % 2 == 0;
    Victims victims{.partners = {mobile ? kInMariaDb : kInPostgreSql}};
    if (dice < 3) victims.databases = {mobile ? kMobile : kPc};
    return victims;
  });
}

TEST_F(KillRounds, TheDaemonAndAPartner) {
  Play("daemon-partner", Rounds(), [](Rng& random) {
    return Victims{.daemon = true,
                   .starts_killed = static_cast<int>(random() % 2),
                   .partners = {static_cast<Booker>(random() % kBookers)}};
  });
}

// On either side of the decision: the daemon, the database of a last resource, or both.
TEST_F(KillRounds, WithLastResources) {
  InstallWitness();
  bank_->UseLastResources();
  Play("last-resource", Rounds(), [](Rng& random) {
    const uint64_t dice = random() % 6;
    if (dice < 2) return Victims{.daemon = true, .starts_killed = static_cast<int>(random() % 3)};
    const Side side = random() % 2 == 0 ? kMobile : kPc;
    return Victims{.daemon = dice < 4, .databases = {side}};
  });
}

// With the witness tables, the outcome is known even of a one-phase commit whose answer was lost.
TEST_F(KillRounds, ADatabaseWithAWitness) {
  ASSERT_NO_FATAL_FAILURE(InstallWitness());
  Play("witness", Rounds(),
       [](Rng& random) { return Victims{.databases = {random() % 2 == 0 ? kMobile : kPc}}; });
}

}  // namespace
}  // namespace assent::test
