// SPDX-License-Identifier: Apache-2.0
#include "base/signing/signer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace assent::signing {
namespace {

using testing::HasSubstr;
using testing::Not;

// The example in the specification.
TEST(Signer, SignsAsStandardWebhooksDo) {
  auto signer = Signer::Make("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  ASSERT_TRUE(signer);
  EXPECT_EQ(signer->Sign("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", "{\"test\": 2432232314}"),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST(Signer, RefusesAMalformedSecretAndDoesNotRepeatIt) {
  for (const std::string secret :
       {"", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_MfKQ9r8G",
        "whsec_M=KQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS "}) {
    auto signer = Signer::Make(secret);
    ASSERT_FALSE(signer) << secret;
    EXPECT_EQ(signer.error().code, ErrorCode::kInvalid);
    EXPECT_THAT(signer.error().message, Not(HasSubstr("MfKQ")));
  }
}

// Zero bytes in base64: four letters for three of them, and two or one before the padding.
std::string SecretOf(size_t bytes) {
  const size_t rest = bytes % 3;
  return "whsec_" + std::string(bytes / 3 * 4, 'A') +
         (rest == 0   ? ""
          : rest == 1 ? "AA=="
                      : "AAA=");
}

// Padding that counted as a byte would let 23 of them pass.
TEST(Signer, TakesSecretsOf24To64Bytes) {
  for (const size_t bytes : {24, 25, 26, 27, 62, 63, 64}) {
    EXPECT_TRUE(Signer::Make(SecretOf(bytes))) << bytes;
  }
  for (const size_t bytes : {1, 21, 22, 23, 65, 66, 67, 300}) {
    EXPECT_FALSE(Signer::Make(SecretOf(bytes))) << bytes;
  }
}

TEST(MessageId, HasNoFullStop) {
  EXPECT_EQ(MessageId("0123/hotel/try"), "0123/hotel/try");
  EXPECT_EQ(MessageId("0123/a.b..c/cancel"), "0123/a%2Eb%2E%2Ec/cancel");
  EXPECT_EQ(MessageId(""), "");
}

}  // namespace
}  // namespace assent::signing
