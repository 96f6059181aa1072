// SPDX-License-Identifier: Apache-2.0
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <openssl/evp.h>

#include <memory>

#include "base/check.h"
#include "server/json/codec.h"

namespace assent::server {

std::string Fingerprint(const google::protobuf::Message& message) {
  // Fetched only once: the look-up by name costs more than the digest.
  static const EVP_MD* const kSha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  thread_local const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(
      EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  CHECK(kSha256 != nullptr && context != nullptr) << "OpenSSL has no SHA-256";
  // The digest includes the message's name: an empty begin differs from an empty rollback.
  const std::string& name = message.GetDescriptor()->full_name();
  const std::string content = WriteCanonicalJson(message);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  const bool ok = EVP_DigestInit_ex2(context.get(), kSha256, nullptr) == 1 &&
                  EVP_DigestUpdate(context.get(), name.data(), name.size()) == 1 &&
                  EVP_DigestUpdate(context.get(), content.data(), content.size()) == 1 &&
                  EVP_DigestFinal_ex(context.get(), digest, &size) == 1;
  CHECK(ok && size == 32) << "SHA-256 failed";
  return std::string(reinterpret_cast<const char*>(digest), 16);
}

}  // namespace assent::server
