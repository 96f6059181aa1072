// SPDX-License-Identifier: Apache-2.0
// A partner's answers and its ledger, in whatever order and however many times calls arrive.
#include <gmock/gmock.h>

#include <stdexcept>

#include "base/log_sink.h"
#include "tests/partner/hotel_fixture.h"
#include "tests/support/temp.h"

namespace assent::test {
namespace {

using partner::Call;
using partner::CoordinatorCall;
using partner::Session;
using std::chrono::hours;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

class PartnerCalls : public Hotel {};
INSTANTIATE_TEST_SUITE_P(All, PartnerCalls,
                         testing::Values(barrier::Vendor::kMySql, barrier::Vendor::kPostgreSql),
                         VendorName);

TEST_P(PartnerCalls, RunEachOperationOnce) {
  Serve();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Status(Operation::kTry), 200);
    EXPECT_EQ(Free() + Booking(), "18held");
  }
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Status(Operation::kConfirm), 200);
    EXPECT_EQ(Free() + Booking(), "18booked");
  }
  EXPECT_EQ(Status(Operation::kTry), 200) << "a try that is repeated after its confirm";
  EXPECT_EQ(Free(), "18");
  EXPECT_EQ(Causes(), "confirm=confirm try=try");
}

TEST_P(PartnerCalls, UndoATryOnce) {
  Serve();
  EXPECT_EQ(Status(Operation::kTry), 200);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Status(Operation::kCancel), 200);
    EXPECT_EQ(Free() + Booking(), "20released");
  }
}

TEST_P(PartnerCalls, DoNothingForACancelThatOvertakesItsTry) {
  Serve();
  EXPECT_EQ(Status(Operation::kCancel), 200);
  EXPECT_EQ(Status(Operation::kCancel), 200);
  const RawAnswer late = Ask(Operation::kTry);
  EXPECT_EQ(late.status, 409);
  EXPECT_THAT(late.body, HasSubstr("suspended"));
  EXPECT_EQ(Free() + Booking(), "20nothing");
}

TEST_P(PartnerCalls, RefuseForGood) {
  Serve();
  Query("UPDATE stock SET free = 0 WHERE night = 2");
  const RawAnswer refused = Ask(Operation::kTry);
  EXPECT_EQ(refused.status, 409);
  EXPECT_THAT(refused.body, HasSubstr("sold out"));
  EXPECT_EQ(Free() + Booking(), "10nothing") << "its writes before the refusal are undone";
  Query("UPDATE stock SET free = 10");
  EXPECT_EQ(Status(Operation::kTry), 409) << "the duplicate is answered as the first one was";
  EXPECT_EQ(Status(Operation::kCancel), 200);
  EXPECT_EQ(Free() + Booking(), "20nothing");
  EXPECT_EQ(Causes(), "cancel=cancel try=refused");
}

// The business code refuses because of a violated constraint.
TEST_P(PartnerCalls, RefuseAfterAViolatedConstraint) {
  ServeTry([](Session& session, const Call& call) {
    (void)session.Execute("UPDATE stock SET free = free - 1");
    const auto held = session.Execute("INSERT INTO booking (transaction, state) VALUES (?, 'held')",
                                      {call.transaction});
    if (held) return partner::Done();
    return partner::IsConstraint(held.error()) ? partner::Refused("booked by somebody else")
                                               : partner::Unavailable(held.error().message);
  });
  Query("INSERT INTO booking (transaction, state) VALUES ('" +
        CoordinatorCall(Operation::kTry).key.gtrid.ToHex() + "', 'theirs')");
  for (int i = 0; i < 2; ++i) EXPECT_EQ(Status(Operation::kTry), 409);
  EXPECT_EQ(Free() + Booking(), "20theirs");
  EXPECT_EQ(Causes(), "try=refused");
}

// The business code rolls back to its own savepoint before it refuses.
TEST_P(PartnerCalls, RefuseBehindASavepointOfTheBusinessCode) {
  ServeTry([](Session& session, const Call& call) {
    (void)session.Execute("UPDATE stock SET free = free - 1");
    (void)session.SetSavepoint();
    const auto held = session.Execute("INSERT INTO booking (transaction, state) VALUES (?, 'held')",
                                      {call.transaction});
    if (held) return partner::Done();
    (void)session.ReturnToSavepoint();
    return partner::Refused("booked by somebody else");
  });
  Query("INSERT INTO booking (transaction, state) VALUES ('" +
        CoordinatorCall(Operation::kTry).key.gtrid.ToHex() + "', 'theirs')");
  for (int i = 0; i < 2; ++i) EXPECT_EQ(Status(Operation::kTry), 409);
  EXPECT_EQ(Free() + Booking(), "20theirs") << "writes before the savepoint are undone too";
  EXPECT_EQ(Causes(), "try=refused");
}

