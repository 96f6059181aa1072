// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/workload.h"

#include <algorithm>

#include "tests/crash/steps.h"
#include "tests/support/temp.h"

namespace assent::test {
namespace {

constexpr auto kAnswerTimeout = std::chrono::seconds(20);
constexpr size_t kShownFaults = 20;

std::string Describe(const Planned& plan) {
  return plan.id + " (kind " + std::to_string(static_cast<int>(plan.kind)) + ", way " +
         std::to_string(static_cast<int>(plan.way)) + (plan.nested ? ", nested)" : ")");
}

// Sends the same request; for steps, which cannot be sent again, a rollback, which changes no
// outcome.
Result<client::Answer<v1::Transaction>> SendAgain(client::Client& client, const Account& account) {
  return account.interactive ? client.Rollback(account.plan.id, {}, {}, Patient())
                             : client.Execute(account.plan.request, Patient());
}

}  // namespace

client::CallOptions Patient() {
  client::CallOptions options;
  options.timeout = kAnswerTimeout;
  return options;
}

const char* Name(Reported reported) {
  switch (reported) {
    case Reported::kNothing: return "nothing definite";
    case Reported::kCommitted: return "committed";
    case Reported::kRolledBack: return "rolled back";
  }
  return "?";
}

Reported DefiniteOutcome(const Result<client::Answer<v1::Transaction>>& answer,
                         std::string* fault) {
  if (!answer) return Reported::kNothing;  // the answer is lost, or there is no connection
  const v1::Outcome outcome = client::OutcomeOf(*answer);
  if (outcome == v1::COMMITTED) return Reported::kCommitted;
  if (outcome == v1::ROLLED_BACK) return Reported::kRolledBack;
  const bool later = answer->status == 202 || answer->status == 503;
  if (!later && answer->status != 200 && fault != nullptr) {
    *fault = "status " + std::to_string(answer->status) + ": " +
             (answer->problem ? answer->problem->ShortDebugString() : std::string("no problem"));
  }
  return Reported::kNothing;
}

Workload::Workload(const Bank& bank, const Daemon& daemon, std::string prefix, uint64_t seed)
    : bank_(bank), daemon_(daemon), prefix_(std::move(prefix)), seed_(seed) {}

Workload::~Workload() {
  finishing_ = true;
  giving_up_ = true;
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void Workload::Start(int clients) {
  running_ = clients;
  for (int i = 0; i < clients; ++i) {
    threads_.emplace_back([this, i] { Run(i); });
  }
}

bool Workload::Join(std::chrono::milliseconds deadline) {
  const bool in_time = Eventually(deadline, [this] { return running_ == 0; });
  giving_up_ = true;
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  return in_time;
}

void Workload::Fault(const std::string& what) {
  const std::lock_guard lock(mutex_);
  if (faults_.size() < kShownFaults) faults_.push_back(what);
}

std::vector<std::string> Workload::faults() const {
  const std::lock_guard lock(mutex_);
  return faults_;
}

void Workload::Run(int number) {
  Rng random(seed_ + static_cast<uint64_t>(number) * 7919);
  client::Client client = daemon_.NewClient();
  for (int i = 0; !finishing_; ++i) {
    Account account;
    account.plan =
        bank_.PlanAny(prefix_ + std::to_string(number) + "-" + std::to_string(i), random);
    account.interactive = account.plan.way != Way::kOneCall;
    RunToOutcome(client, account, random);
    const std::lock_guard lock(mutex_);
    accounts_.push_back(std::move(account));
  }
  --running_;
}

void Workload::SendUntilDefinite(client::Client& client, Account& account) {
  const Planned& plan = account.plan;
  while (account.reported == Reported::kNothing && !giving_up_) {
    const auto answer = client.Execute(plan.request, Patient());
    ++account.sends;
    std::string fault;
    account.reported = DefiniteOutcome(answer, &fault);
    if (plan.unnamed() && hazards_allowed_ && answer && client::OutcomeOf(*answer) == v1::HAZARD) {
      ++hazards_;
      break;
    }
    if (!fault.empty()) Fault(Describe(plan) + ": " + fault);
    if (account.reported != Reported::kNothing) break;
    // Without a gid the client cannot ask again: it may repeat the request only if nothing was
    // begun.
    const bool not_begun =
        !answer ? answer.error().code == ErrorCode::kUnavailable : answer->status == 503;
    if ((plan.unnamed() && !not_begun) || !fault.empty()) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));  // before the next attempt
  }
}

