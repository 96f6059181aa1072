// SPDX-License-Identifier: Apache-2.0
// The two-branch transaction of the benches with partners, and a client that sends it to assentd.
//
// Contract: a client has one keep-alive connection and sends POST /v1/transactions:execute with a
// protobuf body, under a gid of its own each time.
// Errors: any ends the process. Threads: a BookingClient by one at a time.
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
  std::vector<tcc::Urls> partners;  // a branch each
  std::string deadline = "30s";
  std::string wait;  // as in ?wait=; empty: the daemon's default
};

class BookingClient {
 public:
  // `round` and `client` make its gids its own.
  BookingClient(const std::string& url, const Booking& booking, int round, int client);

  struct Answer {
    int status = 0;
    v1::Outcome outcome{};
    std::string text;  // of a problem
  };
  Answer Book();
  // Ends the process where it was not committed. Asks again when it is told to: the log makes its
  // segments in the background, and may have no room for a moment.
  void MustBook();
  uint64_t busy() const { return busy_; }  // how often it was told so

 private:
  Answer Ask();

  LeanConnection connection_;
  std::string text_;  // of the request
  size_t number_at_;  // where the gid's last digits stand in it
  uint64_t count_ = 0, busy_ = 0;
  v1::Transaction answer_;
};

}  // namespace assent::bench
