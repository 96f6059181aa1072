// SPDX-License-Identifier: Apache-2.0
#include "client/partner/call.h"

#include <gtest/gtest.h>

#include "client/partner/testing.h"

namespace assent::partner {
namespace {

using barrier::Operation;
using std::chrono::milliseconds;
using std::chrono::seconds;

Request Try() { return RequestOf(CoordinatorCall(tcc::Operation::kTry)); }

TEST(PartnerCall, ReadsWhatACoordinatorSends) {
  const tcc::Call sent = CoordinatorCall(tcc::Operation::kConfirm);
  const auto call = ReadCall(RequestOf(sent), Operation::kConfirm);
  ASSERT_TRUE(call) << call.error().field << " " << call.error().message;
  EXPECT_EQ(call->operation, Operation::kConfirm);
  EXPECT_EQ(call->transaction, sent.key.gtrid.ToHex());
  EXPECT_EQ(call->branch, "hotel");
  EXPECT_EQ(call->gid, "trip-1");
  EXPECT_EQ(call->attempt, 1u);
  EXPECT_EQ(FormatTime(call->deadline), FormatTime(sent.deadline));
  EXPECT_EQ(call->time_left, Duration(seconds(30)));
  ASSERT_TRUE(call->horizon);
  EXPECT_EQ(FormatTime(*call->horizon), FormatTime(sent.horizon));
  EXPECT_EQ(call->coordinator, "http://127.0.0.1:7430");
  EXPECT_EQ(call->content_type, "application/json");
  EXPECT_EQ(call->body, "{\"beds\":2}");
}

TEST(PartnerCall, TakesNamesOfHeadersInAnyCase) {
  Request request = Try();
  for (auto& [name, value] : request.headers) {
    for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  EXPECT_TRUE(ReadCall(request, Operation::kTry));
}

TEST(PartnerCall, NamesTheHeaderThatIsMissing) {
  for (const char* name :
       {"Assent-Transaction", "Assent-Branch", "Assent-Operation", "Assent-Attempt",
        "Assent-Deadline", "Assent-Timeout-Ms", "Idempotency-Key"}) {
    Request request = Try();
    RemoveHeader(&request, name);
    const auto call = ReadCall(request, Operation::kTry);
    ASSERT_FALSE(call) << name;
    EXPECT_EQ(call.error().field, name);
    EXPECT_EQ(call.error().message, "is missing");
  }
}

TEST(PartnerCall, AcceptsMissingOptionalHeaders) {
  Request request = Try();
  for (const char* name : {"Assent-Gid", "Assent-Horizon", "Assent-Coordinator", "Content-Type"}) {
    RemoveHeader(&request, name);
  }
  const auto call = ReadCall(request, Operation::kTry);
  ASSERT_TRUE(call);
  EXPECT_FALSE(call->horizon);
}

TEST(PartnerCall, NamesTheInvalidHeader) {
  const std::string gtrid = CoordinatorCall(tcc::Operation::kTry).key.gtrid.ToHex();
  const std::pair<const char*, std::string> wrong[] = {
      {"Assent-Transaction", gtrid.substr(1)},
      {"Assent-Transaction", gtrid + "0"},
      {"Assent-Transaction", gtrid.substr(1) + "F"},
      {"Assent-Transaction", gtrid.substr(1) + "'"},
      {"Assent-Branch", ".hotel"},
      {"Assent-Branch", "ho tel"},
      {"Assent-Branch", "hotel/2"},
      {"Assent-Branch", std::string(65, 'h')},
      {"Assent-Operation", "confirm"},
      {"Assent-Operation", "Try"},
      {"Assent-Attempt", "0"},
      {"Assent-Attempt", "-1"},
      {"Assent-Attempt", "1x"},
      {"Assent-Attempt", "4294967296"},
      {"Assent-Deadline", "soon"},
      {"Assent-Deadline", "2026-01-31 12:00:00"},
      {"Assent-Timeout-Ms", "1.5"},
      {"Assent-Timeout-Ms", "99999999999999999999"},
      {"Assent-Horizon", "yesterday"},
      {"Idempotency-Key", gtrid + "/hotel/confirm"},
      {"Idempotency-Key", gtrid + "/flight/try"},
  };
  for (const auto& [name, value] : wrong) {
    Request request = Try();
    SetHeader(&request, name, value);
    const auto call = ReadCall(request, Operation::kTry);
    ASSERT_FALSE(call) << name << ": " << value;
    EXPECT_EQ(call.error().code, ErrorCode::kInvalid);
    EXPECT_EQ(call.error().field, name) << value;
    EXPECT_EQ(call.error().message.find(value), std::string::npos) << "contains the value";
  }
}

TEST(PartnerCall, RefusesADuplicateHeader) {
  for (const char* name : {"Assent-Transaction", "Idempotency-Key", "Assent-Deadline"}) {
    Request request = Try();
    request.headers.emplace_back(name, HeaderOf(request, name));
    const auto call = ReadCall(request, Operation::kTry);
    ASSERT_FALSE(call) << name;
    EXPECT_EQ(call.error().field, name);
    EXPECT_EQ(call.error().message, "is duplicated");
  }
}

TEST(PartnerCall, RefusesAnOperationThatContradictsThePath) {
  const auto call = ReadCall(Try(), Operation::kCancel);
  ASSERT_FALSE(call);
  EXPECT_EQ(call.error().field, "Assent-Operation");
}

TEST(PartnerCall, PassesItsDeadlineByTheClockOrByTheTimeLeft) {
  Call call;
  call.deadline = {1'000'000'000'000};
  call.time_left = seconds(5);
  const WallTime before{995'000'000'000}, after{1'000'000'000'001};
  EXPECT_FALSE(HasPassed(call, before, Duration(0), Duration(0)));
  EXPECT_TRUE(HasPassed(call, after, Duration(0), Duration(0)));
  EXPECT_FALSE(HasPassed(call, after, Duration(0), milliseconds(1)))
      << "within the difference of the clocks";
  EXPECT_TRUE(HasPassed(call, before, seconds(5), Duration(0)))
      << "it has waited here for its whole timeout";
  call.time_left = Duration(0);
  EXPECT_TRUE(HasPassed(call, before, Duration(0), Duration(0))) << "nothing was left";
}

}  // namespace
}  // namespace assent::partner
