// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/steps.h"

#include <algorithm>
#include <optional>
#include <thread>
#include <type_traits>

#include "base/time.h"
#include "client/connection.h"

namespace assent::test {
namespace {

using namespace std::chrono_literals;

constexpr auto kPause = 5ms;
constexpr auto kTryTimeout = 3s;
constexpr int kTries = 3;  // after that, the outcome of try is unknown

class Steps {
 public:
  Steps(client::Client& client, const std::string& coordinator, Account& account,
        const std::function<bool()>& gives_up, std::string* fault)
      : client_(client),
        coordinator_(coordinator),
        account_(account),
        plan_(account.plan),
        gives_up_(gives_up),
        fault_(fault) {}
  void Take();
  void RollBack();

 private:
  // The answer to one step; none: there is no further step, and `reported` contains what is known.
  template <typename Request>
  auto Ask(Request request) -> std::optional<std::decay_t<decltype(request()->message)>>;
  bool Dies();
  void HandleProblem(int status, const v1::Problem& problem);
  bool Begin();
  bool Enlist(const v1::Branch& branch);
  bool RunSql(const v1::Branch& branch);
  std::optional<bool> Try(const v1::Branch& branch);
  Result<client::Response> CallTry(const v1::Branch& branch, int attempt);
  bool TryAndVote(const v1::Branch& branch);
  void Commit();

