// SPDX-License-Identifier: Apache-2.0
// The two-row transfer through assentd: the configuration of its resources, and a client.
//
// Errors: any error ends the process.
// Threads: one at a time uses a TransferClient.
#pragma once

#include <cstdint>
#include <string>

#include "assent/v1/transactions.pb.h"
#include "bench/bare_xa.h"
#include "client/client.h"

namespace assent::bench {

// The daemon's configuration of the two resources.
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