std::atomic<int> alarms{0};

TEST_P(PartnerCalls, RaiseAnAlarmWhenConfirmAndCancelContradict) {
  Serve();
  SetLogSink([](LogEvent event, Level, std::initializer_list<Field>) {
    if (event == LogEvent::kAlarm) ++alarms;
  });
  alarms = 0;
  EXPECT_EQ(Status(Operation::kConfirm), 409) << "there was no try";
  EXPECT_EQ(alarms, 1);
  EXPECT_EQ(Causes(), "") << "no row remains";
  EXPECT_EQ(Status(Operation::kTry), 200);
  EXPECT_EQ(Status(Operation::kConfirm), 200);
  EXPECT_EQ(Status(Operation::kCancel), 409);
  EXPECT_EQ(alarms, 2);
  SetLogSink(nullptr);
  EXPECT_EQ(Free() + Booking(), "18booked");
}

TEST_P(PartnerCalls, RunNothingWithoutAValidSignature) {
  Serve(Business(), {.secrets = {partner::kSecret}});
  const auto call = CoordinatorCall(Operation::kTry);
  EXPECT_EQ(Ask(call).status, 401);
  EXPECT_EQ(Ask(call, {partner::kOtherSecret}).status, 401);
  EXPECT_EQ(Free() + Causes(), "20");
  EXPECT_EQ(Ask(call, {partner::kSecret}).status, 200);
  EXPECT_EQ(Free(), "18");
}

TEST_P(PartnerCalls, RefuseOnlyATryForItsDeadline) {
  Serve();
  const auto late = [](Operation operation, uint64_t number) {
    auto call = CoordinatorCall(operation, number);
    call.deadline = SystemClock().Wall() + -seconds(10);
    call.time_left = Duration(0);
    return call;
  };
  const RawAnswer refused = Ask(late(Operation::kTry, 1));
  EXPECT_EQ(refused.status, 409);
  EXPECT_THAT(refused.body, HasSubstr("deadline"));
  EXPECT_EQ(Status(Operation::kTry, 1), 409) << "for good, whatever clock the next attempt sees";
  EXPECT_EQ(Free(), "20");
  for (const auto& [number, last] : {std::pair(2, Operation::kConfirm), {3, Operation::kCancel}}) {
    const auto which = static_cast<uint64_t>(number);
    EXPECT_EQ(Status(Operation::kTry, which), 200);
    EXPECT_EQ(Ask(late(Operation::kTry, which)).status, 200) << "a duplicate, although it is late";
    EXPECT_EQ(Ask(late(last, which)).status, 200);
  }
  EXPECT_EQ(Free(), "18");
}

TEST_P(PartnerCalls, SendAReservationsEndToATryAndToItsDuplicates) {
  partner::Partner business = Business();
  business.expiry = [](Session& session, const Call& call) -> Result<std::optional<WallTime>> {
    const auto rows =
        session.Query("SELECT state FROM booking WHERE transaction = ?", {call.transaction});
    if (!rows) return rows.error();
    EXPECT_EQ(rows->size(), 1u) << "it runs in the same local transaction";
    return ParseTime("2030-01-31T12:00:00Z");
  };
  Serve(business);
  for (int i = 0; i < 2; ++i) {
    const RawAnswer answer = Ask(Operation::kTry);
    EXPECT_EQ(answer.status, 200);
    EXPECT_THAT(answer.head, HasSubstr("\r\nAssent-Expires: 2030-01-31T12:00:00.000Z\r\n"));
  }
  EXPECT_THAT(Ask(Operation::kConfirm).head, Not(HasSubstr("Assent-Expires")));
}

TEST_P(PartnerCalls, AnExceptionAboutTheEndIsAnAnswerToo) {
  partner::Partner business = Business();
  business.expiry = [](Session&, const Call&) -> Result<std::optional<WallTime>> {
    throw std::runtime_error("no calendar");
  };
  Serve(business);
  EXPECT_EQ(Status(Operation::kTry), 500);
  EXPECT_EQ(Free(), "20") << "all of it was rolled back";
  EXPECT_EQ(Status(Operation::kCancel), 200) << "and the server still runs";
}

