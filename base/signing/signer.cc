// SPDX-License-Identifier: Apache-2.0
#include "base/signing/signer.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <optional>

#include "base/check.h"

namespace assent::signing {
namespace {

const unsigned char* Unsigned(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string ToBase64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // OpenSSL ends it with a zero
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), Unsigned(bytes),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<size_t>(size));
  return text;
}

// With its padding. OpenSSL counts padding as zero bytes, and takes blanks.
std::optional<std::string> FromBase64(std::string_view text) {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  const std::string_view letters = text.substr(0, text.size() - padding);
  if (text.empty() || text.size() % 4 != 0 || letters.find_first_not_of(kLetters) != letters.npos) {
    return {};
  }
  std::string bytes(text.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()), Unsigned(text),
                                   static_cast<int>(text.size()));
  if (size < 0) return {};
  bytes.resize(bytes.size() - padding);
  return bytes;
}

}  // namespace

Result<Signer> Signer::Make(std::string_view secret) {
  constexpr std::string_view kPrefix = "whsec_";
  const Error error{ErrorCode::kInvalid, "expected whsec_ and base64 of 24 to 64 bytes"};
  if (!secret.starts_with(kPrefix)) return error;
  auto key = FromBase64(secret.substr(kPrefix.size()));
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
      << "no HMAC";
  return "v1," + ToBase64({reinterpret_cast<const char*>(digest), size});
}

std::string MessageId(std::string_view idempotency_key) {
  std::string id;
  for (const char c : idempotency_key) c == '.' ? id.append("%2E") : id.append(1, c);
  return id;
}

}  // namespace assent::signing
