// SPDX-License-Identifier: Apache-2.0
// A partner's answers when its database or its business code fails: never 200 for work that is not
// durable, and repeating the same call is enough to recover.
#include <gmock/gmock.h>

#include <latch>
#include <thread>

#include "client/partner/mysql_session.h"
#include "tests/partner/cutting_proxy.h"
#include "tests/partner/hotel_fixture.h"
#include "tests/support/temp.h"

namespace assent::test {
namespace {

using partner::Call;
using partner::Session;
using testing::HasSubstr;

class PartnerTrouble : public Hotel {
 protected:
  enum class Whose { kThisCall, kThePartner };
  // Retry-After holds every call to the partner back.
  void ExpectLater(const RawAnswer& answer, Whose whose, const std::string& why = "") {
    EXPECT_EQ(answer.status, 503) << answer.body;
    EXPECT_EQ(answer.head.find("\r\nRetry-After: 1\r\n") != std::string::npos,
              whose == Whose::kThePartner)
        << answer.head;
    EXPECT_THAT(answer.body, HasSubstr(why));
  }
  // On MariaDB, the user may not write on a read-only server.
  partner::Opener OpenerOfAClerk() {
    Query("CREATE OR REPLACE USER clerk IDENTIFIED BY 'clerk'");
    Query("GRANT ALL ON partner.* TO clerk");
    return partner::MySqlOpener(
        {.url = "tcp://127.0.0.1:" + std::to_string(database().port()) + "/partner",
         .user = "clerk",
         .password = "clerk"});
  }
};
INSTANTIATE_TEST_SUITE_P(All, PartnerTrouble,
                         testing::Values(barrier::Vendor::kMySql, barrier::Vendor::kPostgreSql),
                         VendorName);

// Two tries take the rooms of both nights, in opposite orders.
TEST_P(PartnerTrouble, ADeadlockIsLater) {
  std::latch both_hold(2);
  std::atomic<int> attempts = 0;
  ServeTry([&](Session& session, const Call& call) {
    const bool meets = ++attempts <= 2;
    const int64_t first = call.gid == "trip-1" ? 1 : 2;
    (void)session.Execute("UPDATE stock SET free = free - 1 WHERE night = ?", {first});
    if (meets) both_hold.arrive_and_wait();
    (void)session.Execute("UPDATE stock SET free = free - 1 WHERE night = ?", {3 - first});
    return partner::Done();
  });
  RawAnswer answers[2];
  std::thread other([&] { answers[1] = Ask(Operation::kTry, 2); });
  answers[0] = Ask(Operation::kTry, 1);
  other.join();
  const int lost = answers[0].status == 503 ? 0 : 1;
  ExpectLater(answers[lost], Whose::kThisCall, is_mysql() ? "1213" : "40P01");
  EXPECT_EQ(answers[1 - lost].status, 200);
  EXPECT_EQ(Free(), "18");
  EXPECT_EQ(Status(Operation::kTry, static_cast<uint64_t>(lost) + 1), 200);
  EXPECT_EQ(Free(), "16");
}

TEST_P(PartnerTrouble, ALongWaitForALockIsLater) {
  Serve(Business(), {}, OpenerAt(0, 500));
  const auto other = OpenerAt()();
  ASSERT_TRUE(other && (*other)->Begin());
  ASSERT_TRUE((*other)->Execute("UPDATE stock SET free = free + 0"));
  ExpectLater(Ask(Operation::kTry), Whose::kThisCall, is_mysql() ? "1205" : "55P03");
  (*other)->RollBack();
  EXPECT_EQ(Free() + Causes(), "20");
  EXPECT_EQ(Status(Operation::kTry), 200);
}

TEST_P(PartnerTrouble, ALostConnectionIsLater) {
  std::atomic<int> attempts = 0;
  ServeTry([&](Session& session, const Call& call) {
    const auto outcome = Reserve(session, call);
    if (++attempts > 1) return outcome;
    if (session.vendor() == barrier::Vendor::kMySql) {
      (void)session.Execute("KILL CONNECTION_ID()");
    } else {
      (void)session.Query("SELECT pg_terminate_backend(pg_backend_pid())");
    }
    return outcome;
  });
  ExpectLater(Ask(Operation::kTry), Whose::kThePartner, "not now");
  EXPECT_EQ(Free() + Causes(), "20");
  EXPECT_EQ(Status(Operation::kTry), 200);
  EXPECT_EQ(Free(), "18");
}

TEST_P(PartnerTrouble, ADatabaseThatIsDownIsLaterAndItsRestartCostsNothing) {
  Serve();
  EXPECT_EQ(Status(Operation::kTry), 200);
  ASSERT_TRUE(database().Kill());
  ExpectLater(Ask(Operation::kConfirm), Whose::kThePartner);
  EXPECT_TRUE(database().Running()) << "database() restarts it";
  EXPECT_EQ(Status(Operation::kConfirm), 200);
  ASSERT_TRUE(database().Restart());
  EXPECT_EQ(Status(Operation::kConfirm), 200) << "the kept connection is unusable";
  EXPECT_EQ(Free() + Booking(), "18booked");
}

// After a switchover the kept connections lead to a server that no longer accepts writes. On
// PostgreSQL only the session becomes read-only.
TEST_P(PartnerTrouble, AServerThatHasBecomeReadOnlyIsAskedOverANewConnection) {
  partner::Partner business = Business();
  std::string last;
  business.on_try = [&](Session& session, const Call& call) {
    const auto outcome = Reserve(session, call);
    const auto rows =
        session.Query(is_mysql() ? "SELECT CONNECTION_ID()" : "SELECT pg_backend_pid()");
    if (rows) last = rows->front()[0].value_or("");
    if (!is_mysql() && call.gid == "trip-1") {
      (void)session.Execute("SET default_transaction_read_only = on");
    }
    return outcome;
  };
  Serve(business, {.max_sessions = 1}, is_mysql() ? OpenerOfAClerk() : OpenerAt());
  EXPECT_EQ(Status(Operation::kTry, 1), 200);
  const std::string first = last;
  if (is_mysql()) Query("SET GLOBAL read_only = 1");
  ExpectLater(Ask(Operation::kTry, 2), Whose::kThePartner, is_mysql() ? "1290" : "25006");
  if (is_mysql()) Query("SET GLOBAL read_only = 0");
  EXPECT_EQ(Status(Operation::kTry, 2), 200);
  EXPECT_NE(last, first);
  partner_.reset();
}

// The database commits, but its answer is lost.
TEST_P(PartnerTrouble, ACommitThatIsNotAnsweredIsNotKnown) {
  CuttingProxy proxy(database().port());
  Serve(Business(), {}, OpenerAt(proxy.port()));
  EXPECT_EQ(Status(Operation::kTry, 1), 200) << "through the proxy";
  proxy.CutBehindCommit();
  ExpectLater(Ask(Operation::kTry, 2), Whose::kThePartner, "not known");
  EXPECT_TRUE(proxy.has_cut());
  EXPECT_EQ(Free(), "16") << "it has committed nevertheless";
  EXPECT_EQ(Status(Operation::kTry, 2), 200) << "a duplicate";
  EXPECT_EQ(Free(), "16");
  partner_.reset();
}

TEST_P(PartnerTrouble, AWrongStatementIsAFaultAndLeavesNothing) {
  std::atomic<int> attempts = 0;
  ServeTry([&](Session& session, const Call& call) {
    if (++attempts > 1) return Reserve(session, call);
    (void)session.Execute("UPDATE stock SET free = free - 1");
    (void)session.Execute("UPDATE no_such_table SET free = 0");
    (void)session.Execute("UPDATE stock SET free = free - 1");
    return partner::Done();
  });
  EXPECT_EQ(Status(Operation::kTry), 500);
  EXPECT_EQ(Free() + Causes(), "20");
  EXPECT_EQ(Status(Operation::kTry), 200) << "after the statement is corrected";
}

TEST_P(PartnerTrouble, AnExceptionIsAFaultAndLeavesNothing) {
  std::atomic<int> attempts = 0;
  ServeTry([&](Session& session, const Call& call) {
    const auto outcome = Reserve(session, call);
    if (++attempts == 1) throw std::runtime_error("the business code has thrown");
    return outcome;
  });
  EXPECT_EQ(Status(Operation::kTry), 500);
  EXPECT_EQ(Free() + Causes(), "20");
  EXPECT_EQ(Status(Operation::kTry), 200);
}

TEST_P(PartnerTrouble, WhatIsThrownAndIsNoExceptionIsAFaultToo) {
  partner::Partner business = Business();
  std::atomic<bool> throws = true;
  business.on_try = [&](Session& session, const Call& call) {
    const auto outcome = Reserve(session, call);
    if (throws) throw 7;
    return outcome;
  };
  business.expiry = [](Session&, const Call& call) -> Result<std::optional<WallTime>> {
    if (call.gid == "trip-2") throw "no calendar";
    return std::optional<WallTime>();
  };
  Serve(business);
  EXPECT_EQ(Status(Operation::kTry), 500);
  throws = false;
  EXPECT_EQ(Status(Operation::kTry, 2), 500);
  EXPECT_EQ(Free() + Causes(), "20");
  EXPECT_EQ(Status(Operation::kTry), 200);
}

TEST_P(PartnerTrouble, BusinessCodeThatCannotNowIsLater) {
  std::atomic<int> attempts = 0;
  ServeTry([&](Session& session, const Call& call) {
    const auto outcome = Reserve(session, call);
    return ++attempts == 1 ? partner::Unavailable("closed for lunch", 1) : outcome;
  });
  ExpectLater(Ask(Operation::kTry), Whose::kThePartner, "closed for lunch");
  EXPECT_EQ(Free() + Causes(), "20");
  EXPECT_EQ(Status(Operation::kTry), 200);
}

TEST_P(PartnerTrouble, BusyConnectionsAreLater) {
  std::latch entered(1), released(1);
  std::atomic<int> attempts = 0;
  partner::Partner business = Business();
  business.on_try = [&](Session& session, const Call& call) {
    if (++attempts == 1) {
      entered.count_down();
      released.wait();
    }
    return Reserve(session, call);
  };
  Serve(business, {.max_sessions = 1, .session_patience = std::chrono::milliseconds(50)});
  std::thread first([&] { EXPECT_EQ(Status(Operation::kTry, 1), 200); });
  entered.wait();
  ExpectLater(Ask(Operation::kTry, 2), Whose::kThePartner, "busy");
  released.count_down();
  first.join();
  EXPECT_EQ(Status(Operation::kTry, 2), 200);
}

// If the business code refuses a confirm, nothing of it remains, and each attempt raises an alarm.
TEST_P(PartnerTrouble, ARefusedConfirmIsAskedAgain) {
  std::atomic<bool> has_expired = true;
  partner::Partner business = Business();
  business.on_confirm = [&](Session& session, const Call& call) {
    const auto outcome = Book(session, call);
    return has_expired ? partner::Refused("it has expired") : outcome;
  };
  Serve(business);
  EXPECT_EQ(Status(Operation::kTry), 200);
  EXPECT_EQ(Status(Operation::kConfirm), 409);
  EXPECT_EQ(Booking() + " " + Causes(), "held try=try");
  has_expired = false;
  EXPECT_EQ(Status(Operation::kConfirm), 200);
}

// Duplicated tries and cancels of many transactions at once, on several connections.
TEST_P(PartnerTrouble, CallsAtOnceAddUp) {
  constexpr uint64_t kTransactions = 15;
  Serve(Business(), {.max_sessions = 4});
  Query("UPDATE stock SET free = 1000");
  std::vector<std::thread> threads;
  for (const Operation operation :
       {Operation::kTry, Operation::kCancel, Operation::kTry, Operation::kCancel}) {
    threads.emplace_back([this, operation] {
      for (uint64_t number = 1; number <= kTransactions; ++number) {
        int status = 0;
        do {
          status = Status(operation, number);
        } while (status == 503);
        EXPECT_TRUE(status == 200 || (status == 409 && operation == Operation::kTry)) << status;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Free(), "2000");
  EXPECT_EQ(One("SELECT COUNT(*) FROM booking WHERE state <> 'released'"), "0");
  EXPECT_EQ(One("SELECT COUNT(*) FROM assent_barrier"), std::to_string(2 * kTransactions));
}

}  // namespace
}  // namespace assent::test
