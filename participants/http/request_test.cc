// SPDX-License-Identifier: Apache-2.0
#include "participants/http/request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace assent::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using tcc::Answer;
using testing::HasSubstr;
using testing::Not;

constexpr WallTime kNow{1'614'265'330'000'000'000};

tcc::Call ACall() {
  tcc::Call call;
  call.call = 7;
  call.operation = tcc::Operation::kTry;
  call.key = {core::Gtrid::Make("12345678", 1, "abc", 7), "voucher"};
  call.gid = "coupon-C42-7";
  call.payload = std::make_shared<tcc::Payload>(tcc::Payload{"application/json", "{\"user\":7}"});
  call.attempt = 3;
  call.deadline = kNow + seconds(5);
  call.horizon = kNow + seconds(-60);
  call.coordinator = "http://127.0.0.1:7430";
  call.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  return call;
}

std::string RequestText(const tcc::Call& call, const Url& url, Duration left, WallTime now,
                        const std::vector<signing::Signer>& signers) {
  std::string text;
  AppendRequest(call, RequestHead(url), left, now, signers, &text);
  return text;
}

TEST(RequestText, HasEveryHeaderAPartnerIsPromised) {
  const tcc::Call call = ACall();
  const std::string gtrid = call.key.gtrid.ToHex();
  EXPECT_EQ(RequestText(call, *ParseUrl("http://127.0.0.1:9101/vouchers/try?x=1"),
                        milliseconds(4'321), kNow, {}),
            "POST /vouchers/try?x=1 HTTP/1.1\r\n"
            "Host: 127.0.0.1:9101\r\n"
            "User-Agent: Assent\r\n"
            "Content-Type: application/json\r\n"
            "Content-Length: 10\r\n"
            "Assent-Transaction: " +
                gtrid +
                "\r\n"
                "Assent-Gid: coupon-C42-7\r\n"
                "Assent-Branch: voucher\r\n"
                "Assent-Operation: try\r\n"
                "Assent-Attempt: 3\r\n"
                "Assent-Deadline: 2021-02-25T15:02:15.000Z\r\n"
                "Assent-Timeout-Ms: 4321\r\n"
                "Assent-Horizon: 2021-02-25T15:01:10.000Z\r\n"
                "Assent-Coordinator: http://127.0.0.1:7430\r\n"
                "Idempotency-Key: " +
                gtrid +
                "/voucher/try\r\n"
                "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n"
                "\r\n"
                "{\"user\":7}");
}

TEST(RequestText, OmitsAbsentHeaders) {
  tcc::Call call = ACall();
  call.coordinator = call.traceparent = "";
  const auto text = RequestText(call, *ParseUrl("http://h/"), seconds(-1), kNow, {});
  EXPECT_THAT(text, Not(HasSubstr("Assent-Coordinator")));
  EXPECT_THAT(text, Not(HasSubstr("traceparent")));
  EXPECT_THAT(text, Not(HasSubstr("webhook-")));
  EXPECT_THAT(text, HasSubstr("Assent-Timeout-Ms: 0\r\n"));
}

TEST(RequestText, RefusesAValueThatWouldBeginAnotherHeader) {
  EXPECT_TRUE(CheckHeaders(ACall()));
  for (std::string tcc::Call::*field :
       {&tcc::Call::gid, &tcc::Call::coordinator, &tcc::Call::traceparent}) {
    tcc::Call call = ACall();
    call.*field = "a\r\nX: y";
    EXPECT_FALSE(CheckHeaders(call));
  }
  tcc::Call call = ACall();
  call.key.branch = std::string("a\0b", 3);
  EXPECT_FALSE(CheckHeaders(call));
  call = ACall();
  call.payload = std::make_shared<tcc::Payload>(tcc::Payload{"text/plain\n", ""});
  EXPECT_FALSE(CheckHeaders(call));
}

TEST(RequestText, IsSignedWithEachSecret) {
  const auto first = *signing::Signer::Make("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  const auto second = *signing::Signer::Make("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
  tcc::Call call = ACall();
  call.key.branch = "a.b";
  const std::string id = call.key.gtrid.ToHex() + "/a%2Eb/try";
  EXPECT_THAT(
      RequestText(call, *ParseUrl("http://h/"), seconds(1), kNow, {first, second}),
      HasSubstr("webhook-id: " + id + "\r\nwebhook-timestamp: 1614265330\r\nwebhook-signature: " +
                first.Sign(id, "1614265330", "{\"user\":7}") + " " +
                second.Sign(id, "1614265330", "{\"user\":7}") + "\r\n"));
}

Received Answered(int status) {
  Received received;
  received.sent = true;
  received.status = status;
  return received;
}

TEST(ToCompletion, SortsByTheStatus) {
  EXPECT_EQ(ToCompletion(ACall(), Answered(200), kNow).answer, Answer::kDone);
  EXPECT_EQ(ToCompletion(ACall(), Answered(409), kNow).answer, Answer::kRefused);
  const auto redirect = ToCompletion(ACall(), Answered(302), kNow);
  EXPECT_EQ(redirect.answer, Answer::kUnknown);
  EXPECT_THAT(redirect.detail, HasSubstr("redirect"));
  Received lost;
  EXPECT_EQ(ToCompletion(ACall(), lost, kNow).answer, Answer::kNotSent);
  lost.sent = true;
  EXPECT_EQ(ToCompletion(ACall(), lost, kNow).answer, Answer::kUnknown);
}

TEST(ToCompletion, ReadsRetryAfterOnlyIfThereIsSomethingToWaitFor) {
  for (int status : {202, 425, 429, 503, 500, 200, 409}) {
    Received received = Answered(status);
    received.retry_after = "7";
    const bool waits = status == 202 || status == 425 || status == 429 || status == 503;
    EXPECT_EQ(ToCompletion(ACall(), received, kNow).retry_after, seconds(waits ? 7 : 0)) << status;
  }
}

TEST(ToCompletion, ReadsAnExpiryOnlyFromAYesToTryAndRejectsAnInvalidOne) {
  Received received = Answered(201);
  received.expires = "2026-01-31T12:00:00Z";
  tcc::Call call = ACall();
  EXPECT_EQ(ToCompletion(call, received, kNow).expires_at, ParseTime(received.expires));
  call.operation = tcc::Operation::kConfirm;
  EXPECT_FALSE(ToCompletion(call, received, kNow).expires_at);
  received.expires = "tomorrow";
  EXPECT_EQ(ToCompletion(call, received, kNow).answer, Answer::kDone);
  call.operation = tcc::Operation::kTry;
  EXPECT_EQ(ToCompletion(call, received, kNow).answer, Answer::kUnknown);
}

}  // namespace
}  // namespace assent::http
