// SPDX-License-Identifier: Apache-2.0
// Scenario: a transaction is decided but not yet applied everywhere. The server of one branch
// disappears, and another one is at its address: an empty one, an older state of the same server,
// or the same server without the row that identified it. It knows nothing of the branch, and that
// proves nothing: the data may be on neither side. So the outcome is not reported as a plain
// "committed", and the branch is held for the operator.
#include <gtest/gtest.h>

#include <string>

#include "tests/crash/notes_fixture.h"

namespace assent::test {
namespace {

class ReplacedServer : public NotesTest {
 protected:
  // Kills the daemon when both branches are prepared, the decision is in the log, and no commit has
  // been sent. The servers have been scanned before, after writes to their logs.
  void DieDecided() {
    StartDaemon({"ASSENT_CRASH_AT=call-commit.before:3"});
    WriteAndScan();
    EXPECT_EQ(Execute("doubt"), v1::UNDECIDED);
    ASSERT_TRUE(daemon_->Wait(kSoon));
  }
  void HideSystemTables() {
    Do(*first_, "REVOKE ALL PRIVILEGES, GRANT OPTION FROM assent@'%'", "");
    Do(*first_, "GRANT ALL ON notes.* TO assent@'%'", "");
  }
  void ExpectHeld(const std::string& why) {
    EXPECT_TRUE(Eventually(kSoon, [&] { return Get("doubt").outcome() == v1::HAZARD; }))
        << Get("doubt").ShortDebugString();
    EXPECT_TRUE(Eventually(kSoon, [&] {
      return Has(*second_, "doubt") &&
             Contains(daemon_->LogOutput(), "resource-identity-changed resource=first");
    }));
    // The row may be visible before the coordinator has read the answer to the commit.
    v1::Transaction shown;
    EXPECT_TRUE(Eventually(kSoon, [&] {
      shown = Get("doubt");
      return shown.branches_size() == 2 && shown.branches(1).state() == v1::BranchView::COMMITTED;
    })) << shown.ShortDebugString();
    ASSERT_EQ(shown.branches_size(), 2);
    EXPECT_EQ(shown.branches(0).state(), v1::BranchView::HEURISTIC);
    EXPECT_TRUE(Contains(shown.branches(0).detail(), why)) << shown.branches(0).detail();
    // The branch stays held across a restart, and the new server is used.
    daemon_->Kill();
    StartDaemon();
    EXPECT_EQ(Execute("doubt"), v1::HAZARD);
    EXPECT_EQ(Execute("after"), v1::COMMITTED);
    EXPECT_TRUE(Has(*first_, "after"));
    EXPECT_FALSE(Has(*first_, "doubt")) << "it ran again";
  }
};

TEST_F(ReplacedServer, ThatIsEmptyAndHadAWitnessTableIsNoticed) {
  Begin(MySqlKind());
  Install();
  DieDecided();
  TakeOverEmpty();
  StartDaemon();
  ExpectHeld(IsMariaDb() ? "row that identified the server is missing" : "another server");
}

TEST_F(ReplacedServer, ThatIsEmptyIsNoticedWithoutAWitnessTable) {
  Begin(MySqlKind());
  DieDecided();
  TakeOverEmpty();
  StartDaemon();
  ExpectHeld("another server");
}

// The account sees no system table, so only the address identifies the server: an unknown outcome
// is not reported as a success.
TEST_F(ReplacedServer, ThatIsKnownByItsAddressAloneIsNotTrustedAfterARestart) {
  if (!IsMariaDb()) GTEST_SKIP() << "MySQL has an identity of its own, server_uuid";
  Begin(MySqlKind());
  HideSystemTables();
  DieDecided();
  TakeOverEmpty();
  HideSystemTables();
  StartDaemon();
  EXPECT_TRUE(Eventually(kSoon, [&] { return Get("doubt").outcome() == v1::HAZARD; }))
      << Get("doubt").ShortDebugString();
  EXPECT_TRUE(Eventually(kSoon, [&] {
    return Contains(daemon_->LogOutput(), "nothing but its address identifies this server");
  }));
}

TEST_F(ReplacedServer, IsNoticedByARunningDaemon) {
  Begin(MySqlKind());
  Install();
  DieDecided();
  ASSERT_TRUE(first_->Kill());
  StartDaemon();
  EXPECT_TRUE(Eventually(kSoon, [&] { return Has(*second_, "doubt"); }));
  EXPECT_EQ(Get("doubt").state(), v1::Transaction::COMMITTING);
  TakeOverEmpty();
  ExpectHeld(IsMariaDb() ? "row that identified the server is missing" : "another server");
}

// Somebody deletes the identifying row, and finishes the branch by hand.
TEST_F(ReplacedServer, IsAssumedOfAServerThatLostItsRowUntilItGetsANewOne) {
  if (!IsMariaDb()) GTEST_SKIP() << "MySQL has an identity of its own, server_uuid";
  Begin(MySqlKind());
  Install();
  DieDecided();
  const Rows prepared = Do(*first_, "XA RECOVER");
  ASSERT_EQ(prepared.size(), 1u);
  const std::string& data = prepared[0][3];
  Do(*first_, "XA ROLLBACK '" + data.substr(0, 40) + "','" + data.substr(40) + "',1095978580");
  Do(*first_, "DELETE FROM assent_witness WHERE xid >= '~'");
  StartDaemon();
  ExpectHeld("row that identified the server is missing");
  EXPECT_TRUE(Contains(Resource("first").ShortDebugString(), "assent resource install first"))
      << "how to repair it";
  const auto installed = daemon_->NewClient().Install("first");
  ASSERT_TRUE(installed && installed->status == 200);
  EXPECT_FALSE(Contains(Resource("first").ShortDebugString(), "assent resource install first"));
  EXPECT_EQ(Execute("repaired"), v1::COMMITTED);
}

// A server is restored from a copy of its files, as from a backup: identity and rows are the same.
class RestoredServer : public ReplacedServer, public testing::WithParamInterface<ServerKind> {};

TEST_P(RestoredServer, IsKnownByItsLogThatHasGoneBack) {
  Begin(GetParam());
  if (!IsPostgreSql(GetParam())) Install();
  TakeCopy();
  DieDecided();
  RestoreCopy();
  StartDaemon();
  EXPECT_TRUE(Eventually(kSoon, [&] { return Get("doubt").outcome() == v1::HAZARD; }))
      << Get("doubt").ShortDebugString();
  EXPECT_TRUE(Contains(Get("doubt").branches(0).detail(), "older state"))
      << Get("doubt").branches(0).detail();
  EXPECT_TRUE(Eventually(kSoon, [&] { return Has(*second_, "doubt"); }));
  EXPECT_FALSE(Has(*first_, "doubt"));
}

std::string NameOf(const testing::TestParamInfo<ServerKind>& info) {
  return TestNameOf(info.param);
}
INSTANTIATE_TEST_SUITE_P(Of, RestoredServer, testing::Values(MySqlKind(), ServerKind::kPostgreSql),
                         NameOf);

}  // namespace
}  // namespace assent::test
