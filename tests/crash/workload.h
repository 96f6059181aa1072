// SPDX-License-Identifier: Apache-2.0
// Clients that create load, record the outcomes that they receive, and check that these outcomes
// hold.
//
// Each client sends one transaction after another. If the answer is lost or not definite, it sends
// the same gid again until it has a definite one. It may abandon a transaction that runs step by
// step (steps.h), as a client that dies would. Any later answer for the same gid, from execute,
// rollback or GET, must be the same.
//
// Threads: the clients have their own; any thread may call every function.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "client/client.h"
#include "tests/crash/bank.h"
#include "tests/support/daemon.h"

namespace assent::test {

enum class Reported { kNothing, kCommitted, kRolledBack };
const char* Name(Reported reported);

// The definite outcome in an answer; kNothing if the client must ask again.
Reported DefiniteOutcome(const Result<client::Answer<v1::Transaction>>& answer, std::string* fault);

struct Account {
  Planned plan;
  Reported reported = Reported::kNothing;
  uint32_t sends = 0;
  bool interactive = false;   // cannot be sent again in one call
  bool died = false;          // its client died before the end
  bool left_unvoted = false;  // its client called try, but sent no vote
};

client::CallOptions Patient();

class Workload {
 public:
  // Every gid begins with `prefix`.
  Workload(const Bank& bank, const Daemon& daemon, std::string prefix, uint64_t seed);
  ~Workload();

  void Start(int clients);
  // Begins nothing new; the clients repeat what was begun until it is definite.
  void Finish() { finishing_ = true; }
  // Returns true if every client has ended. After the deadline the clients give up and are joined.
  bool Join(std::chrono::milliseconds deadline);

  // Without a witness table the outcome of a one-phase commit whose answer was lost with its server
  // cannot be known: HAZARD is the true outcome then.
  void AllowHazards() { hazards_allowed_ = true; }

  uint64_t hazards() const { return hazards_; }
  int running() const { return running_; }  // clients that have not ended
  uint64_t answered() const { return answered_; }
  uint64_t open() const { return open_; }  // sent, but not definitely answered
  // After Join.
  const std::vector<Account>& accounts() const { return accounts_; }
  std::vector<std::string> faults() const;

 private:
  void Run(int number);
  void RunToOutcome(client::Client& client, Account& account, Rng& random);
  void SendUntilDefinite(client::Client& client, Account& account);
  void TakeSteps(client::Client& client, Account& account);
  void Fault(const std::string& what);

  const Bank& bank_;
  const Daemon& daemon_;
  const std::string prefix_;
  const uint64_t seed_;
  std::atomic<bool> finishing_{false}, giving_up_{false};
  std::atomic<bool> hazards_allowed_{false};
  std::atomic<uint64_t> answered_{0}, open_{0}, hazards_{0};
  std::atomic<int> running_{0};
  mutable std::mutex mutex_;  // guards accounts_, faults_
  std::vector<Account> accounts_;
  std::vector<std::string> faults_;
  std::vector<std::thread> threads_;
};

// Asks again for every account, by the same request (by a rollback, if it ran step by step) and by
// GET. Returns the contradictions to the recorded outcomes.
std::vector<std::string> AskAgain(client::Client client, std::vector<Account>& accounts);

// Returns the recorded outcomes that the books do not fulfill, and disagreements between the sides.
std::vector<std::string> Unfulfilled(const Books& books, const std::vector<Account>& accounts);

}  // namespace assent::test
