// SPDX-License-Identifier: Apache-2.0
// A TCC partner's HTTP server: verifies what comes, runs it through the barrier, answers.
//
//   auto server = *Server::Listen({.port = 9101, .secrets = {secret}}, MySqlOpener(database),
//                                 {{"/hotel", Reserve, Confirm, Release}});
//
// Contract: takes POST {path}/try, /confirm and /cancel of each partner. 400: a header is missing
// or wrong, 401: the signature, 404, 405, 413; each answer says in a sentence what it is. A try
// past its deadline is refused (409), a confirm or a cancel never is. 503 with Retry-After: no
// connection to the database could be had. The rest in serve.h. The barrier's table must be there
// (MakeBarrierTable); what it needs no more is removed now and then, behind an answer that ends its
// connection. No TLS: it belongs on loopback, or behind a proxy that has it. Errors: kInUse:
// another process has the port; kInvalid: the address, a secret, or a path that is empty, ends with
// a slash, or comes twice; kIo. Threads: one accepts, one for each connection; the business code is
// called on the latter, several at once. Stop ends them all: calls under way are answered first.
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
  std::vector<std::string> secrets = {};  // "whsec_…" (signature.h); empty: unsigned calls pass
  Duration clock_difference{0};           // how far the coordinator's clock may be behind ours
  HttpLimits http = {};
  int max_connections = 256;
  size_t max_sessions = 16;                             // connections to the database
  Duration session_patience = std::chrono::seconds(5);  // how long a call waits for one, at most
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