  client::Client& client_;
  const std::string& coordinator_;
  Account& account_;
  const Planned& plan_;
  const std::function<bool()>& gives_up_;
  std::string* fault_;
  std::string gtrid_, deadline_;
  int step_ = 0;
};

bool Steps::Dies() { return account_.died = ++step_ == plan_.dies_before; }

template <typename Request>
auto Steps::Ask(Request request) -> std::optional<std::decay_t<decltype(request()->message)>> {
  if (Dies()) return std::nullopt;
  while (!gives_up_()) {
    const auto answer = request();
    if (answer && !answer->problem) return answer->message;
    if (answer && answer->status != 503) {
      HandleProblem(answer->status, *answer->problem);
      return std::nullopt;
    }
    ++account_.sends;
    std::this_thread::sleep_for(kPause);
  }
  return std::nullopt;
}

// Rolled back, or lost or ending; then a rollback request reveals the outcome. (After a crash, the
// coordinator knows the partners of a transaction that it must roll back, but no branch with SQL:
// 404.)
void Steps::HandleProblem(int status, const v1::Problem& problem) {
  const bool goes = status == 404 || problem.type() == "urn:assent:stale" ||
                    problem.type() == "urn:assent:already-decided";
  if (problem.outcome() == v1::ROLLED_BACK) {
    account_.reported = Reported::kRolledBack;
  } else if (!goes) {
    *fault_ = "step " + std::to_string(step_) + ": status " + std::to_string(status) + ": " +
              problem.ShortDebugString();
  }
}

bool Steps::Begin() {
  v1::BeginRequest request;
  request.set_gid(plan_.id);
  request.set_deadline(plan_.request.deadline());
  const auto begun = Ask([&] { return client_.Begin(request, Patient()); });
  if (!begun) return false;
  gtrid_ = begun->transaction();
  deadline_ = begun->deadline();
  return true;
}

bool Steps::Enlist(const v1::Branch& branch) {
  const v1::Branch bare = WithoutStatements(branch);
  return Ask([&] { return client_.Enlist(plan_.id, gtrid_, bare, Patient()); }).has_value();
}

bool Steps::RunSql(const v1::Branch& branch) {
  v1::RunRequest request;
  request.set_seq(1);
  *request.mutable_statements() = StatementsOf(branch);
  const auto run = [&] { return client_.Run(plan_.id, gtrid_, branch.name(), request, Patient()); };
  return Ask(run).has_value();
}

// With the headers that a coordinator would send (docs/protocol.md).
Result<client::Response> Steps::CallTry(const v1::Branch& branch, int attempt) {
  const std::string& url = branch.tcc().url();
  const size_t path = url.find('/', std::string_view("http://").size());
  auto connection = client::Connection::To(url.substr(0, path));
  if (!connection) return connection.error();
  const auto deadline = ParseTime(deadline_);
  if (!deadline) return Error{ErrorCode::kInvalid, "not a valid deadline: " + deadline_};
  const Duration left = std::max<Duration>(*deadline - SystemClock().Wall(), Duration::zero());
  const std::string number = std::to_string(attempt);
  const std::string left_ms =
      std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(left).count());
  const std::string key = gtrid_ + "/" + branch.name() + "/try";
  return connection->Send("POST", url.substr(path) + "/try",
                          {{"Content-Type", client::kJsonType},
                           {"Assent-Transaction", gtrid_},
                           {"Assent-Gid", plan_.id},
                           {"Assent-Branch", branch.name()},
                           {"Assent-Operation", "try"},
                           {"Assent-Attempt", number},
                           {"Assent-Deadline", deadline_},
                           {"Assent-Timeout-Ms", left_ms},
                           {"Assent-Coordinator", coordinator_},
                           {"Idempotency-Key", key}},
                          branch.tcc().payload().text(), kTryTimeout);
}

// The partner's answer; none: unknown.
std::optional<bool> Steps::Try(const v1::Branch& branch) {
  for (int attempt = 1; attempt <= kTries && !gives_up_(); ++attempt) {
    const auto answer = CallTry(branch, attempt);
    if (answer && answer->status == 200) return true;
    if (answer && answer->status == 409) return false;
    if (answer && answer->status != 503 && answer->status != 425) {
      *fault_ = "try: status " + std::to_string(answer->status) + ": " + answer->body;
      return std::nullopt;
    }
    std::this_thread::sleep_for(kPause);
  }
  return std::nullopt;
}

bool Steps::TryAndVote(const v1::Branch& branch) {
  if (Dies()) return false;
  account_.left_unvoted = true;
  const std::optional<bool> yes = Try(branch);
  if (!yes) return false;
  v1::VoteRequest request;
  request.set_vote(*yes ? v1::VoteRequest::PREPARED : v1::VoteRequest::REFUSED);
  const auto vote = [&] {
    return client_.Vote(plan_.id, gtrid_, branch.name(), request, Patient());
  };
  const bool voted = Ask(vote).has_value();
  account_.left_unvoted = !voted && account_.reported == Reported::kNothing;
  return voted && *yes;
}

void Steps::Commit() {
  while (account_.reported == Reported::kNothing) {
    const auto said = Ask([&] { return client_.Commit(plan_.id, gtrid_, Patient()); });
    if (!said) return;
    if (said->outcome() == v1::COMMITTED) account_.reported = Reported::kCommitted;
  }
}

void Steps::Take() {
  if (!Begin()) return;
  for (const v1::Branch& branch : plan_.request.atomic().branches()) {
    if (!Enlist(branch)) return;
    if (!branch.has_tcc() && !RunSql(branch)) return;
    if (branch.tcc().called_by_client() && !TryAndVote(branch)) return;
  }
  Commit();
}

void Steps::RollBack() {
  while (account_.reported == Reported::kNothing && !gives_up_() && fault_->empty()) {
    account_.reported = DefiniteOutcome(client_.Rollback(plan_.id, {}, {}, Patient()), fault_);
    if (account_.reported == Reported::kNothing) std::this_thread::sleep_for(kPause);
  }
}

}  // namespace

void TakeSteps(client::Client& client, const std::string& coordinator, Account& account,
               const std::function<bool()>& gives_up, std::string* fault) {
  account.sends = 1;
  Steps steps(client, coordinator, account, gives_up, fault);
  steps.Take();
  if (!account.died) steps.RollBack();
}

}  // namespace assent::test
