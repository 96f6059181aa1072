// SPDX-License-Identifier: Apache-2.0
// What the adapter for partners over HTTP is told.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/time.h"
#include "participants/http/limiter.h"
#include "participants/http/own_address.h"
#include "participants/http/socket_share.h"
#include "participants/http/url.h"

namespace assent::http {

struct Signing {
  std::string prefix;                // as in an AllowList
  std::vector<std::string> secrets;  // "whsec_…"; several while one replaces another
};

struct HttpOptions {
  std::vector<std::string> allow = LoopbackOnly();
  std::vector<Signing> signing;  // the first whose prefix fits
  std::string ca_file;           // PEM, trusted instead of the system's; empty: the system's
  // Addresses of hosts that the resolver is not asked for.
  std::map<std::string, std::vector<std::string>> addresses;

  // Where the coordinator itself listens; null: nowhere.
  std::shared_ptr<OwnAddress> own_address;

  Duration connect_timeout{2'000'000'000};   // look-up, connection and TLS
  Duration request_timeout{10'000'000'000};  // all, the connection included
  Duration idle_timeout{30'000'000'000};     // of a kept connection
  // Silence up to a try's own deadline counts against its endpoint only if it was at least so long.
  Duration slow_after{1'000'000'000};
  size_t max_answer_bytes = 64 << 10;  // body
  size_t max_header_bytes = 16 << 10;
  size_t max_waiting = 10'000;           // of one endpoint, in each lane
  size_t max_idle = 64;                  // connections of one endpoint
  int threads = 1;                       // each endpoint belongs to one
  std::shared_ptr<SocketShare> sockets;  // of all endpoints together; null: no bound
  LimiterOptions limiter;                // of each endpoint
};

}  // namespace assent::http
