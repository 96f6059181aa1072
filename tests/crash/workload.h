// SPDX-License-Identifier: Apache-2.0
// Clients under load who remember what they were told, and hold the coordinator to it.
//
// Each client sends one transaction after another; when the answer is lost, or is no definite one,
// it sends the same gid again until it has one. What goes step by step (steps.h) it may leave on
// the way, as a client does that dies. Whatever is said later of the same gid, by execute, by a
// roll-back or by GET, must be the same.
//
// Threads: the clients' own; every function may be called by any.
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

enum class Told { kNothing, kCommitted, kRolledBack };
const char* Name(Told told);

// What one answer says for good; kNothing for what is to be asked again.
Told Hear(const Result<client::Answer<v1::Transaction>>& answer, std::string* fault);

struct Account {
  Planned plan;
  Told told = Told::kNothing;
  uint32_t sends = 0;
  bool interactive = false;   // cannot be sent again in one call
  bool died = false;          // its client, on the way
  bool left_unvoted = false;  // its client called try, and gave no vote
};

client::CallOptions Patient();

class Workload {
 public:
  // `prefix` begins every gid.
  Workload(const Bank& bank, const Daemon& daemon, std::string prefix, uint64_t seed);
  ~Workload();

  void Start(int clients);
  // Begin nothing new; what was begun is asked for until it is definite.
  void Finish() { finishing_ = true; }
  // True: every client has ended. After the deadline they give up and are joined all the same.
  bool Join(std::chrono::milliseconds deadline);

  // Without a witness table nobody can say what became of a one-phase commit whose answer was lost
  // with its server: HAZARD is the true answer then.
  void AllowHazards() { hazards_allowed_ = true; }

  uint64_t hazards() const { return hazards_; }
  int running() const { return running_; }  // clients that have not ended
  uint64_t answered() const { return answered_; }
  uint64_t open() const { return open_; }  // sent, and not answered definitely
  // After Join.
  const std::vector<Account>& accounts() const { return accounts_; }
  std::vector<std::string> faults() const;

 private:
  void Run(int number);
  void Pursue(client::Client& client, Account& account, Rng& random);
  void SendUntilTold(client::Client& client, Account& account);
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

// Asks for every account again, by the same request (a roll-back, where it went step by step) and
// by GET: what contradicts what was told.
std::vector<std::string> AskAgain(client::Client client, std::vector<Account>& accounts);

// What the books owe to those who were told something, and agreement between the sides.
std::vector<std::string> Unfulfilled(const Books& books, const std::vector<Account>& accounts);

}  // namespace assent::test