void Workload::TakeSteps(client::Client& client, Account& account) {
  std::string fault;
  test::TakeSteps(
      client, daemon_.url(), account, [this] { return giving_up_.load(); }, &fault);
  if (!fault.empty()) Fault(Describe(account.plan) + ": " + fault);
  if (account.died) client = daemon_.NewClient();  // the connection ended with the client
}

void Workload::RunToOutcome(client::Client& client, Account& account, Rng& random) {
  const Planned& plan = account.plan;
  ++open_;
  if (account.interactive) {
    TakeSteps(client, account);
  } else {
    SendUntilDefinite(client, account);
  }
  --open_;
  if (account.reported == Reported::kNothing) return;
  ++answered_;
  const bool never = plan.kind == Kind::kRefused || plan.kind == Kind::kPartnerRefuses;
  if (account.reported == Reported::kCommitted && never) {
    Fault(Describe(plan) + ": committed, although a branch refused");
  }
  if (plan.unnamed() || random() % 8 != 0) return;
  const auto again =
      random() % 2 == 0 ? SendAgain(client, account) : client.Get(plan.id, {}, Patient());
  const Reported said = DefiniteOutcome(again, nullptr);
  if (said != Reported::kNothing && said != account.reported) {
    Fault(Describe(plan) + ": reported " + Name(account.reported) + ", then " + Name(said));
  }
}

std::vector<std::string> AskAgain(client::Client client, std::vector<Account>& accounts) {
  std::vector<std::string> faults;
  for (Account& account : accounts) {
    if (account.plan.unnamed()) continue;
    for (const bool by_get : {false, true}) {
      std::string fault;
      const auto answer =
          by_get ? client.Get(account.plan.id, {}, Patient()) : SendAgain(client, account);
      const Reported said = DefiniteOutcome(answer, &fault);
      if (account.reported == Reported::kNothing && !by_get) account.reported = said;
      if (said == account.reported && said != Reported::kNothing) continue;
      if (faults.size() >= kShownFaults) return faults;
      faults.push_back(Describe(account.plan) + ": reported " + Name(account.reported) + ", now " +
                       (by_get ? "GET returns " : "sent again it returns ") + Name(said) + " " +
                       fault + (answer ? "" : answer.error().message));
    }
  }
  return faults;
}

std::vector<std::string> Unfulfilled(const Books& books, const std::vector<Account>& accounts) {
  std::vector<std::string> faults;
  std::unordered_map<std::string, std::array<size_t, kBookers>> booked;
  for (size_t booker = 0; booker < kBookers; ++booker) {
    for (const HttpPartner::Hold& hold : books.partners[booker].holds) {
      booked[hold.gid][booker] += hold.state == "held+confirmed";
    }
  }
  for (const Account& account : accounts) {
    const Planned& plan = account.plan;
    size_t owed = 0, found = 0;
    bool stray = false;
    for (Side side : {kMobile, kPc}) {
      const bool there = books.ledger[side].count(plan.id) > 0;
      owed += plan.writes[side];
      found += there;
      stray |= there && !plan.writes[side];
    }
    const auto at_partners = booked.find(plan.id);
    for (size_t booker = 0; booker < kBookers; ++booker) {
      const size_t there = at_partners == booked.end() ? 0 : at_partners->second[booker];
      owed += plan.books[booker];
      found += there;
      stray |= there > plan.books[booker];
    }
    std::string what;
    if (stray || (found != 0 && found != owed)) {
      what = "agreement: found at " + std::to_string(found) + " of " + std::to_string(owed) +
             " places";
    } else if (account.reported == Reported::kCommitted && found == 0) {
      what = "reported as committed, but no row exists";
    } else if (account.reported == Reported::kRolledBack && found != 0) {
      what = "reported as rolled back, but its rows exist";
    }
    if (what.empty()) continue;
    if (faults.size() >= kShownFaults) return faults;
    faults.push_back(Describe(plan) + ": " + what + "; reported " + Name(account.reported));
  }
  return faults;
}

}  // namespace assent::test
