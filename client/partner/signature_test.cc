// SPDX-License-Identifier: Apache-2.0
#include "client/partner/signature.h"

#include <gtest/gtest.h>

#include "client/partner/call.h"
#include "client/partner/testing.h"

namespace assent::partner {
namespace {

using std::chrono::seconds;

Request Signed(const std::vector<std::string>& secrets = {kSecret}) {
  return RequestOf(CoordinatorCall(tcc::Operation::kTry), secrets);
}

Result<void> Check(const Request& request, const std::vector<std::string>& secrets = {kSecret},
                   Duration later = Duration(0)) {
  return Verifier::Make(secrets)->Check(request, SystemClock().Wall() + later);
}

void ExpectDenied(const Result<void>& checked, const std::string& header) {
  ASSERT_FALSE(checked) << header;
  EXPECT_EQ(checked.error().code, ErrorCode::kDenied);
  EXPECT_EQ(checked.error().field, header);
}

TEST(PartnerSignature, AcceptsTheCoordinatorsSignatures) {
  EXPECT_TRUE(Check(Signed()));
  EXPECT_TRUE(Check(Signed(), {kOtherSecret, kSecret})) << "while one secret replaces another";
  EXPECT_TRUE(Check(Signed({kOtherSecret, kSecret})));
  EXPECT_TRUE(Check(Signed({}), {})) << "no secret is configured";
}

// The specification's own example.
TEST(PartnerSignature, ReadsTheSpecificationsExample) {
  Request request;
  request.headers = {{"webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"},
                     {"Idempotency-Key", "msg_p5jXN8AQM9LWM0D4loKWxJek"},
                     {"webhook-timestamp", "1614265330"},
                     {"webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}};
  request.body = "{\"test\": 2432232314}";
  const auto verifier = Verifier::Make({"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"});
  ASSERT_TRUE(verifier);
  EXPECT_TRUE(verifier->Check(request, {1614265330'000'000'000}));
}

TEST(PartnerSignature, DeniesMissingHeaders) {
  ExpectDenied(Check(Signed({})), "webhook-id");
  for (const char* name : {"webhook-id", "webhook-timestamp", "webhook-signature"}) {
    Request request = Signed();
    RemoveHeader(&request, name);
    ExpectDenied(Check(request), name);
  }
}

TEST(PartnerSignature, DeniesWrongSignatures) {
  ExpectDenied(Check(Signed({kOtherSecret})), "webhook-signature");
  Request changed = Signed();
  changed.body += " ";
  ExpectDenied(Check(changed), "webhook-signature");
  for (const char* list : {"v1,", "v1", "v2,abc", " ", "v1,AAAA v1,BBBB"}) {
    Request request = Signed();
    SetHeader(&request, "webhook-signature", list);
    ExpectDenied(Check(request), "webhook-signature");
  }
}

// Otherwise a recorded call could be replayed as another operation.
TEST(PartnerSignature, BindsTheIdempotencyKey) {
  Request request = Signed();
  std::string key = HeaderOf(request, "Idempotency-Key");
  key.replace(key.size() - 3, 3, "cancel");
  SetHeader(&request, "Idempotency-Key", key);
  ExpectDenied(Check(request), "webhook-id");
}

TEST(PartnerSignature, DeniesOldAndFutureTimestamps) {
  EXPECT_TRUE(Check(Signed(), {kSecret}, kSignatureLife - seconds(2)));
  ExpectDenied(Check(Signed(), {kSecret}, kSignatureLife + seconds(2)), "webhook-timestamp");
  ExpectDenied(Check(Signed(), {kSecret}, -kSignatureLife - seconds(2)), "webhook-timestamp");
  for (const char* text : {"now", "-5", "9223372036854775808", "1614265330x"}) {
    Request request = Signed();
    SetHeader(&request, "webhook-timestamp", text);
    ExpectDenied(Check(request), "webhook-timestamp");
  }
}

TEST(PartnerSignature, RefusesAnInvalidSecret) {
  for (const std::string secret : {"", "whsec_", "abc", "whsec_AAECAwQ=", "whsec_!!!!"}) {
    const auto made = Verifier::Make({kSecret, secret});
    ASSERT_FALSE(made) << secret;
    EXPECT_EQ(made.error().code, ErrorCode::kInvalid);
    if (secret.size() > 6) {
      EXPECT_EQ(made.error().message.find(secret), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace assent::partner
