// SPDX-License-Identifier: Apache-2.0
// The calls of a two-branch transaction without a coordinator.
//
// The requests are byte for byte those of the coordinator, except for the transaction's id. There
// is no log and no deadline, and only the status of an answer is checked: a crash between the two
// confirms leaves the partners inconsistent forever. BareCalls is as cheap as possible: it prepares
// the request texts once and sends the two tries in parallel, then the two confirms. PlainCalls is
// what an application would do: an HTTP client (client/connection.h), one call after the other.
// Errors: any error ends the process.
// Threads: one at a time calls Run.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "bench/lean_http.h"
#include "client/connection.h"
#include "tcc/port.h"

namespace assent::bench {

class BareCalls {
 public:
  // `partners`: their URLs. `round` and `client` make the transaction ids unique.
  BareCalls(const std::vector<std::string>& partners, int round, int client);
  void Run();

 private:
  struct Request {
    std::string text;
    std::vector<size_t> gtrid_at;  // offsets of the transaction's id in the text
  };
  void Ask(tcc::Operation operation);

  std::vector<LeanConnection> connections_;
  std::vector<std::array<Request, 2>> requests_;  // of each partner: try, confirm
  uint64_t sequence_ = 0;
  std::string gtrid_;
  const uint32_t round_, client_;
};

class PlainCalls {
 public:
  PlainCalls(const std::vector<std::string>& partners, int round, int client);
  void Run();

 private:
  void Ask(tcc::Operation operation);

  std::vector<client::Connection> connections_;
  uint64_t sequence_ = 0;
  const uint32_t round_, client_;
};

}  // namespace assent::bench
