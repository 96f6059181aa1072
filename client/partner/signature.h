// SPDX-License-Identifier: Apache-2.0
// Verifies Standard Webhooks signatures, which prove that the sender of a call knows the secret and
// that the call was not changed.
//
// The signature covers the time and the body. It also covers the transaction, the branch and the
// operation, because webhook-id is the idempotency key. It does not cover the other headers. A
// replayed call runs nothing twice, because of the barrier.
// Errors: kDenied; `field` is the header.
// Threads: any; a Verifier is immutable.
// Source: standardwebhooks.com, "Signature scheme".
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/signing/signer.h"
#include "base/time.h"
#include "client/partner/message.h"

namespace assent::partner {

// The maximum age of a signature, and how far in the future its time may be.
inline constexpr Duration kSignatureLife = std::chrono::minutes(5);

class Verifier {
 public:
  // Each secret is "whsec_" and 24 to 64 bytes in base64; give several while one replaces another.
  // Without secrets, every call is accepted.
  // Errors: kInvalid; the message contains no part of a secret.
  static Result<Verifier> Make(const std::vector<std::string>& secrets);

  Result<void> Check(const Request& request, WallTime now) const;

 private:
  std::vector<signing::Signer> signers_;
};

}  // namespace assent::partner
