// SPDX-License-Identifier: Apache-2.0
// The transaction of the benchmarks with partners, and a client that sends it to assentd.
//
// Contract: a client has one keep-alive connection and sends POST /v1/transactions:execute with a
// protobuf body and a new gid each time.
// Errors: any error ends the process.
// Threads: one at a time uses a BookingClient.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "assent/v1/transactions.pb.h"
#include "bench/lean_http.h"
#include "tcc/operation.h"

namespace assent::bench {

inline constexpr const char* kBookingBranches[] = {"flight", "hotel", "payment"};
inline constexpr char kBookingPayload[] = R"({"customer":4711,"seat":"17C","amount":"120.00"})";

struct Booking {
  std::vector<tcc::Urls> partners;  // one branch each
  std::string deadline = "30s";
  std::string wait;  // as in ?wait=; empty: the daemon's default
};

class BookingClient {
 public:
  // `round` and `client` make the gids unique.
  BookingClient(const std::string& url, const Booking& booking, int round, int client);

  struct Answer {
    int status = 0;
    v1::Outcome outcome{};
    std::string text;  // of a problem
  };
  Answer Book();
  // Ends the process if the transaction does not commit. Retries when the daemon is busy: the log
  // prepares its segments in the background and may briefly have no free space.
  void MustBook();
  uint64_t busy() const { return busy_; }  // how often it retried

 private:
  Answer Ask();

  LeanConnection connection_;
  std::string text_;  // of the request
  size_t number_at_;  // offset of the gid's last digits in it
  uint64_t count_ = 0, busy_ = 0;
  v1::Transaction answer_;
};

}  // namespace assent::bench
