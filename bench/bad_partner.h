// SPDX-License-Identifier: Apache-2.0
// A partner that misbehaves in one way until Cure is called.
//
// Contract: it treats every call as `behavior` says. It records the operations that it executes in
// the journal of its branch; an operation that it does not answer, or answers with an error, is not
// executed.
// Errors: any error ends the process.
// Threads: any thread calls any function; a thread of its own serves the calls.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bench/certificates.h"
#include "bench/journal.h"

namespace assent::bench {

enum class Behavior {
  kGood,
  kRefusesConnections,
  kSilent,         // accepts the connection and the call, and never answers
  kByteASecond,    // sends its answer at one byte a second
  kInternalError,  // 500
  kBadGateway,     // 502
  kUnavailable,    // 503 with Retry-After: 1
  kLate,           // 200, half a second late
  kAnotherType,    // 200 with an HTML page
  kTenMegabytes,   // 200 with a body of 10 MB
  kRedirect,       // 302 to itself
  kExpired,        // an expired certificate
  kAnotherHost,    // a certificate for another host
  kSelfSigned,     // a self-signed certificate
  kNoCertificate,  // no TLS at its https address
  kRefusesTries    // 409 for a try, as a partner may
};
// The measured ones: all but the first and the last.
const std::vector<Behavior>& BadBehaviors();
const char* Name(Behavior behavior);

class BadPartner {
 public:
  // `journal` and `certificates` must outlive the partner.
  BadPartner(Behavior behavior, Journal& journal, const Certificates& certificates);
  ~BadPartner();

  const std::string& url() const;
  // Makes it behave well from now on. Closes connections on which an answer is due.
  void Cure();

 private:
  class Server;
  std::unique_ptr<Server> server_;
};

}  // namespace assent::bench
