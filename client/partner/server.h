// SPDX-License-Identifier: Apache-2.0
// The HTTP server of a TCC partner: verifies calls, runs them through the barrier and answers them.
//
//   auto server = *Server::Listen({.port = 9101, .secrets = {secret}}, MySqlOpener(database),
//                                 {{"/hotel", Reserve, Confirm, Release}});
//
// Contract: serves POST {path}/try, /confirm and /cancel for each partner. Answers 400 for a
// missing or invalid header, 401 for a wrong signature, 404, 405 or 413; the text says what is
// wrong. A try after its deadline is refused (409); a confirm or cancel never is. Answers 503 with
// Retry-After if no database connection is available. serve.h lists the other answers.
// The barrier table must exist (MakeBarrierTable). Rows that are no longer needed are removed from
// time to time, after an answer that closes its connection.
// There is no TLS: listen on loopback, or behind a proxy with TLS.
// Errors: kInUse if the port is in use; kInvalid if the address, a secret or a path is invalid (a
// path is empty, ends with a slash, or is a duplicate); kIo.
// Threads: one accepts connections, and each connection has one, which calls the business code; so
// the business code runs on several threads at once. Stop answers the pending calls, then ends all
// threads.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "client/partner/http_connection.h"
#include "client/partner/serve.h"

namespace assent::partner {

struct ServerOptions {
  std::string address = "127.0.0.1";      // an IP address, not a name
  uint16_t port = 0;                      // 0: any free one
  std::vector<std::string> secrets = {};  // "whsec_…" (signature.h); empty: accepts unsigned calls
  Duration clock_difference{0};           // how far the coordinator's clock may lag behind
  HttpLimits http = {};
  int max_connections = 256;
  size_t max_sessions = 16;                             // connections to the database
  Duration session_patience = std::chrono::seconds(5);  // maximum wait of a call for one
  Duration purge_every = std::chrono::hours(1);
};

class Server {
 public:
  static Result<std::unique_ptr<Server>> Listen(ServerOptions options, Opener opener,
                                                std::vector<Partner> partners);
  virtual ~Server() = default;  // stops
  virtual uint16_t port() const = 0;
  virtual void Stop() = 0;  // idempotent
};

}  // namespace assent::partner
