// SPDX-License-Identifier: Apache-2.0
// Standard Webhooks signatures, which prove that the sender of a request knows the secret and that
// the request was not changed.
//
//   Signer signer = *Signer::Make("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
//   headers: webhook-id, webhook-timestamp, webhook-signature: signer.Sign(id, timestamp, body)
//
// The signature is HMAC-SHA256 over `id.timestamp.body`. The coordinator signs its calls with it; a
// partner computes the signature of the call that it received and compares.
// Threads: any, a Signer is immutable.
// Source: standardwebhooks.com, "Signature scheme".
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace assent::signing {

class Signer {
 public:
  // Errors: kInvalid unless `secret` is "whsec_" and base64 of 24 to 64 bytes. The message contains
  // no part of the secret.
  static Result<Signer> Make(std::string_view secret);
  // Returns "v1," and base64. `timestamp`: the value of webhook-timestamp, seconds since 1970 in
  // digits.
  std::string Sign(std::string_view id, std::string_view timestamp, std::string_view body) const;

 private:
  std::string key_;
};

// The webhook-id of an idempotency key. The parts of the signed text are separated by full stops,
// so the id replaces each full stop by %2E.
std::string MessageId(std::string_view idempotency_key);

}  // namespace assent::signing
