// SPDX-License-Identifier: Apache-2.0
// Standard Webhooks signatures: the proof that a request comes from who knows the secret, and was
// not changed.
//
//   Signer signer = *Signer::Make("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
//   headers: webhook-id, webhook-timestamp, webhook-signature: signer.Sign(id, timestamp, body)
//
// HMAC-SHA256 over `id.timestamp.body`. The coordinator signs with it, and a partner compares with
// what it would have signed. Threads: a Signer is immutable. Source: standardwebhooks.com,
// "Signature scheme".
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace assent::signing {

class Signer {
 public:
  // Errors: kInvalid unless `secret` is "whsec_" and base64 of 24 to 64 bytes. The message holds
  // nothing of it.
  static Result<Signer> Make(std::string_view secret);
  // "v1," and base64. `timestamp`: seconds since 1970 in digits, as the header has them.
  std::string Sign(std::string_view id, std::string_view timestamp, std::string_view body) const;

 private:
  std::string key_;
};

// The webhook-id of an idempotency key. The signed text puts full stops between its parts, so the
// id has none: %2E stands for one.
std::string MessageId(std::string_view idempotency_key);

}  // namespace assent::signing
