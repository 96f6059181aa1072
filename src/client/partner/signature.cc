#include "client/partner/signature.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <charconv>
#include <cstdlib>
#include <optional>

#include "base/check.h"
#include "client/partner/call.h"

namespace assent::partner {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

const unsigned char* Unsigned(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
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

// "v1," and the base64 of the HMAC.
std::string Sign(const std::string& key, const std::string& text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), Unsigned(text), text.size(),
             digest, &size) != nullptr)
      << "no HMAC";
  unsigned char encoded[EVP_MAX_MD_SIZE * 2];
  const int length = EVP_EncodeBlock(encoded, digest, static_cast<int>(size));
  return "v1," + std::string(reinterpret_cast<char*>(encoded), static_cast<size_t>(length));
}

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

// The signed text puts full stops between its parts, so the id has none.
std::string IdOf(const std::string& key) {
  std::string id;
  for (const char c : key) c == '.' ? id.append("%2E") : id.append(1, c);
  return id;
}

Error Denied(const char* header, const char* why) { return {ErrorCode::kDenied, why, header}; }

bool IsFresh(const std::string& text, WallTime now) {
  int64_t seconds = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, seconds);
  if (read.ec != std::errc() || read.ptr != end || seconds < 0) return false;
  return std::llabs(now.ns / kSecond - seconds) <= kSignatureLife.count() / kSecond;
}

}  // namespace

Result<Verifier> Verifier::Make(const std::vector<std::string>& secrets) {
  constexpr std::string_view kPrefix = "whsec_";
  Verifier verifier;
  for (const std::string& secret : secrets) {
    const Error error{ErrorCode::kInvalid, "expected whsec_ and base64 of 24 to 64 bytes",
                      "secrets"};
    if (!secret.starts_with(kPrefix)) return error;
    auto key = FromBase64(std::string_view(secret).substr(kPrefix.size()));
    if (!key || key->size() < 24 || key->size() > 64) return error;
    verifier.keys_.push_back(std::move(*key));
  }
  return verifier;
}

Result<void> Verifier::Check(const Request& request, WallTime now) const {
  if (keys_.empty()) return {};
  for (const char* name : {"webhook-id", "webhook-timestamp", "webhook-signature"}) {
    if (HeaderOf(request, name).empty()) return Denied(name, "is missing");
  }
  const std::string id = HeaderOf(request, "webhook-id");
  if (id != IdOf(HeaderOf(request, "Idempotency-Key"))) {
    return Denied("webhook-id", "is not the Idempotency-Key");
  }
  const std::string timestamp = HeaderOf(request, "webhook-timestamp");
  if (!IsFresh(timestamp, now)) {
    return Denied("webhook-timestamp", "is not within five minutes of this clock");
  }
  const std::string text = id + "." + timestamp + "." + request.body;
  const std::string list = HeaderOf(request, "webhook-signature");
  for (const std::string& key : keys_) {
    if (IsListed(Sign(key, text), list)) return {};
  }
  return Denied("webhook-signature", "is not right");
}

}  // namespace assent::partner
