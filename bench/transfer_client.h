// SPDX-License-Identifier: Apache-2.0
// The two-row transfer through assentd: its resources in the bank, and a client.
//
// Errors: any ends the process. Threads: a TransferClient by one at a time.
#pragma once

#include <cstdint>
#include <string>

#include "assent/v1/transactions.pb.h"
#include "bench/bare_xa.h"
#include "client/client.h"

namespace assent::bench {

// For the daemon's configuration: two resources.
std::string BankTables(const Places& places, int pool);

class TransferClient {
 public:
  TransferClient(const std::string& url, std::string gid_prefix);
  void Transfer(int32_t from, int32_t to);

 private:
  const std::string gid_prefix_;
  uint64_t count_ = 0;
  client::Client client_;
  v1::ExecuteRequest request_;
};

}  // namespace assent::bench
