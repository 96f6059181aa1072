// SPDX-License-Identifier: Apache-2.0
// A partner and the coordinator's own adapter work together.
#include "participants/http/testing.h"
#include "tests/partner/hotel_fixture.h"
#include "tests/support/temp.h"

namespace assent::test {
namespace {

using A = tcc::Answer;

class PartnerAdapter : public Hotel {
 protected:
  tcc::Completion Drive(http::Adapter& adapter, Operation operation) {
    auto call = adapter.Make(operation, Url());
    call.key = partner::CoordinatorCall(operation).key;
    return adapter.completions().Wait(adapter.Start(std::move(call)));
  }
  std::string Url() const {
    return "http://127.0.0.1:" + std::to_string(partner_->port()) + "/hotel";
  }
};
INSTANTIATE_TEST_SUITE_P(All, PartnerAdapter,
                         testing::Values(barrier::Vendor::kMySql, barrier::Vendor::kPostgreSql),
                         VendorName);

TEST_P(PartnerAdapter, DistinguishesAllAnswers) {
  std::atomic<int> attempts = 0;
  partner::Partner business = Business();
  business.on_try = [&](partner::Session& session, const partner::Call& call) {
    return ++attempts == 1 ? partner::Unavailable("not yet", 1) : Reserve(session, call);
  };
  business.expiry = [](partner::Session&, const partner::Call&) {
    return ParseTime("2030-01-31T12:00:00Z");
  };
  Serve(business, {.secrets = {partner::kSecret}});
  http::HttpOptions options;
  options.signing = {{Url(), {partner::kOtherSecret}}};
  {
    http::Adapter stranger(options);
    EXPECT_EQ(Drive(stranger, Operation::kTry).answer, A::kNever);
  }
  options.signing = {{Url(), {partner::kOtherSecret, partner::kSecret}}};
  http::Adapter adapter(options);
  const auto later = Drive(adapter, Operation::kTry);
  EXPECT_EQ(later.answer, A::kLater);
  EXPECT_EQ(later.retry_after, Duration(std::chrono::seconds(1)));
  tcc::Completion done;  // the coordinator sends nothing for a second
  EXPECT_TRUE(Eventually(std::chrono::seconds(20), [&] {
    done = Drive(adapter, Operation::kTry);
    return done.answer != A::kNotSent;
  }));
  EXPECT_EQ(done.answer, A::kDone) << done.detail;
  EXPECT_EQ(done.expires_at, ParseTime("2030-01-31T12:00:00Z"));
  EXPECT_EQ(Drive(adapter, Operation::kConfirm).answer, A::kDone);
  EXPECT_EQ(Drive(adapter, Operation::kCancel).answer, A::kRefused);
  EXPECT_EQ(Free() + Booking(), "18booked");
}

}  // namespace
}  // namespace assent::test
