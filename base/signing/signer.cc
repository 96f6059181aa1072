// SPDX-License-Identifier: Apache-2.0
#include "base/signing/signer.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/base64.h"
#include "base/check.h"

namespace assent::signing {
namespace {

const unsigned char* Unsigned(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

Result<Signer> Signer::Make(std::string_view secret) {
  constexpr std::string_view kPrefix = "whsec_";
  const Error error{ErrorCode::kInvalid, "expected whsec_ and base64 of 24 to 64 bytes"};
  if (!secret.starts_with(kPrefix)) return error;
  auto key = DecodeBase64(secret.substr(kPrefix.size()), SpareBits::kIgnored);
  if (!key || key->size() < 24 || key->size() > 64) return error;
  Signer signer;
  signer.key_ = std::move(*key);
  return signer;
}

std::string Signer::Sign(std::string_view id, std::string_view timestamp,
                         std::string_view body) const {
  std::string text(id);
  text.append(".").append(timestamp).append(".").append(body);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  CHECK(HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()), Unsigned(text), text.size(),
             digest, &size) != nullptr)
      << "HMAC failed";
  std::string signature = "v1,";
  AppendBase64({reinterpret_cast<const char*>(digest), size}, &signature);
  return signature;
}

std::string MessageId(std::string_view idempotency_key) {
  std::string id;
  for (const char c : idempotency_key) c == '.' ? id.append("%2E") : id.append(1, c);
  return id;
}

}  // namespace assent::signing
