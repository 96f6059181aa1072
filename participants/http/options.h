// SPDX-License-Identifier: Apache-2.0
// The options of the adapter for partners over HTTP.
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
  std::vector<std::string> secrets;  // "whsec_…"; several during a rotation
};

struct HttpOptions {
  std::vector<std::string> allow = LoopbackOnly();
  std::vector<Signing> signing;  // the first matching prefix applies
  std::string ca_file;           // PEM, trusted instead of the system's CAs; empty: the system's
  // Addresses of hosts, used instead of the resolver.
  std::map<std::string, std::vector<std::string>> addresses;

  // The address on which the coordinator itself listens; null: none.
  std::shared_ptr<OwnAddress> own_address;

  Duration connect_timeout{2'000'000'000};   // look-up, connect and TLS
  Duration request_timeout{10'000'000'000};  // in total, including the connect
  Duration idle_timeout{30'000'000'000};     // of an unused connection
  // A try that times out at its own deadline counts against its endpoint only after this long.
  Duration slow_after{1'000'000'000};
  size_t max_answer_bytes = 64 << 10;  // body
  size_t max_header_bytes = 16 << 10;
  size_t max_waiting = 10'000;           // per endpoint and lane
  size_t max_idle = 64;                  // connections per endpoint
  int threads = 1;                       // each endpoint belongs to one thread
  std::shared_ptr<SocketShare> sockets;  // for all endpoints together; null: no bound
  LimiterOptions limiter;                // per endpoint
};

}  // namespace assent::http
