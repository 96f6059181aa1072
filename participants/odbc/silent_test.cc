// SPDX-License-Identifier: Apache-2.0
// Unresponsive sessions, seen through the whole resource: on a real PostgreSQL with single backends
// stopped.
#include <gmock/gmock.h>
#include <signal.h>

#include "base/random.h"
#include "participants/odbc/testing.h"
#include "participants/sql/resource.h"
#include "participants/sql/testing.h"
#include "tests/support/process.h"

namespace assent::odbc {
namespace {

using core::Operation;
using core::Reason;
using xa::Code;

constexpr auto kLong = std::chrono::seconds(30);

class Silent : public PostgreSqlTest {
 protected:
  static std::unique_ptr<sql::TestDriver> Open(uint32_t pool, uint32_t call_timeout_ms) {
    auto options = OptionsFor(Server().port());
    options.pool = pool;
    options.call_timeout_ms = call_timeout_ms;
    auto db = std::make_unique<sql::TestDriver>(
        sql::MakeSqlResource(options, MakeDriver(options), SystemRandom()));
    EXPECT_TRUE(db->sink().WaitHealth(xa::Health::kUp));
    return db;
  }
  // The backend whose current or last statement contains `text`, once there is one.
  static pid_t BackendOf(const std::string& text, const std::string& state) {
    std::string pid = "(none)";
    EXPECT_TRUE(test::Eventually(kLong, [&] {
      pid = One("SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND state = '" +
                state + "' AND position('" + text + "' in query) > 0");
      return pid != "(none)";
    })) << text;
    return pid == "(none)" ? 0 : std::stoi(pid);
  }
  static bool IsGone(pid_t pid) {
    return One("SELECT count(*) FROM pg_stat_activity WHERE pid = " + std::to_string(pid)) == "0";
  }
};

// A backend hangs in a statement: its cancel and the roll-back after it are answered, but "rolled
// back" only once the session is gone.
TEST_F(Silent, BackendHoldsNeitherTheStatementNorItsRollBack) {
  auto db = Open(1, 3'000);
  const xa::Xid xid = sql::NewXid();
  ASSERT_EQ(db->Do(Operation::kOpen, xid).code, Code::kOk);
  ASSERT_EQ(db->Run(xid, "UPDATE account SET gold = 1 WHERE id = 1").code, Code::kOk);
  const uint64_t run = db->PostRun(xid, {Sql("SELECT pg_sleep(600)")});
  const pid_t backend = BackendOf("pg_sleep(600)", "active");
  ASSERT_NE(backend, 0);
  ASSERT_TRUE(test::Freeze(backend));
  db->rm().Cancel(xid);
  xa::Call roll_back;
  roll_back.operation = Operation::kRollBack;
  roll_back.xid = xid;
  const uint64_t undo = db->Submit(roll_back);
  const auto ran = db->sink().Wait(run, kLong);
  const auto undone = db->sink().Wait(undo, kLong);
  const auto again = db->RollBackActive(xid);
  ASSERT_EQ(kill(backend, SIGCONT), 0);
  ASSERT_TRUE(ran && undone);
  EXPECT_EQ(ran->code, Code::kRbCommFail);
  EXPECT_EQ(ran->failure.reason, Reason::kDeadline);
  EXPECT_EQ(undone->code, Code::kErRmFail);
  EXPECT_EQ(again.code, Code::kErRmFail);
  EXPECT_TRUE(test::Eventually(kLong, [&] { return db->RollBackActive(xid).code == Code::kOk; }));
  EXPECT_TRUE(IsGone(backend));
  EXPECT_EQ(Gold(1), "100");
  // The only connection of the pool is usable for the next branch.
  const xa::Xid next = sql::NewXid();
  ASSERT_EQ(db->Do(Operation::kOpen, next).code, Code::kOk);
  EXPECT_EQ(db->Run(next, "UPDATE account SET gold = 2 WHERE id = 1").code, Code::kOk);
  EXPECT_EQ(db->Do(Operation::kCommitOnePhase, next).code, Code::kOk);
  EXPECT_EQ(Gold(1), "2");
  EXPECT_EQ(db->rm().Status().in_use, 0u);
}

TEST_F(Silent, BackendOfTheControlConnectionHoldsNoCancel) {
  auto db = Open(1, 60'000);
  const pid_t control = BackendOf("max_prepared_transactions", "idle");
  ASSERT_NE(control, 0);
  ASSERT_TRUE(test::Freeze(control));
  std::atomic<bool> scanned{false};
  db->rm().Scan({}, [&](const xa::ScanResult&) { scanned = true; });
  const xa::Xid xid = sql::NewXid();
  ASSERT_EQ(db->Do(Operation::kOpen, xid).code, Code::kOk);
  const uint64_t run = db->PostRun(xid, {Sql("SELECT pg_sleep(600)")});
  ASSERT_NE(BackendOf("pg_sleep(600)", "active"), 0);
  db->rm().Cancel(xid);
  const auto ran = db->sink().Wait(run, kLong);
  EXPECT_FALSE(scanned);
  ASSERT_EQ(kill(control, SIGCONT), 0);
  ASSERT_TRUE(ran);
  EXPECT_EQ(ran->code, Code::kRbOther) << "cancelled, not severed: the session is alive";
  EXPECT_EQ(ran->failure.reason, Reason::kDeadline);
  EXPECT_EQ(db->RollBackActive(xid).code, Code::kOk);
  EXPECT_TRUE(test::Eventually(kLong, [&] { return scanned.load(); }));
}

}  // namespace
}  // namespace assent::odbc
