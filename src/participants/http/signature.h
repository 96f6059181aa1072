// Standard Webhooks signatures: the proof for a partner that a request is ours and was not changed.
//
//   Signer signer = *Signer::Make("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
//   headers: webhook-id, webhook-timestamp, webhook-signature: signer.Sign(id, timestamp, body)
//
// HMAC-SHA256 over `id.timestamp.body`. Threads: a Signer is immutable. Source:
// standardwebhooks.com, "Signature scheme".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace assent::http {

class Signer {
 public:
  // Errors: kInvalid unless `secret` is "whsec_" and base64 of 24 to 64 bytes. The message holds
  // nothing of it.
  static Result<Signer> Make(std::string_view secret);
  std::string Sign(std::string_view id, int64_t timestamp_s, std::string_view body) const;

 private:
  std::string key_;
};

}  // namespace assent::http
