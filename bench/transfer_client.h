// SPDX-License-Identifier: Apache-2.0
// The two-row transfer through assentd: the configuration of its resources, a client, and its
// loops.
//
// Errors: any error ends the process.
// Threads: one at a time uses a TransferClient.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "assent/v1/transactions.pb.h"
#include "bench/bank.h"
#include "bench/bare_xa.h"
#include "bench/report.h"
#include "bench/series.h"
#include "bench/subject_daemon.h"
#include "client/client.h"

namespace assent::bench {

// The daemon's configuration of the two resources.
std::string BankTables(const Places& places, int pool, const std::string& database = "bench");

// The numbers of clients that the benches of transfers measure with.
inline constexpr int kTransferClients[] = {1, 8, 32};
inline constexpr int kMostTransferClients = 32;

class TransferClient {
 public:
  // `last`: the second branch, in PostgreSQL, is the last resource.
  TransferClient(const std::string& url, std::string gid_prefix, bool last = false);
  void Transfer(int32_t from, int32_t to);

 private:
  v1::Statement* StatementOf(int branch);

  const std::string gid_prefix_;
  uint64_t count_ = 0;
  client::Client client_;
  v1::ExecuteRequest request_;
};

// Runs `all` in closed loops between random accounts, and counts their transfers in `moved`.
template <typename Client>
void RunTransfers(int clients, const Pace& pace, std::vector<std::unique_ptr<Client>>& all,
                  std::atomic<int64_t>& moved, Series& series) {
  std::vector<std::minstd_rand> random;
  for (int i = 0; i < clients; ++i) random.emplace_back(static_cast<unsigned>(i + 1));
  series.Run(clients, pace, [&](int i) {
    auto& mine = random[static_cast<size_t>(i)];
    const auto account = [&] { return static_cast<int32_t>(mine() % Bank::kAccounts + 1); };
    const int32_t from = account();
    all[static_cast<size_t>(i)]->Transfer(from, account());
    moved.fetch_add(1, std::memory_order_relaxed);
  });
}

// One round through the daemon, with each number of clients.
void RunDaemon(const SubjectDaemon& daemon, int round, const Pace& pace,
               std::atomic<int64_t>& moved, Series& series, bool last = false);

// Notes the series in the report, a line for each number of clients.
void Print(Report& report, const std::string& side, const Series& series);

// Creates Assent's table in this resource.
void Install(const SubjectDaemon& daemon, const std::string& resource);

}  // namespace assent::bench
