// SPDX-License-Identifier: Apache-2.0
// Verifies Standard Webhooks signatures: that a call comes from who knows the secret, and was not
// changed.
//
// The signature covers the time and the body, and, as webhook-id is the idempotency key, the
// transaction, the branch and the operation; the other headers it does not. A call that is sent
// again by somebody else runs nothing twice: the barrier sees to that.
// Errors: kDenied; `field` names the header.
// Threads: a Verifier is immutable. Source: standardwebhooks.com, "Signature scheme".
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/signing/signer.h"
#include "base/time.h"
#include "client/partner/message.h"

namespace assent::partner {

// How old a signature may be, and how far in the future.
inline constexpr Duration kSignatureLife = std::chrono::minutes(5);

class Verifier {
 public:
  // `secrets`: "whsec_" and base64 of 24 to 64 bytes each; several while one replaces another.
  // Empty: every call passes. Errors: kInvalid, and the message holds nothing of a secret.
  static Result<Verifier> Make(const std::vector<std::string>& secrets);

  Result<void> Check(const Request& request, WallTime now) const;

 private:
  std::vector<signing::Signer> signers_;
};

}  // namespace assent::partner
