// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/crash_points_fixture.h"

#include <signal.h>
#include <stdlib.h>

#include <cstdio>
#include <sstream>

namespace assent::test {
namespace {

constexpr auto kAnswer = std::chrono::seconds(20);

bool HasLastResource(Scenario scenario) {
  return scenario == Scenario::kLastResource || scenario == Scenario::kLastResourceAndPartner ||
         scenario == Scenario::kInteractiveLastResource;
}

}  // namespace

const char* Name(Scenario scenario) {
  switch (scenario) {
    case Scenario::kCommitting: return "committing";
    case Scenario::kRefused: return "refused";
    case Scenario::kInteractive: return "interactive";
    case Scenario::kOnePhase: return "one phase";
    case Scenario::kDeadline: return "deadline";
    case Scenario::kPartner: return "partner";
    case Scenario::kPartnerRefuses: return "partner refuses";
    case Scenario::kEnlistedPartner: return "enlisted partner";
    case Scenario::kLastResource: return "last resource";
    case Scenario::kLastResourceAndPartner: return "last resource and partner";
    case Scenario::kInteractiveLastResource: return "interactive last resource";
    case Scenario::kNone: return "none";
  }
  return "?";
}

bool IsFull() {
  const char* tier = getenv("ASSENT_TIER");
  return tier != nullptr && std::string(tier) == "full";
}

std::vector<std::string> Points() {
  const auto listed = RunCommand({BinaryPath("assentd"), "--crash-points"});
  EXPECT_TRUE(listed && listed->status.ok());
  std::vector<std::string> points;
  std::istringstream lines(listed ? listed->output : "");
  for (std::string line; std::getline(lines, line);) points.push_back(line);
  return points;
}

void CrashPoints::SetUpTestSuite() {
  partner_ = new HttpPartner();
  auto started = partner_->Start();
  ASSERT_TRUE(started) << started.error().message;
  bank_ = new Bank(SharedMySql(), SharedPostgreSql(), partner_);
  auto created = bank_->Create();
  ASSERT_TRUE(created) << created.error().message;
  daemon_ = new Daemon(bank_->Tables());
  random_ = new Rng(Seed());
  printf("seed %llu\n", static_cast<unsigned long long>(Seed()));
}

void CrashPoints::TearDownTestSuite() {
  delete random_;
  delete daemon_;
  delete bank_;
  delete partner_;
}

void CrashPoints::Arm(const std::string& point, int hit) {
  daemon_->Kill(SIGTERM);  // a clean stop, so that ended transactions are not recovered again
  auto launched = daemon_->Launch({"ASSENT_CRASH_AT=" + point + ":" + std::to_string(hit)});
  ASSERT_TRUE(launched) << launched.error().message;
  ASSERT_TRUE(Eventually(kLong, [&] { return !daemon_->Running() || daemon_->IsReady(); }));
}

Account CrashPoints::Run(Scenario scenario) {
  Account account;
  const std::string id = "point-" + std::to_string(next_++);
  Kind kind = Kind::kTransfer;
  if (scenario == Scenario::kRefused) kind = Kind::kRefused;
  if (scenario == Scenario::kOnePhase) kind = Kind::kOneBranchUnnamed;
  const bool enlisted = scenario == Scenario::kEnlistedPartner;
  if (scenario == Scenario::kPartner || enlisted || scenario == Scenario::kLastResourceAndPartner) {
    kind = Kind::kWithPartner;
  }
  if (scenario == Scenario::kPartnerRefuses) kind = Kind::kPartnerRefuses;
  account.plan = bank_->Plan(id, kind, *random_);
  if (HasLastResource(scenario)) MakeLastResource(last_, &account.plan.request);
  if (scenario == Scenario::kInteractive || scenario == Scenario::kInteractiveLastResource ||
      enlisted) {
    RunInteractive(account);
    return account;
  }
  if (scenario == Scenario::kDeadline) {
    account.plan.kind = Kind::kRefused;
    account.plan.request.set_deadline("300ms");
    auto* branches = account.plan.request.mutable_atomic()->mutable_branches();
    for (v1::Branch& branch : *branches) {
      const bool is_pc = branch.xa().resource() == kResources[kPc];
      AddStatement(branch.mutable_xa(), is_pc ? "SELECT pg_sleep(20)" : "SELECT SLEEP(20)");
    }
  }
  client::Client client = daemon_->NewClient();
  account.reported = DefiniteOutcome(client.Execute(account.plan.request, {{}, kAnswer}), nullptr);
  return account;
}

void CrashPoints::RunInteractive(Account& account) {
  account.interactive = true;
  client::Client client = daemon_->NewClient();
  const client::CallOptions options{{}, kAnswer};
  const std::string& gid = account.plan.id;
  v1::BeginRequest begin;
  begin.set_gid(gid);
  const auto begun = client.Begin(begin, options);
  if (!begun || begun->problem) return;
  const std::string gtrid = begun->message.transaction();
  for (const v1::Branch& planned : account.plan.request.atomic().branches()) {
    const auto enlisted = client.Enlist(gid, gtrid, WithoutStatements(planned), options);
    if (!enlisted || enlisted->problem) return;
    if (planned.has_tcc()) continue;
    v1::RunRequest run;
    run.set_seq(1);
    *run.mutable_statements() = StatementsOf(planned);
    const auto ran = client.Run(gid, gtrid, planned.name(), run, options);
    if (!ran || ran->problem) return;
  }
  account.reported = DefiniteOutcome(client.Commit(gid, gtrid, options), nullptr);
}

void CrashPoints::InstallWitness() {
  for (const char* resource : kResources) {
    const auto installed = daemon_->NewClient().Install(resource);
    ASSERT_TRUE(installed && installed->status == 200);
  }
}

bool CrashPoints::HasDied() {
  client::Client client = daemon_->NewClient();
  (void)client.Get("nobody", {}, {{}, kAnswer});  // runs after the effects that followed the answer
  if (daemon_->IsReady()) return false;
  const auto status = daemon_->Wait(kLong);
  EXPECT_TRUE(status && status->signalled && status->code == 9) << daemon_->LogOutput();
  return true;
}

void CrashPoints::Recover(Account& account, const std::string& what) {
  auto started = daemon_->Start();
  ASSERT_TRUE(started) << started.error().message;
  std::vector<std::string> faults;
  std::vector<Account> accounts = {account};
  EXPECT_TRUE(Eventually(kRecoveryBound,
                         [&] {
                           faults = Audit(*bank_, accounts);
                           return faults.empty();
                         }))
      << what << Joined(faults);
  if (account.interactive) {
    Settle(accounts[0], what);
  } else {
    faults = AskAgain(daemon_->NewClient(), accounts);
    EXPECT_TRUE(faults.empty()) << what << Joined(faults);
  }
  faults = Audit(*bank_, accounts);
  EXPECT_TRUE(faults.empty()) << what << Joined(faults);
}

// An interactive transaction cannot be sent again; a rollback request reveals its outcome.
void CrashPoints::Settle(Account& account, const std::string& what) {
  client::Client client = daemon_->NewClient();
  const std::string& gid = account.plan.id;
  const Reported reported = DefiniteOutcome(client.Rollback(gid, {}, {}, {{}, kAnswer}), nullptr);
  EXPECT_NE(reported, Reported::kNothing) << what;
  if (account.reported != Reported::kNothing) {
    EXPECT_STREQ(Name(reported), Name(account.reported)) << what;
  }
  EXPECT_STREQ(Name(DefiniteOutcome(client.Get(gid, {}, {{}, kAnswer}), nullptr)), Name(reported))
      << what;
  account.reported = reported;
}

bool CrashPoints::DieInRecovery(const std::string& first, Scenario scenario,
                                const std::string& point, int hit) {
  Arm(first, 1);
  Account account = Run(scenario);
  EXPECT_TRUE(HasDied()) << first << " was not reached by " << Name(scenario);
  Arm(point, hit);
  // Recovery continues until none of the coordinator's branches is prepared.
  EXPECT_TRUE(
      Eventually(kLong, [&] { return !daemon_->Running() || Audit(*bank_, {account}).empty(); }));
  const bool died = HasDied();
  if (!died) daemon_->Kill();
  Recover(account, point + " while recovering from " + first);
  return died;
}

}  // namespace assent::test
