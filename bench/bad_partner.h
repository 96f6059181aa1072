// SPDX-License-Identifier: Apache-2.0
// A partner that misbehaves in one way, until it is cured.
//
// It answers with `behaviour` whatever it is asked. What it carries out goes to the journal of its
// branch; an operation that it does not answer, or answers with an error, is not carried out.
// Errors: any ends the process. Threads: all functions by any; one of its own serves.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bench/certificates.h"
#include "bench/journal.h"

namespace assent::bench {

enum class Behaviour {
  kGood,
  kRefusesConnections,
  kSilent,         // takes the connection and the call, and never answers
  kByteASecond,    // of an answer
  kInternalError,  // 500
  kBadGateway,     // 502
  kUnavailable,    // 503 with Retry-After: 1
  kLate,           // 200, half a second late
  kAnotherType,    // 200 and a page for people
  kTenMegabytes,   // 200 and too large a body
  kRedirect,       // 302 to itself
  kExpired,        // its certificate
  kAnotherHost,    // likewise
  kSelfSigned,     // likewise
  kNoCertificate,  // it does not speak TLS at its https address
  kRefusesTries    // 409; a partner's good right
};
// What is measured: all but the first and the last.
const std::vector<Behaviour>& BadBehaviours();
const char* Name(Behaviour behaviour);

class BadPartner {
 public:
  // `journal` and `certificates` outlive it.
  BadPartner(Behaviour behaviour, Journal& journal, const Certificates& certificates);
  ~BadPartner();

  const std::string& url() const;
  // Good from now on. Connections on which somebody waits for an answer are closed.
  void Cure();

 private:
  class Server;
  std::unique_ptr<Server> server_;
};

}  // namespace assent::bench
