// SPDX-License-Identifier: Apache-2.0
// How the reserved connection behaves after the server has closed it while it was idle (a DBA's
// KILL, wait_timeout, idle_session_timeout): on a real MariaDB and a real PostgreSQL.
#include <gtest/gtest.h>

#include <algorithm>

#include "participants/sql/each_server_fixture.h"
#include "tests/support/temp.h"

namespace assent::sql {
namespace {

constexpr auto kLong = std::chrono::seconds(30);

class IdleClose : public EachServer {
 protected:
  static test::Rows Sessions() {
    return Query(is_mysql()
                     ? "SELECT id FROM information_schema.processlist WHERE user = 'assent'"
                     : "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'assent/%'");
  }
  // The server ends every session of ours; nothing notices as long as they are idle.
  static void CloseAll() {
    const test::Rows before = Sessions();
    ASSERT_FALSE(before.empty());
    for (const auto& row : before) {
      Query(is_mysql() ? "KILL " + row[0] : "SELECT pg_terminate_backend(" + row[0] + ")");
    }
    ASSERT_TRUE(test::Eventually(kLong, [&] {
      const test::Rows now = Sessions();
      return std::none_of(before.begin(), before.end(), [&](const auto& row) {
        return std::find(now.begin(), now.end(), row) != now.end();
      });
    }));
  }
};

TEST_P(IdleClose, InstallReconnects) {
  CloseAll();
  auto installed = db_->Install();
  EXPECT_TRUE(installed) << installed.error().message;
  EXPECT_EQ(Query("SELECT COUNT(*) FROM assent_witness WHERE mark <> 'I'", kDatabase)[0][0], "0");
  CloseAll();
  installed = db_->Install();
  EXPECT_TRUE(installed) << installed.error().message;
  EXPECT_EQ(db_->sink().Changes(), std::vector{xa::Health::kUp}) << "a healthy server";
}

TEST_P(IdleClose, AScanReconnects) {
  ASSERT_TRUE(db_->Install());
  CloseAll();
  const xa::ScanResult scan = db_->Scan();
  EXPECT_TRUE(scan.complete) << scan.error;
}

// The marks of an earlier process are removed only if none of its sessions is left; that check,
// too, reconnects.
TEST_P(IdleClose, ThePurgeOfEarlierIncarnationsReconnects) {
  ASSERT_TRUE(db_->Install());
  const xa::Xid xid = NewXid();
  const std::string key = xid.gtrid_text() + (is_mysql() ? "" : "-") + xid.bqual_text();
  Query("INSERT INTO assent_witness (xid, mark, created_at) VALUES ('" + key + "', 'R', now())",
        kDatabase);
  db_->rm().PurgeWitnessesOf("ASNTTEST", 2, {});
  CloseAll();
  EXPECT_TRUE(test::Eventually(kLong, [&] {
    return Query("SELECT COUNT(*) FROM assent_witness WHERE mark = 'R'", kDatabase)[0][0] == "0";
  }));
}

// A client that is slow over a transaction of one branch: its commit is not sent, so nothing is in
// doubt.
TEST_P(IdleClose, ACommitInOnePhaseThatCouldNotBeSentIsRolledBackAndMayBeTriedAgain) {
  Query("CREATE TABLE IF NOT EXISTS note (id INT PRIMARY KEY)", kDatabase);
  const xa::Xid xid = NewXid();
  ASSERT_EQ(db_->Do(core::Operation::kOpen, xid).code, xa::Code::kOk);
  ASSERT_EQ(db_->Run(xid, "INSERT INTO note VALUES (1)").code, xa::Code::kOk);
  CloseAll();
  const xa::Completion answer = db_->Do(core::Operation::kCommitOnePhase, xid);
  EXPECT_TRUE(xa::IsRollBack(answer.code)) << xa::Name(answer.code);
  EXPECT_EQ(answer.failure.reason, core::Reason::kConnectionLost);
  EXPECT_TRUE(answer.failure.may_retry);
  const xa::Xid next = NewXid();  // the connection is usable again
  ASSERT_EQ(db_->Do(core::Operation::kOpen, next).code, xa::Code::kOk);
  EXPECT_EQ(db_->Run(next, "INSERT INTO note VALUES (1)").code, xa::Code::kOk);
  EXPECT_EQ(db_->Do(core::Operation::kCommitOnePhase, next).code, xa::Code::kOk);
  Query("DROP TABLE note", kDatabase);
}

INSTANTIATE_TEST_SUITE_P(Each, IdleClose,
                         testing::Values(test::MySqlKind(), test::ServerKind::kPostgreSql), NameOf);

}  // namespace
}  // namespace assent::sql
