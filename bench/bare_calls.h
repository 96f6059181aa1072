// SPDX-License-Identifier: Apache-2.0
// The calls of a two-branch transaction without a coordinator.
//
// The requests are those that the coordinator sends, byte for byte but for their transaction. There
// is no log, no deadline and no answer that is looked at beyond its status: killed between the two
// confirms it leaves the partners apart for ever.
// BareCalls is as cheap as we can write it: texts made once, two tries at once, then two confirms
// at once. PlainCalls is what an application would write: an HTTP client (client/connection.h), one
// call after the other.
// Errors: any ends the process. Threads: Run by one at a time.
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
  // `partners`: their URLs. `client` tells its transactions from those of others, of one `round`.
  BareCalls(const std::vector<std::string>& partners, int round, int client);
  void Run();

 private:
  struct Request {
    std::string text;
    std::vector<size_t> gtrid_at;  // where the text names the transaction
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