TEST_P(PartnerCalls, PassTextAndNumbersAndNothing) {
  std::vector<partner::Row> rows;
  ServeTry([&rows](Session& session, const Call& call) {
    const std::string text = call.body + " ’\" ? \\ ☃ 🏨";
    const auto sql = session.vendor() == barrier::Vendor::kMySql
                         ? "SELECT ?, ?, ?, ?"
                         : "SELECT ?::text, ?::bigint, ?::float8, ?::text";
    rows = *session.Query(sql, {text, int64_t{-9223372036854775807}, 0.5, std::monostate{}});
    return partner::Done();
  });
  EXPECT_EQ(Status(Operation::kTry), 200);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0][0], "{\"beds\":2} ’\" ? \\ ☃ 🏨");
  EXPECT_EQ(rows[0][1], "-9223372036854775807");
  ASSERT_TRUE(rows[0][2]);
  EXPECT_EQ(std::stod(*rows[0][2]), 0.5);
  EXPECT_EQ(rows[0][3], std::nullopt);
}

TEST_P(PartnerCalls, RemoveWhatHasEndedForGood) {
  Serve(Business(), {.purge_every = seconds(0)});
  EXPECT_EQ(Status(Operation::kTry, 1), 200);
  EXPECT_EQ(Status(Operation::kConfirm, 1), 200);
  EXPECT_EQ(Status(Operation::kTry, 2), 200);
  EXPECT_EQ(One("SELECT COUNT(*) FROM assent_barrier"), "3");
  (void)Query(std::string("UPDATE assent_barrier SET created_at = created_at - INTERVAL ") +
              (is_mysql() ? "49 HOUR" : "'49 hours'"));
  EXPECT_EQ(Status(Operation::kTry, 4), 200);
  EXPECT_EQ(Status(Operation::kConfirm, 4), 200);
  auto later = CoordinatorCall(Operation::kTry, 3);
  later.horizon = SystemClock().Wall() + hours(48);  // from a wrong clock
  EXPECT_EQ(Ask(later).status, 200);
  // The second and the third have not ended, and the fourth is recent.
  EXPECT_TRUE(Eventually(seconds(20), [&] {
    return One("SELECT COUNT(*) FROM assent_barrier") == "4";
  })) << Causes();
  EXPECT_EQ(Causes(), "confirm=confirm try=try try=try try=try");
}

// Another session locks a row that is to be removed. The answer says that the connection ends, and
// the next call uses another one.
TEST_P(PartnerCalls, WaitForNoRemoval) {
  Serve(Business(), {.purge_every = seconds(0)});
  EXPECT_EQ(Status(Operation::kTry, 1), 200);
  EXPECT_EQ(Status(Operation::kConfirm, 1), 200);
  (void)Query(std::string("UPDATE assent_barrier SET created_at = created_at - INTERVAL ") +
              (is_mysql() ? "49 HOUR" : "'49 hours'"));
  const auto other = OpenerAt()();
  ASSERT_TRUE(other && (*other)->Begin());
  ASSERT_TRUE((*other)->Query("SELECT transaction FROM assent_barrier FOR UPDATE"));
  server::RawClient client(partner_->port());
  client.Send(partner::TextOf(CoordinatorCall(Operation::kTry, 2), "/hotel"));
  EXPECT_THAT(client.Receive().head, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_TRUE(client.IsClosed());
  EXPECT_EQ(Status(Operation::kConfirm, 2), 200);
  EXPECT_EQ(One("SELECT COUNT(*) FROM assent_barrier"), "4") << "the removal still waits";
  (*other)->RollBack();
  EXPECT_TRUE(
      Eventually(seconds(20), [&] { return One("SELECT COUNT(*) FROM assent_barrier") == "2"; }));
}

TEST_P(PartnerCalls, EndARemovalOnRequest) {
  const auto session = OpenerAt()();
  ASSERT_TRUE(session);
  ASSERT_TRUE((*session)->Begin());
  for (uint64_t number = 1; number <= 1500; ++number) {
    ASSERT_TRUE((*session)->Execute(
        "INSERT INTO assent_barrier (transaction, branch, operation, cause, created_at) VALUES "
        "(?, 'hotel', 'confirm', 'confirm', '2020-01-01')",
        {CoordinatorCall(Operation::kTry, number).key.gtrid.ToHex()}));
  }
  ASSERT_TRUE((*session)->Commit());
  const std::string ours = CoordinatorCall(Operation::kTry).key.gtrid.ToHex();
  const auto purge = [&](bool goes_on) {
    return PurgeBarrier(**session, ours, SystemClock().Wall(), [=] { return goes_on; });
  };
  const auto some = purge(false);
  ASSERT_TRUE(some);
  EXPECT_GT(*some, 0u);
  EXPECT_LT(*some, 1500u);
  const auto rest = purge(true);
  ASSERT_TRUE(rest);
  EXPECT_EQ(*some + *rest, 1500u);
}

}  // namespace
}  // namespace assent::test
