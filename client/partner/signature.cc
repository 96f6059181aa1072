// SPDX-License-Identifier: Apache-2.0
#include "client/partner/signature.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <cstdlib>

#include "base/number.h"
#include "client/partner/call.h"

namespace assent::partner {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

bool IsListed(const std::string& signature, std::string_view list) {
  while (!list.empty()) {
    const size_t end = std::min(list.find(' '), list.size());
    const std::string_view one = list.substr(0, end);
    if (one.size() == signature.size() &&
        CRYPTO_memcmp(one.data(), signature.data(), one.size()) == 0) {
      return true;
    }
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

Error Denied(const char* header, const char* why) { return {ErrorCode::kDenied, why, header}; }

bool IsFresh(const std::string& text, WallTime now) {
  const auto seconds = ParseNumber<int64_t>(text);
  if (!seconds || *seconds < 0) return false;
  return std::llabs(now.ns / kSecond - *seconds) <= kSignatureLife.count() / kSecond;
}

}  // namespace

Result<Verifier> Verifier::Make(const std::vector<std::string>& secrets) {
  Verifier verifier;
  for (const std::string& secret : secrets) {
    auto signer = signing::Signer::Make(secret);
    if (!signer) return Error{signer.error().code, signer.error().message, "secrets"};
    verifier.signers_.push_back(std::move(*signer));
  }
  return verifier;
}

Result<void> Verifier::Check(const Request& request, WallTime now) const {
  if (signers_.empty()) return {};
  for (const char* name : {"webhook-id", "webhook-timestamp", "webhook-signature"}) {
    if (HeaderOf(request, name).empty()) return Denied(name, "is missing");
  }
  const std::string id = HeaderOf(request, "webhook-id");
  if (id != signing::MessageId(HeaderOf(request, "Idempotency-Key"))) {
    return Denied("webhook-id", "does not match the Idempotency-Key");
  }
  const std::string timestamp = HeaderOf(request, "webhook-timestamp");
  if (!IsFresh(timestamp, now)) {
    return Denied("webhook-timestamp", "is not within five minutes of this server's clock");
  }
  const std::string list = HeaderOf(request, "webhook-signature");
  for (const signing::Signer& signer : signers_) {
    if (IsListed(signer.Sign(id, timestamp, request.body), list)) return {};
  }
  return Denied("webhook-signature", "does not match the body, the time and the secret");
}

}  // namespace assent::partner
